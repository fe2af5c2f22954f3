import t from 'tap'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer, type WebSocket } from 'ws'
import { emitPython } from '../../lib/codegen/python.js'
import { readModel } from '../../lib/model/model.js'
import { chat } from '../client/contracts.js'
import { type ChatServer, type ChatServerOptions, chatServer, spawnChatServer } from '../helpers/client-server.js'
import { stopChild } from '../helpers/child.js'
import { tokenAuth } from '../../lib/index.js'
import { freePort } from '../helpers/ports.js'
import { latest, PACKAGED, type PythonChild, type PythonSetup, skipWithoutPython, startPython } from '../helpers/python.js'
import type { Teardown } from '../helpers/teardown.js'
import { later } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

// The generated client in a process of its own against the plugin itself.

const skip = skipWithoutPython()
const folder = mkdtempSync(join(tmpdir(), 'wsg-python-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
for (const { path, text } of emitPython(readModel(chat))) writeFileSync(join(folder, path), text)

type Tap = Pick<typeof t, 'comment' | 'test'>

/** Settings of test/helpers/python/session.py. */
interface Settings {
  readonly constants?: { readonly [name: string]: unknown }
  readonly auth?: boolean
  readonly carrier?: 'bearer' | 'ticket' | 'message'
  readonly retry?: boolean
  readonly offline?: { readonly [type: string]: 'queue' | 'drop' }
  readonly idempotent?: readonly string[]
  /** A payload that the application's check refuses. */
  readonly unfit?: unknown
  readonly recordSleep?: boolean
  readonly rate?: number
  readonly burst?: number
}

const QUICK = { _BACKOFF: 0.05, _RATE: 1e6, _BURST: 1e6 }

function session (t: Teardown, python: PythonSetup, port: number, settings: Settings = {}): PythonChild {
  const { constants, ...rest } = settings
  const all = { ...rest, origin: `http://localhost:${port}`, constants: { ...QUICK, ...constants } }
  return startPython(t, 'session.py', [folder, `ws://localhost:${port}/rooms/:room`, JSON.stringify(all)], python)
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

t.test('with the packaged websockets', { skip }, t => clientTests(t, PACKAGED))

t.test('with the current websockets', { skip }, async t => {
  const python = await latest(t, 'websockets')
  if (typeof python === 'string') t.pass(`skipped: ${python}`)
  else await clientTests(t, python)
})

async function clientTests (t: Tap, python: PythonSetup): Promise<void> {
  t.comment(python.name)

  t.test('messages, events, calls and their errors', async t => {
    const { port, said } = await served(t)
    const chat = session(t, python, port)
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

  t.test('4401 renews the token once, then it is the end', async t => {
    const renewed = await served(t, { accepts: token => token === 'new' })
    const chat = session(t, python, renewed.port, { auth: true })
    await chat.take({ auth: false })
    await chat.take({ auth: true })
    await chat.take({ state: 'open' })
    const refusing = await served(t, { accepts: () => false })
    const other = session(t, python, refusing.port, { auth: true })
    other.tell({ call: 'history', data: { limit: 5 } })
    await other.take({ auth: true })
    await other.take({ state: 'closed', code: 4401 })
    t.match(await other.take({ failed: 'closed' }), { cause: /^(?:ConnectionClosed|InvalidStatus)/ }, 'and the call says why')
    t.equal(other.lines.filter(line => 'auth' in line).length, 2)
  })

  t.test('a server killed and back: calls under way fail, what waits is sent, listeners stay', async t => {
    const port = await freePort()
    const first = await spawnChatServer(port)
    const chat = session(t, python, port)
    await chat.take({ state: 'open' })
    chat.tell({ call: 'add', data: { n: -1 } })
    chat.tell({ call: 'add', data: { n: 1 } })
    await chat.take({ reply: 2 })
    first.kill('SIGKILL')
    t.match(await chat.take({ failed: 'disconnected' }), { cause: /^ConnectionClosed/ })
    await chat.take({ state: 'waiting' })
    chat.tell({ send: 'say', data: { text: 'later' } })
    await chat.take({ sent: true })
    const second = await spawnChatServer(port)
    t.teardown(() => stopChild(second))
    await chat.take({ event: 'later' })
  })

  t.test('a path that went dead is found and left', async t => {
    let pings = 0
    const { port, opened } = await raw(t, socket => socket.on('message', data => { if (String(data) === '{"type":"$ping"}') pings++ }))
    const chat = session(t, python, port, { constants: { _BEAT: 0.05, _PATIENCE: 0.05 } })
    await chat.take({ state: 'waiting', code: 1006 })
    await until(() => opened() > 1)
    t.ok(pings > 0)
  })

  t.test('an answer to $ping keeps it', async t => {
    let pings = 0
    const { port, opened } = await raw(t, socket => socket.on('message', () => {
      pings++
      socket.send('{"type":"$pong"}')
    }))
    session(t, python, port, { constants: { _BEAT: 0.05 } })
    await until(() => pings > 3)
    t.equal(opened(), 1)
  })

  t.test('waits grow though each connection was admitted, up to the longest', async t => {
    const { port } = await raw(t, socket => socket.close(1000))
    const chat = session(t, python, port, { constants: { _BACKOFF: 0.5 }, recordSleep: true })
    const sleeps = (): unknown[] => chat.lines.flatMap(line => 'sleep' in line ? [line['sleep']] : [])
    await until(() => sleeps().length >= 8)
    t.same(sleeps().slice(0, 8), [0.5, 1, 2, 4, 8, 16, 20, 20])
  })

  t.test('a connection that lasted begins with the first wait again', async t => {
    const { port } = await raw(t, socket => socket.close(1000))
    const chat = session(t, python, port, { constants: { _BACKOFF: 0.5, _MIN_UPTIME: 0 }, recordSleep: true })
    const sleeps = (): unknown[] => chat.lines.flatMap(line => 'sleep' in line ? [line['sleep']] : [])
    await until(() => sleeps().length >= 3)
    t.same(sleeps().slice(0, 3), [0.5, 0.5, 0.5])
  })

  for (const [code, isRetried] of [[1001, true], [1008, false], [1011, true], [4400, false], [4408, true], [4426, false], [4499, false], [3000, true]] as const) {
    t.test(`close code ${code} ${isRetried ? 'is tried again' : 'is the end'}, and the application may say otherwise`, async t => {
      const { port, opened } = await raw(t, socket => socket.close(code))
      const chat = session(t, python, port)
      await chat.take({ state: isRetried ? 'waiting' : 'closed', code })
      if (isRetried) return
      t.equal(opened(), 1)
      chat.end()
      const other = await raw(t, socket => socket.close(code))
      const stubborn = session(t, python, other.port, { retry: true })
      await stubborn.take({ state: 'waiting', code })
    })
  }

  t.test('frames that are no envelope are an error event, and nothing ends', async t => {
    const { port } = await raw(t, socket => {
      for (const frame of ['nope', '[]', '{"id":99,"data":1}', '{"type":7}', '{"type":"$later"}', '{"type":"other","data":1}']) socket.send(frame)
      socket.send('{"type":"said","data":{"from":"x","text":"still there"}}')
    })
    const chat = session(t, python, port)
    await chat.take({ error: 'bad_message' })
    await chat.take({ event: 'still there' })
  })

  t.test('the server paces the sender, and the sender is within its pace from the start', async t => {
    const { port, said } = await served(t, { guard: { messages: { rate: 50, burst: 5 } } })
    const chat = session(t, python, port, { constants: { _RATE: 45, _BURST: 4 } })
    for (let i = 0; i < 15; i++) chat.tell({ send: 'say', data: { text: String(i) } })
    await chat.take({ event: '14' })
    t.equal(said.length, 15)
    t.same(chat.lines.filter(line => 'error' in line), [])
  })

  t.test('a token that is refused at the handshake is renewed; what waited is not lost, and no event', async t => {
    const { port, said } = await served(t, { accepts: token => token === 'new' })
    const chat = session(t, python, port, { auth: true })
    chat.tell({ send: 'say', data: { text: 'first' } })
    await chat.take({ event: 'first' })
    t.same(said, ['first'])
    t.same(chat.lines.filter(line => 'state' in line).map(line => line['state']), ['connecting', 'waiting', 'connecting', 'open'])
    t.same(chat.lines.filter(line => 'error' in line), [])
  })

  for (const carrier of ['bearer', 'message'] as const) {
    t.test(`a token is renewed over the open connection, before it ends: ${carrier}`, async t => {
      const { port, opened, said } = await served(t, { auth: tokenAuth({ verify: token => token === 'old' ? { id: 'ada', expires: later(3000) } : null }) })
      const chat = session(t, python, port, { auth: true, carrier })
      chat.tell({ send: 'say', data: { text: 'first' } })
      for (let count = 0; count < 3; count++) await chat.take({ auth: false })
      await chat.take({ event: 'first' })
      t.same([opened(), said], [1, ['first']])
      t.same(chat.lines.filter(line => 'state' in line).map(line => line['state']), ['connecting', 'open'])
    })
  }

  t.test('a first message that is refused is sent with another token, and three are the end', async t => {
    const renewed = await served(t, { auth: tokenAuth({ verify: token => token === 'new' ? { id: 'ada', expires: later(60_000) } : null }) })
    const chat = session(t, python, renewed.port, { auth: true, carrier: 'message' })
    await chat.take({ auth: false })
    await chat.take({ auth: true })
    await chat.take({ state: 'open' })
    const refusing = await served(t, { auth: tokenAuth({ verify: () => null }) })
    const other = session(t, python, refusing.port, { auth: true, carrier: 'message' })
    await other.take({ state: 'closed', code: 4401 })
    t.equal(refusing.opened(), 0)
  })

  t.test('calls that may be made twice are made again after a drop', async t => {
    const port = await freePort()
    const first = await spawnChatServer(port)
    const chat = session(t, python, port, { idempotent: ['add'] })
    await chat.take({ state: 'open' })
    chat.tell({ call: 'add', data: { n: -1 }, timeout: 10 })
    chat.tell({ call: 'history', data: { limit: 5 } })
    await chat.take({ reply: [] })
    first.kill('SIGKILL')
    await chat.take({ state: 'waiting' })
    const second = await chatServer({ port })
    t.teardown(() => second.app.close())
    await until(() => second.added.length === 1)
    t.same(second.added, [-1])
    t.same(chat.lines.filter(line => 'failed' in line), [])
    chat.end()
    t.match(await chat.take({ failed: 'closed' }), { cause: null }, 'by the program itself')
  })

  t.test('what is worthless later is dropped while there is no connection', async t => {
    const { port } = await raw(t, socket => socket.on('message', () => socket.close(1001)))
    const chat = session(t, python, port, { offline: { say: 'drop' }, constants: { _BACKOFF: 1000 } })
    chat.tell({ send: 'say', data: { text: 'too early' } })
    await chat.take({ sent: false })
    await chat.take({ state: 'open' })
    chat.tell({ send: 'say', data: { text: 'a' } })
    await chat.take({ sent: true })
    await chat.take({ state: 'waiting' })
    chat.tell({ send: 'say', data: { text: 'b' } })
    await chat.take({ sent: false })
    chat.tell({ send: 'typing', data: {} })
    await chat.take({ sent: true })
  })

  t.test('a message that was dropped is not sent on the next connection', async t => {
    const heard: string[] = []
    let sockets = 0
    const { port } = await raw(t, socket => {
      const number = ++sockets
      socket.on('message', data => {
        heard.push(`${number} ${(JSON.parse(String(data)) as { type: string }).type}`)
        if (number === 1) socket.close(1001)
      })
    })
    const chat = session(t, python, port, { offline: { say: 'drop' }, constants: { _RATE: 5, _BURST: 1, _MIN_UPTIME: 0, _BACKOFF: 0.01 } })
    await chat.take({ state: 'open' })
    chat.tell({ send: 'typing', data: {} })
    chat.tell({ send: 'say', data: { text: 'x' } })
    chat.tell({ send: 'typing', data: {} })
    await until(() => heard.length >= 2)
    t.same(heard, ['1 typing', '2 typing'])
  })

  t.test('what arrives is checked where that was asked for', async t => {
    const { port } = await raw(t, socket => {
      for (const data of [7, { from: 'x', text: 'fits' }]) socket.send(JSON.stringify({ type: 'said', data }))
      socket.on('message', frame => { socket.send(JSON.stringify({ id: (JSON.parse(String(frame)) as { id: number }).id, data: 7 })) })
    })
    const chat = session(t, python, port, { unfit: 7 })
    t.match(await chat.take({ error: 'bad_message' }), { type: 'said' })
    await chat.take({ event: 'fits' })
    chat.tell({ call: 'add', data: { n: 6 } })
    t.match(await chat.take({ failed: 'bad_message' }), { type: 'add' })
    t.same(chat.lines.filter(line => 'said' in line).length, 1)
  })

  t.test('a call that no budget can pay for fails at once, and says which it was; a pace of one\'s own avoids it', async t => {
    const { port, said } = await served(t, { guard: { messages: { rate: 50, burst: 2 } } })
    const chat = session(t, python, port)
    await chat.take({ state: 'open' })
    chat.tell({ pace: true })
    const paces = (of: PythonChild): number[] => of.lines.filter(line => 'pace' in line).map(line => Math.round(Number(line['pace'])))
    await until(() => paces(chat).length === 1)
    for (const text of ['a', 'b']) chat.tell({ send: 'say', data: { text } })
    chat.tell({ call: 'add', data: { n: 1 } })
    t.match(await chat.take({ failed: 'rate_limited' }), { type: 'add', budget: 'socket', retry_after: Number })
    chat.tell({ pace: true })
    await until(() => paces(chat).length === 2)
    t.equal(paces(chat)[0], 1e6)
    t.ok(paces(chat)[1]! <= 46, `${paces(chat)[1]}: slower than one in each retryAfter`)
    const slow = session(t, python, port, { rate: 45, burst: 1 })
    await slow.take({ state: 'open' })
    for (let i = 0; i < 10; i++) slow.tell({ send: 'say', data: { text: String(i) } })
    await until(() => said.length >= 12)
    slow.tell({ pace: true })
    await until(() => paces(slow).length === 1)
    t.same(paces(slow), [45])
    t.same(slow.lines.filter(line => 'error' in line), [])
  })

  t.test('a server with a tighter limit is obeyed once it has said so', async t => {
    const { port, said } = await served(t, { guard: { messages: { rate: 50, burst: 20 } } })
    const chat = session(t, python, port)
    await chat.take({ state: 'open' })
    for (let i = 0; i < 25; i++) chat.tell({ send: 'say', data: { text: String(i) } })
    await chat.take({ error: 'rate_limited' })
    await until(() => chat.lines.filter(line => 'sent' in line).length === 25 && said.length >= 20)
    const count = (): number => chat.lines.filter(line => 'error' in line).length
    chat.tell({ call: 'add', data: { n: 1 } })
    await chat.take({ reply: 2 })
    const [refused, heard] = [count(), said.length]
    for (let i = 0; i < 30; i++) chat.tell({ send: 'say', data: { text: String(i) } })
    await until(() => said.length >= heard + 30)
    t.equal(count(), refused, 'nothing that comes after the pause is refused')
  })
}
