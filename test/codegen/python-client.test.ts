import t from 'tap'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer, type WebSocket } from 'ws'
import { emitPython } from '../../lib/codegen/python.js'
import { readModel } from '../../lib/codegen/model.js'
import { chat } from '../client/contracts.js'
import { type ChatServer, type ChatServerOptions, chatServer, spawnChatServer } from '../helpers/client-server.js'
import { stopChild } from '../helpers/child.js'
import { freePort } from '../helpers/ports.js'
import { type PythonChild, skipWithoutPython, startPython } from '../helpers/python.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// The generated client in a process of its own against the plugin itself.

const skip = skipWithoutPython()
const folder = mkdtempSync(join(tmpdir(), 'wsg-python-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
for (const { path, text } of emitPython(readModel(chat))) writeFileSync(join(folder, path), text)

/** Settings of test/helpers/python/session.py. */
interface Settings {
  readonly constants?: { readonly [name: string]: unknown }
  readonly auth?: boolean
  readonly retry?: boolean
  readonly recordSleep?: boolean
}

const QUICK = { _BACKOFF: 0.05, _RATE: 1e6, _BURST: 1e6 }

function session (t: Teardown, port: number, settings: Settings = {}): PythonChild {
  const { constants, ...rest } = settings
  const all = { ...rest, origin: `http://localhost:${port}`, constants: { ...QUICK, ...constants } }
  return startPython(t, 'session.py', [folder, `ws://localhost:${port}/rooms/:room`, JSON.stringify(all)])
}

async function served (t: Teardown, options?: ChatServerOptions): Promise<ChatServer> {
  const server = await chatServer(options)
  t.teardown(() => server.app.close())
  return server
}

/** A server of another kind: it is told each socket that was opened. */
async function raw (t: Teardown, onSocket: (socket: WebSocket) => void): Promise<{ readonly port: number, readonly opened: () => number }> {
  let opened = 0
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', socket => {
    opened++
    onSocket(socket)
  })
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, opened: () => opened }
}

t.test('messages, events, calls and their errors', { skip }, async t => {
  const { port, said } = await served(t)
  const chat = session(t, port)
  chat.tell({ send: 'say', data: { text: 'grüß 😀' } })
  await chat.take({ sent: true })
  await chat.take({ said: { from: 'somebody', text: 'grüß 😀' } })
  await chat.take({ event: 'grüß 😀' })
  t.same(said, ['grüß 😀'])
  chat.tell({ call: 'history', data: { limit: 5 } })
  await chat.take({ reply: [{ from: 'somebody', text: 'grüß 😀' }] })
  chat.tell({ call: 'history', data: { limit: 100 } })
  t.match(await chat.take({ failed: 'too_far' }), { data: { oldest: 7 }, type: 'history' })
  chat.tell({ call: 'history', data: { limit: 101 } })
  await chat.take({ failed: 'invalid_message' })
  chat.tell({ send: 'say', data: { text: '' } })
  t.match(await chat.take({ error: 'invalid_message' }), { type: 'say' }, 'the refusal names its message')
  chat.tell({ call: 'add', data: { n: -1 }, timeout: 0.05 })
  await chat.take({ failed: 'timeout' })
  chat.tell({ call: 'add', data: { n: 1 } })
  await chat.take({ reply: 2 })
  chat.end()
  await chat.take({ state: 'closed', code: 1000 })
  await chat.take({ ended: true })
})

t.test('4401 renews the token once, then it is the end', { skip }, async t => {
  const renewed = await served(t, { accepts: token => token === 'new' })
  const chat = session(t, renewed.port, { auth: true })
  await chat.take({ auth: false })
  await chat.take({ auth: true })
  await chat.take({ state: 'open' })
  const refusing = await served(t, { accepts: () => false })
  const other = session(t, refusing.port, { auth: true })
  await other.take({ auth: true })
  await other.take({ state: 'closed', code: 4401 })
  t.equal(other.lines.filter(line => 'auth' in line).length, 2)
})

