import { setTimeout as delay } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { WebSocket } from 'ws'
import { defineContract } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import type { ContractStack } from '../helpers/contract-stack.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { recordCrashes } from '../helpers/crashes.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgradeRequest } from '../helpers/handshake.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import { closeOf, OPCODES, parseFrames, text } from '../helpers/frames.js'
import { openRaw } from '../helpers/raw-client.js'
import { connect, parseResponse } from '../helpers/tcp.js'
import type { TcpClient } from '../helpers/tcp.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

/** Sends a handshake on a connection that is open already: the server takes no new ones while it closes. */
async function handshake (client: TcpClient, request: string): Promise<Pick<UpgradeResult, 'status' | 'headers' | 'body'>> {
  client.send(request)
  await client.waitClose()
  const response = parseResponse(client.received(), true)
  if (response === undefined) throw new Error('no answer')
  t.equal(client.received().length, response.length, 'one answer, and nothing after it')
  return response
}

for (const first of ['session', 'guard'] as const) {
  t.test(`handshakes while the application closes are told so, ${first} registered first`, async t => {
    const crashes = recordCrashes(t)
    let release = (): void => {}
    const { app, port, page, store, log } = await guardedStack(t, {
      as: 'site',
      first,
      // An application's own hook, registered before the guard, that takes its time.
      before: app => { app.addHook('preClose', () => new Promise<void>(resolve => { release = resolve })) },
    })
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(port)))
    const closing = app.close()
    for (const [client, changes] of [[clients[0], {}], [clients[1], { path: '/open' }], [clients[2], { path: '/nowhere' }]] as const) {
      const answer = await handshake(client!, upgradeRequest(page(changes)))
      t.equal(answer.status, 503)
      t.equal(codeOf(answer as UpgradeResult), 'WSG_ERR_DRAINING')
      t.match(answer.headers.get('retry-after'), /^\d+$/)
      t.equal(answer.headers.get('connection'), 'close')
    }
    t.equal(store.gets, 0)
    release()
    clients[3]!.destroy()
    await closing
    t.ok(log.where('code', 'WSG_ERR_DRAINING').length >= 1)
    t.same(crashes, [])
  })
}

const N = Type.Object({ n: Type.Integer() })
const contract = defineContract({
  name: 'drained',
  url: '/test',
  outbound: { said: Type.Object({ text: Type.String() }) },
  calls: { wait: { request: N, reply: Type.Integer(), deadline: 60_000 } },
})

interface Bench extends ContractStack {
  /** Settles the calls that are under way. */
  readonly settle: (() => void)[]
}

async function bench (t: Teardown, guard: object = {}, origins?: readonly string[]): Promise<Bench> {
  const settle: (() => void)[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      calls: { wait: ({ n }) => new Promise<number>(resolve => { settle.push(() => { resolve(n) }) }) },
    })
    if (origins !== undefined) app.get('/other', { websocket: true, wsGuard: { origins } }, () => {})
  }, { guard: { messages: NO_LIMITS, connections: { perAddress: 5000, perIdentity: 5000 }, ...guard } })
  return { ...server, settle }
}

