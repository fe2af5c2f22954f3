import t from 'tap'
import { execFileSync } from 'node:child_process'
import { createClient, envelope, eventsOf, urlOf } from '../lib/explained-client.js'
import type { chat } from './client/contracts.js'
import { bundled } from './helpers/page.js'
import { fakeSockets } from './helpers/fake-websocket.js'
import { ROOT } from './helpers/sources.js'

const { WebSocket } = fakeSockets()
const url = 'ws://h/rooms/lobby'
const said = (message: string | RegExp): { name: string, code: string, message: string | RegExp } => ({ name: 'ClientError', code: 'unknown_option', message })

t.test('the error says which name was meant', async t => {
  const made = (more: object) => (): unknown => createClient<typeof chat>({ url, WebSocket, ...more })
  t.throws(made({ quue: 3 }), said(/^createClient: expected .*, got "quue"; did you mean "queue"\?$/))
  t.throws(made({ max_backoff: 3 }), said(/; did you mean "maxBackoff"\?$/))
  t.throws(made({ params: {} }), said('createClient: expected params in the url, got it beside; write url: urlOf(…, { params })'))
  t.throws(made({ pace: { brust: 1 } }), said('createClient: pace: expected rate, burst, got "brust"; did you mean "burst"?'))
  const client = createClient<typeof chat>({ url, WebSocket, pace: { rate: 1 } })
  t.throws(() => client.calls.history({ limit: 1 }, { timout: 5 } as never), said('calls.history: expected timeout, signal, got "timout"; did you mean "timeout"?'))
  t.throws(() => client.listen('clsoed' as never, () => {}), said(/^listen: .*did you mean "closed"\?$/))
  t.throws(() => eventsOf(client).said({ bufer: 5 } as never), said(/^eventsOf\.said: .*did you mean "buffer"\?$/))
  t.throws(() => urlOf('/rooms/:room', { parms: {} } as never), said('urlOf: expected params, query, got "parms"; did you mean "params"?'))
  t.throws(() => envelope({ tpye: 'event' } as never), said(/^envelope: .*did you mean "type"\?$/))
  client.close()
})

t.test('a url whose names have no value is told at once, and not with each attempt', async t => {
  for (const url of ['/rooms/:room', 'ws://h:8080/rooms/:room', new URL('ws://h/rooms/:room')]) {
    t.throws(() => createClient<typeof chat>({ url, WebSocket }), {
      code: 'connect_failed', message: /^createClient: url: expected a value for ":room"; write urlOf\(".*\/rooms\/:room", \{ params: \{ room \} \}\)$/,
    })
  }
  for (const url of ['ws://h:8080/rooms/lobby', 'ws://[::1]:80/', () => '/rooms/:room']) createClient<typeof chat>({ url, WebSocket }).close()
})

t.test('else it is the same client', async t => {
  const client = createClient<typeof chat>({ url, WebSocket })
  t.equal(client.calls.history, client.calls.history, 'methods stay the same functions')
  const states: string[] = []
  client.listen('state', ({ state }) => states.push(state))
  const call = client.calls.history({ limit: 1 }, { timeout: 50 })
  t.equal(client.state, 'connecting')
  client.close()
  await t.rejects(call, { code: 'closed' })
  t.same([states, client.state], [['connecting', 'closed'], 'closed'])
})

const PROGRAM = `
import { createClient } from 'fastify-ws-guard/client'
try { createClient({ url: '/', quue: 3 }) } catch (error) { console.log(error.message) }
`

t.test('Node.js has it, and a page under development; a page in production says just the name', async t => {
  const run = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }).trim()
  t.match(run('--input-type=module', '-e', PROGRAM), /did you mean "queue"/)
  t.match(run('--input-type=commonjs', '-e', PROGRAM.replace(/import (.*) from (.*)/, 'const $1 = require($2)')), /did you mean "queue"/)
  const page = (...options: string[]): string => run('--input-type=module', '-e', bundled('build/test/client/misspelt-page.js', '--tsconfig-raw={}', ...options))
  t.match(page('--conditions=development'), /did you mean "queue"/)
  t.equal(page(), 'quue')
})
