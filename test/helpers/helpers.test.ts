import t from 'tap'
import { WebSocketServer } from 'ws'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { bareStack } from './bare.js'
import { findBinary, skipWithout } from './binaries.js'
import { launchChromium } from './chromium.js'
import { close, closeOf, frame, json, OPCODES, parseFrames, ping, text } from './frames.js'
import { growth } from './growth.js'
import { exchange, upgrade, upgradeRequest } from './handshake.js'
import { startNginx } from './nginx.js'
import { startRedis } from './redis.js'
import { connect, parseResponse } from './tcp.js'

t.test('frames come back as they were, at every length form', async t => {
  for (const length of [0, 1, 125, 126, 65535, 65536]) {
    const bytes = frame({ payload: 'x'.repeat(length) })
    const { frames, rest } = parseFrames(bytes)
    t.equal(frames.length, 1)
    t.equal(rest.length, 0)
    t.equal(frames[0]?.payload.length, length)
    t.equal(frames[0]?.masked, true)
    t.equal(parseFrames(bytes.subarray(0, -1)).frames.length, 0, 'a cut frame is no frame')
  }
  const { frames } = parseFrames(Buffer.concat([text('grüß'), ping('p'), close(4401, 'gone'), close()]))
  t.equal(frames[0]?.payload.toString(), 'grüß')
  t.equal(frames[1]?.opcode, OPCODES.ping)
  t.same(frames.slice(2).map(closeOf), [{ code: 4401, reason: 'gone' }, { code: 1005, reason: '' }])
})

t.test('a real ws server understands the frames, and we understand it', async t => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  await once(server, 'listening')
  server.on('connection', socket => socket.on('message', data => socket.send(data.toString())))
  const { status, client, rest, closed } = await upgrade((server.address() as AddressInfo).port, { path: '/', after: json({ early: 1 }) })
  t.equal(status, 101)
  const first = await client.waitFor(() => parseFrames(rest()).frames[0])
  t.equal(first.payload.toString(), '{"early":1}')
  t.equal(first.masked, false)
  client.send(close(1000, 'bye'))
  const last = await client.waitFor(() => parseFrames(rest()).frames[1])
  t.same(closeOf(last), { code: 1000, reason: 'bye' })
  await closed()
  t.equal(client.closed, true)
})

t.test('requests are written as asked', async t => {
  const request = upgradeRequest({ host: ['a', 'b'], origin: null, version: '8', headers: [['X', '1'], ['X', '2']] })
  t.match(request, /^GET \/ws HTTP\/1\.1\r\nHost: a\r\nHost: b\r\n/)
  t.notMatch(request, /Origin/)
  t.match(request, /Sec-WebSocket-Version: 8\r\nX: 1\r\nX: 2\r\n\r\n$/)
})

t.test('responses are read to their end and no further', async t => {
  const plain = Buffer.from('HTTP/1.1 403 Forbidden\r\nA: 1\r\na: 2\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200')
  const response = parseResponse(plain)
  t.match(response, { status: 403, body: 'no', statusText: 'Forbidden' })
  t.equal(response?.headers.get('a'), '1, 2')
  t.equal(plain.subarray(response?.length).toString(), 'HTTP/1.1 200')
  t.equal(parseResponse(plain.subarray(0, 30)), undefined)
  t.match(parseResponse(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')), { body: 'abc' })
  const open = Buffer.from('HTTP/1.1 200 OK\r\n\r\nuntil the end')
  t.equal(parseResponse(open), undefined)
  t.match(parseResponse(open, true), { body: 'until the end' })
  t.throws(() => parseResponse(Buffer.from('SSH-2.0\r\n\r\n')))
})

t.test('the bare stack lets a foreign page in with the cookie, and its store obeys', async t => {
  const { port, store, counts, login } = await bareStack(t)
  const cookie = await login()
  const before = store.gets
  const foreign = await upgrade(port, { origin: 'https://evil.example', cookie })
  t.equal(foreign.status, 101)
  t.equal(store.gets, before + 1)
  t.equal(counts.open, 1)
  foreign.client.reset()
  const raw = await exchange(port, upgradeRequest({ path: '/nowhere' }))
  t.equal(raw.status, 404)
  store.mode = 'down'
  const down = await upgrade(port, { cookie })
  t.equal(down.status, 500)
  down.client.destroy()
  store.mode = 'hang'
  const pending = await connect(port, { limit: 300 })
  pending.send(upgradeRequest({ cookie }))
  await t.rejects(pending.response(), /no sign within 300 ms/)
  pending.destroy()
})

t.test('a missing binary skips, and fails in CI', async t => {
  const ci = process.env['CI']
  t.teardown(() => { if (ci === undefined) delete process.env['CI']; else process.env['CI'] = ci })
  t.not(findBinary('sh'), null)
  t.equal(skipWithout('sh'), false)
  process.env['CI'] = ''
  t.match(skipWithout('sh', 'no-such-program'), /^needs no-such-program: /)
  process.env['CI'] = 'true'
  t.throws(() => skipWithout('no-such-program'), /no-such-program/)
})

t.test('redis starts, stops and comes back', { skip: skipWithout('redis-server') }, async t => {
  const redis = await startRedis(t)
  const ask = async (): Promise<string> => {
    const client = await connect(redis.port)
    client.send('PING\r\n')
    const answer = await client.waitFor(bytes => bytes.includes('\r\n') ? bytes.toString() : undefined)
    client.destroy()
    return answer
  }
  t.equal(await ask(), '+PONG\r\n')
  await redis.stop()
  await t.rejects(ask())
  await redis.start()
  t.equal(await ask(), '+PONG\r\n')
})

t.test('nginx forwards an upgrade over TLS', { skip: skipWithout('nginx', 'openssl') }, async t => {
  const { port } = await bareStack(t)
  const nginx = await startNginx(t, { upstream: port })
  const { status, client, rest } = await upgrade(nginx.httpsPort, { tcp: { tls: { ca: nginx.certificate.cert } }, after: text('hello') })
  t.equal(status, 101)
  t.equal((await client.waitFor(() => parseFrames(rest()).frames[0])).payload.toString(), 'hello')
  client.destroy()
})

t.test('chromium runs a page that comes from a site of our choice', { skip: skipWithout('chromium') }, async t => {
  const { port } = await bareStack(t)
  const browser = await launchChromium(t, ['app.goodsite.test', 'evil.test'])
  const page = await browser.newPage()
  await page.goto(`http://evil.test:${port}/plain`)
  const answer = await page.evaluate(`new Promise(resolve => {
    const socket = new WebSocket('ws://app.goodsite.test:${port}/ws')
    socket.onopen = () => socket.send('from ' + location.origin)
    socket.onmessage = event => resolve(event.data)
    socket.onerror = () => resolve('refused')
  })`)
  t.equal(answer, `from http://evil.test:${port}`)
})

t.test('growth tells constant, linear and quadratic work apart, also where it is waited for', async t => {
  const spin = (steps: number): number => {
    let sum = 0
    for (let step = 0; step < steps; step++) sum = (sum * 31 + step) % 1_000_003
    return sum
  }
  t.ok(await growth(512, size => size, () => spin(20_000)) < 0.25)
  t.ok(await growth(512, size => size, size => spin(size * 100)) < 4)
  t.ok(await growth(512, size => size, size => spin(size * size)) > 4)
  t.ok(await growth(512, async size => size, async size => { spin(size * size) }) > 4)
})