/** One that answers a close frame. */
function politeClient ({ port, cookie }: GuardedStack): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}/test`, { headers: { host: 'app.goodsite.com', cookie }, origin: 'https://goodsite.com' })
}

/** What a client of ours is told when it comes too late. */
async function told (client: TcpClient, request: string): Promise<{ readonly status: number, readonly error?: object, readonly close?: object }> {
  client.send(request)
  await client.waitClose()
  const response = parseResponse(client.received(), true)
  if (response === undefined) throw new Error('no answer')
  const { frames } = parseFrames(client.received().subarray(response.length))
  if (response.status !== 101) return { status: response.status }
  const { error } = JSON.parse(frames[0]!.payload.toString()) as { error: object }
  return { status: 101, error, close: closeOf(frames[1]!) }
}

t.test('a client that knows our close codes is told 1013 and when to come back; nobody else is, and no foreign page', async t => {
  const crashes = recordCrashes(t)
  const { stack } = await bench(t)
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(stack.port)))
  const busy = await connect(stack.port)
  const { app, page } = stack
  // A socket that does not answer its close frame keeps the end back.
  const opened = await stack.upgrade(page({ path: '/test' }))
  const closing = app.close()
  const ours = { path: '/test', protocol: 'wsg.v1' }
  const [knows, foreign, host, plain, nobody, malformed] = clients as [TcpClient, TcpClient, TcpClient, TcpClient, TcpClient, TcpClient]
  const answer = await told(knows, upgradeRequest(page(ours)))
  t.match(answer, { status: 101, error: { code: 'overload', message: 'Server is shutting down' }, close: { code: 1013, reason: 'overload' } })
  const { retryAfter } = answer.error as { retryAfter: number }
  t.ok(retryAfter >= 1000 && retryAfter <= 10_000)
  t.same(await told(foreign, upgradeRequest(page({ ...ours, origin: 'https://evil.test' }))), { status: 503 })
  t.same(await told(host, upgradeRequest(page({ ...ours, host: 'evil.test' }))), { status: 503 })
  t.same(await told(plain, upgradeRequest(page({ path: '/test' }))), { status: 503 })
  t.same(await told(nobody, upgradeRequest(page({ ...ours, origin: null }))), { status: 503 })
  t.same(await told(malformed, upgradeRequest(page({ ...ours, version: '8' }))), { status: 503 })
  opened.client.destroy()
  busy.destroy()
  await closing
  t.ok(stack.log.where('code', 'WSG_ERR_DRAINING').length >= 1)
  t.same(crashes, [])
})

t.test('where routes do not agree on an Origin it is an HTTP status', async t => {
  const { stack } = await bench(t, {}, ['https://other.test'])
  const client = await connect(stack.port)
  const held = await stack.upgrade(stack.page({ path: '/test' }))
  const closing = stack.app.close()
  t.same(await told(client, upgradeRequest(stack.page({ path: '/test', protocol: 'wsg.v1' }))), { status: 503 })
  held.client.destroy()
  await closing
})

t.test('I08 those who are turned away are told to come back at moments of their own, and so are those who were there', async t => {
  const server = await bench(t, { drainTimeout: 4000 })
  const there = await Promise.all(Array.from({ length: 200 }, () => server.open()))
  const ended: number[] = []
  const closes = there.map(async (client, index) => {
    const { code } = await client.waitClose()
    ended.push(index)
    client.client.destroy()
    return code
  })
  // Whose call is under way keeps the server from ending before all have knocked.
  const busy = await server.open()
  busy.json({ type: 'wait', id: 1, data: { n: 1 } })
  await until(() => server.settle.length === 1)
  const knocking = await Promise.all(Array.from({ length: 60 }, () => connect(server.stack.port)))
  const closing = server.stack.app.close()
  const answers = await Promise.all(knocking.map(async client => await handshake(client, upgradeRequest(server.stack.page({ path: '/test' })))))
  const seconds = answers.map(({ headers }) => Number(headers.get('retry-after')))
  t.ok(seconds.every(wait => Number.isInteger(wait) && wait >= 1 && wait <= 10), `${seconds}`)
  const most = Math.max(...seconds.map(wait => seconds.filter(other => other === wait).length))
  t.ok(most < 30, `${most} of 60 in the same second`)
  t.same(new Set(await Promise.all(closes)), new Set([1001]))
  t.notSame(ended, ended.toSorted((a, b) => a - b), 'in turns, and not in the order in which they came')
  server.settle[0]!()
  t.equal((await busy.waitClose()).code, 1001)
  busy.client.destroy()
  await closing
})

t.test('I07 of a thousand sockets with a hundred calls under way no reply is lost', async t => {
  const server = await bench(t, { drainTimeout: 60_000 })
  const { stack, settle } = server
  const clients: WebSocket[] = []
  const got: { code: number, reason: string, messages: string[] }[] = []
  const open = async (): Promise<void> => {
    const client = politeClient(stack)
    const messages: string[] = []
    client.on('message', data => { messages.push(String(data)) })
    client.on('close', (code, reason) => { got[clients.indexOf(client)] = { code, reason: String(reason), messages } })
    clients.push(client)
    await new Promise((resolve, reject) => { client.once('open', resolve).once('error', reject) })
  }
  for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 100 }, open))
  const busy = clients.filter((_client, index) => index % 10 === 0)
  for (const [n, client] of busy.entries()) client.send(JSON.stringify({ type: 'wait', id: n, data: { n } }))
  await until(() => settle.length === 100)
  const closed = stack.app.close()
  await until(() => clients.filter(client => client.readyState === WebSocket.CLOSED).length === 900)
  t.equal(stack.app.wsGuard.sockets, 100, 'all but those with a call have gone')
  for (const go of settle) go()
  await closed
  await until(() => Object.keys(got).length === 1000)
  t.ok(got.every(({ code, reason }) => code === 1001 && reason === 'shutdown'))
  t.same(got.flatMap(({ messages }) => messages), busy.map((_client, n) => `{"id":${n},"data":${n}}`), 'each call has its reply, and nothing else came')
  t.match(stack.log.where('event', 'ws.drained'), [{ sockets: 1000, cut: 0 }])
  t.equal(stack.log.where('event', 'ws.drained').length, 1)
})

t.test('I07 D25 the bare stack closes without a code, loses the replies, and waits for who never answers', async t => {
  const bare = await bareStack(t)
  const settle: (() => void)[] = []
  bare.app.websocketServer.on('connection', socket => { socket.on('message', () => { settle.push(() => { socket.send('reply') }) }) })
  const [busy, silent] = [await openRaw(bare.port), await openRaw(bare.port)]
  busy.send(text('call'))
  await until(() => settle.length === 1)
  let isClosed = false
  const closed = bare.app.close().then(() => { isClosed = true })
  for (const client of [busy, silent]) t.equal((await client.waitFrame(OPCODES.close)).payload.length, 0, 'no code: 1005')
  settle[0]!()
  await new Promise(resolve => setTimeout(resolve, 100))
  t.notOk(busy.texts().includes('reply'))
  t.notOk(isClosed, 'thirty seconds, by default')
  for (const { client } of [busy, silent]) client.destroy()
  await closed
})

t.test('D25 peers that never answer or never read delay nobody, and are cut off; what was cut is one line with a count', async t => {
  const crashes = recordCrashes(t)
  const { stack, open, settle } = await bench(t, { drainTimeout: 100, websocket: { closeTimeout: 300 } })
  const [silent, deaf] = [await open(), await open()]
  deaf.client.socket.pause()
  const stuck = [await open(), await open(), await open()]
  for (const client of stuck) client.json({ type: 'wait', id: 1, data: { n: 1 } })
  await until(() => settle.length === 3)
  const polite = politeClient(stack)
  await new Promise(resolve => { polite.once('open', resolve) })
  const gone = new Promise<number>(resolve => { polite.once('close', code => { resolve(code) }) })
  let isClosed = false
  const closed = stack.app.close().then(() => { isClosed = true })
  t.equal(await gone, 1001)
  t.notOk(isClosed, 'while the others are still there')
  t.same(await silent.waitClose(), { code: 1001, reason: 'shutdown' })
  await closed
  for (const client of stuck) t.same(await client.waitClose(), { code: 1001, reason: 'shutdown' })
  t.match(stack.log.where('event', 'ws.drained'), [{ level: 40, sockets: 6, cut: 3 }])
  for (const go of settle) go()
  await delay(10)
  t.same(crashes, [], 'what finishes too late harms nobody')
})
