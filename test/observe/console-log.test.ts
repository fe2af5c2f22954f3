import t from 'tap'
import { consoleLog } from '../../lib/observe/console-log.js'

function written (): { lines: string[], log: ReturnType<typeof consoleLog> } {
  const lines: string[] = []
  return { lines, log: consoleLog(line => { lines.push(line) }) }
}

t.test('a refusal is one line: what, which code, where, and what to write', async t => {
  const { lines, log } = written()
  log.warn({ event: 'x', statusCode: 403, code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', route: '/ws', ip: '::1', value: 'http://a', advice: "add 'http://a' to origins" }, 'WebSocket handshake refused')
  log.info({ code: 'WSG_ERR_ROUTE_NOT_FOUND', count: 3 }, 'WebSocket handshakes refused, repeated')
  t.same(lines, [
    "fastify-ws-guard: WebSocket handshake refused (403, WSG_ERR_ORIGIN_NOT_ALLOWED, /ws, ::1, http://a): add 'http://a' to origins",
    'fastify-ws-guard: WebSocket handshakes refused, repeated (WSG_ERR_ROUTE_NOT_FOUND), 3 times',
  ])
})

t.test('what the advice begins with is said once', t => {
  const { lines, log } = written()
  log.warn({ code: 'X', value: 'session: expected an identity', advice: 'session: expected an identity; return one' }, 'refused')
  t.same(lines, ['fastify-ws-guard: refused (X): session: expected an identity; return one'])
  t.end()
})

t.test('what is of no concern is not written', async t => {
  const { lines, log } = written()
  log.info({ code: 1001 }, 'a WebSocket was closed')
  log.debug({ code: 'x' }, 'a WebSocket was opened')
  t.same(lines, [])
})

t.test('what was thrown is there with its stack, whatever it is', async t => {
  const { lines, log } = written()
  log.error({ err: new Error('nobody home') }, 'a WebSocket handler failed')
  log.error({ err: 'text' }, 'failed')
  log.error({ err: Object.assign(Object.create(null), {}) }, 'failed')
  t.match(lines[0], /^fastify-ws-guard: a WebSocket handler failed\nError: nobody home\n +at /)
  t.match(lines[1], /\ntext$/)
  t.match(lines[2], /can't be read$/)
})

t.test('what a peer chose can not forge a line', async t => {
  const { lines, log } = written()
  log.warn({ code: 'X', value: 'a\nfastify-ws-guard: all is well' }, 'refused')
  t.same(lines, ['fastify-ws-guard: refused (X, a\\u000afastify-ws-guard: all is well)'])
})