t.test('a server killed and back: calls under way fail, what waits is sent, listeners stay', { skip }, async t => {
  const port = await freePort()
  const first = await spawnChatServer(port)
  const chat = session(t, port)
  await chat.take({ state: 'open' })
  chat.tell({ call: 'add', data: { n: -1 } })
  chat.tell({ call: 'add', data: { n: 1 } })
  await chat.take({ reply: 2 })
  first.kill('SIGKILL')
  await chat.take({ failed: 'disconnected' })
  await chat.take({ state: 'waiting' })
  chat.tell({ send: 'say', data: { text: 'later' } })
  await chat.take({ sent: true })
  const second = await spawnChatServer(port)
  t.teardown(() => stopChild(second))
  await chat.take({ event: 'later' })
})

t.test('a path that went dead is found and left', { skip }, async t => {
  let pings = 0
  const { port, opened } = await raw(t, socket => socket.on('message', data => { if (String(data) === '{"type":"$ping"}') pings++ }))
  const chat = session(t, port, { constants: { _BEAT: 0.05, _PATIENCE: 0.05 } })
  await chat.take({ state: 'waiting', code: 1006 })
  await until(() => opened() > 1)
  t.ok(pings > 0)
})

t.test('an answer to $ping keeps it', { skip }, async t => {
  let pings = 0
  const { port, opened } = await raw(t, socket => socket.on('message', () => {
    pings++
    socket.send('{"type":"$pong"}')
  }))
  session(t, port, { constants: { _BEAT: 0.05 } })
  await until(() => pings > 3)
  t.equal(opened(), 1)
})

t.test('waits grow though each connection was admitted, up to the longest', { skip }, async t => {
  const { port } = await raw(t, socket => socket.close(1000))
  const chat = session(t, port, { constants: { _BACKOFF: 0.5 }, recordSleep: true })
  const sleeps = (): unknown[] => chat.lines.flatMap(line => 'sleep' in line ? [line['sleep']] : [])
  await until(() => sleeps().length >= 8, 20_000)
  t.same(sleeps().slice(0, 8), [0.5, 1, 2, 4, 8, 16, 20, 20])
})

t.test('a connection that lasted begins with the first wait again', { skip }, async t => {
  const { port } = await raw(t, socket => socket.close(1000))
  const chat = session(t, port, { constants: { _BACKOFF: 0.5, _MIN_UPTIME: 0 }, recordSleep: true })
  const sleeps = (): unknown[] => chat.lines.flatMap(line => 'sleep' in line ? [line['sleep']] : [])
  await until(() => sleeps().length >= 3, 20_000)
  t.same(sleeps().slice(0, 3), [0.5, 0.5, 0.5])
})

for (const [code, isRetried] of [[1001, true], [1008, false], [1011, true], [4400, false], [4408, true], [4426, false], [4499, false], [3000, true]] as const) {
  t.test(`close code ${code} ${isRetried ? 'is tried again' : 'is the end'}, and the application may say otherwise`, { skip }, async t => {
    const { port, opened } = await raw(t, socket => socket.close(code))
    const chat = session(t, port)
    await chat.take({ state: isRetried ? 'waiting' : 'closed', code })
    if (isRetried) return
    t.equal(opened(), 1)
    chat.end()
    const other = await raw(t, socket => socket.close(code))
    const stubborn = session(t, other.port, { retry: true })
    await stubborn.take({ state: 'waiting', code })
  })
}

t.test('frames that are no envelope are an error event, and nothing ends', { skip }, async t => {
  const { port } = await raw(t, socket => {
    for (const frame of ['nope', '[]', '{"id":99,"data":1}', '{"type":7}', '{"type":"$later"}', '{"type":"other","data":1}']) socket.send(frame)
    socket.send('{"type":"said","data":{"from":"x","text":"still there"}}')
  })
  const chat = session(t, port)
  await chat.take({ error: 'bad_message' })
  await chat.take({ event: 'still there' })
})

t.test('the server paces the sender, and the sender is within its pace from the start', { skip }, async t => {
  const { port, said } = await served(t, { guard: { messages: { rate: 50, burst: 5 } } })
  const chat = session(t, port, { constants: { _RATE: 45, _BURST: 4 } })
  for (let i = 0; i < 15; i++) chat.tell({ send: 'say', data: { text: String(i) } })
  await chat.take({ event: '14' })
  t.equal(said.length, 15)
  t.same(chat.lines.filter(line => 'error' in line), [])
})
