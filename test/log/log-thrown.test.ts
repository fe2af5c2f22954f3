import Fastify from 'fastify'
import t from 'tap'
import { logThrown, safeThrown } from '../../lib/log/log-thrown.js'

t.test('what was thrown is logged, or the line without it where it can not be read', async t => {
  const lines: object[] = []
  const write = (record: object): void => {
    const { err } = record as { err?: { message: string } }
    if (err !== undefined) void err.message
    lines.push(record)
  }
  const log = { error: write, warn: write, info: write }
  const boom = new Error('boom')
  logThrown(log, 'warn', { event: 'x' }, boom, 'words')
  logThrown(log, 'warn', { event: 'x' }, { get message (): never { throw boom } }, 'words')
  t.same(lines, [{ event: 'x', err: boom }, { event: 'x' }])
})

const PEER = '\u001b[2J\u202e\u009b31m\nFAKE log line\n    at forged (/etc/passwd:1:1)\r\nend'
// eslint-disable-next-line no-control-regex
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/
const SAFE = '\\u001b[2J\\u202e\\u009b31m\n    | FAKE log line\n    |     at forged (/etc/passwd:1:1)\n    | end'

t.test('G10 what a peer can put into a message neither disturbs nor forges a line; the stack stays readable', async t => {
  class NoRoom extends Error {
    readonly status = 404
  }
  const thrown = new NoRoom(`no room ${PEER}`)
  const safe = safeThrown(thrown) as NoRoom
  t.ok(safe instanceof NoRoom)
  t.equal(safe.status, 404)
  t.equal(safe.message, `no room ${SAFE}`)
  t.notMatch(safe.stack, RAW)
  t.match(safe.stack, /^Error: no room .*\n {4}\| FAKE log line\n {4}\| {5}at forged .*\n {4}\| end\n {4}at .*log-thrown\.test/)
  t.same(safe.stack?.split('\n').slice(4), thrown.stack?.split('\n').slice(4), 'its frames as they are')
  t.equal(thrown.message, `no room ${PEER}`, 'the error itself is not changed')
})

t.test('what is harmless is logged as it is', async t => {
  const thrown = new Error('database is on fire', { cause: new Error('ä漢') })
  t.equal(safeThrown(thrown), thrown)
  t.equal(safeThrown(undefined), undefined)
  t.equal(safeThrown('text'), 'text')
  const plain = { code: 1 }
  t.equal(safeThrown(plain), plain)
})

t.test('texts, causes, several errors and errors that are none are escaped as well', async t => {
  t.equal(safeThrown(PEER), SAFE)
  const all = safeThrown(new AggregateError([new Error(PEER), 'x', PEER], 'all', { cause: new Error(PEER) })) as AggregateError
  t.equal((all.cause as Error).message, SAFE)
  t.same([(all.errors[0] as Error).message, ...all.errors.slice(1) as unknown[]], [SAFE, 'x', SAFE])
  const fields = safeThrown(Object.assign(new Error('unique'), { detail: PEER, name: PEER })) as Error & { detail: string }
  t.same([fields.detail, fields.name], [SAFE, SAFE])
  t.ok(Object.keys(fields).includes('detail'))
  t.same((safeThrown({ message: PEER, status: 4 }) as Error).message, SAFE)
  const changed = Object.assign(new Error(PEER), { message: 'other' })
  t.notMatch((safeThrown(changed) as Error).stack, RAW)
  t.notMatch((safeThrown(changed) as Error).stack, /\nFAKE/)
  const round: Error & { cause?: unknown } = new Error(PEER)
  round.cause = round
  t.equal((safeThrown(round) as Error).message, SAFE, 'one that is its own cause')
})

t.test('what hangs on an error is left out: a command with the key of a session, a request with its headers', async t => {
  const thrown = Object.assign(new Error('LOADING Redis is loading the dataset in memory'), {
    code: 'LOADING', command: { name: 'get', args: ['sess:SECRET'] }, config: { headers: { authorization: 'Bearer SECRET' } },
  })
  const lines: string[] = []
  const { log } = Fastify({ logger: { stream: { write: line => { lines.push(line) } } } })
  logThrown(log, 'error', { event: 'x' }, thrown, 'words')
  logThrown(log, 'error', { event: 'x' }, new Error('down', { cause: thrown }), 'words')
  t.match(lines[0], /LOADING Redis.*"code":"LOADING"/)
  for (const line of lines) t.notMatch(line, /SECRET/)
  t.equal(thrown.command.args[0], 'sess:SECRET', 'the error itself is not changed')
})
