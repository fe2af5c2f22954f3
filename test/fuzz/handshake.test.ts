import t from 'tap'
import { randomBytes } from 'node:crypto'
import { recordCrashes } from '../helpers/crashes.js'
import { text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { upgradeRequest } from '../helpers/handshake.js'
import { type Random, randomOf } from '../helpers/random.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

/** Cases of a run, and the seed that repeats one: `FUZZ_CASES=200000 FUZZ_SEED=1234 node …`. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 2000)
const SEED = Number(process.env['FUZZ_SEED'] ?? randomBytes(4).readUInt32LE())

const NAMES = ['Host', 'Origin', 'Upgrade', 'Connection', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions', 'Cookie', 'Content-Length', 'Transfer-Encoding', 'Expect', 'X-Forwarded-For', 'X-Forwarded-Host', '__proto__', 'constructor', 'toString']
const VALUES = ['', ' ', 'null', '*', '0', '13', '-1', '1e9', 'chunked', '100-continue', 'close', 'keep-alive, Upgrade', 'websocket', 'h2c', 'localhost', 'localhost:99999',
  'http://localhost', 'http://localhost:0', 'https://[::1', '\u00ff\u00fe', 'a'.repeat(5000), ',,,', '"', '__proto__', '127.0.0.1, ::1', 'sessionId=%', 'permessage-deflate; server_max_window_bits=99', 'a, b, a']
const PATHS = ['/ws', '/open', '/plain', '/rooms/x', '/nowhere', '/%zz', '/%', '/%00', '//', '/..', '*', '?', '/open?a=%', `/rooms/${'x'.repeat(300)}`, 'http://[', 'http://a/open', '/open#x', '/o\u00e9', `/${'y'.repeat(20_000)}`]
const METHODS = ['GET', 'get', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'PUT', 'BREW', '']

/** A mutation of a request's bytes. */
type Mutation = (bytes: Buffer, random: Random) => Buffer

const lines = (bytes: Buffer, change: (lines: string[]) => void): Buffer => {
  const all = bytes.toString('latin1').split('\r\n')
  change(all)
  return Buffer.from(all.join('\r\n'), 'latin1')
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, { below }) => bytes.subarray(0, below(bytes.length)),
  (bytes, { below, pick }) => {
    const changed = Buffer.from(bytes)
    for (let i = below(4); i >= 0 && changed.length > 0; i--) changed[below(changed.length)] = pick([0, 9, 10, 13, 32, 58, 127, 128, 255, below(256)])
    return changed
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(20)), bytes.subarray(at)])
  },
  (bytes, { below }) => {
    const from = below(bytes.length)
    const to = from + below(10)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  (bytes, { pick, below }) => lines(bytes, all => { all.splice(1 + below(Math.max(1, all.length - 2)), 0, `${pick(NAMES)}: ${pick(VALUES)}`) }),
  (bytes, { pick, below }) => lines(bytes, all => { all[1 + below(Math.max(1, all.length - 3))] = `${pick(NAMES)}${pick([':', ' :', ': ', ':\t', ''])}${pick(VALUES)}` }),
  (bytes, { below }) => lines(bytes, all => { all.splice(1 + below(Math.max(1, all.length - 3)), 1) }),
  (bytes, { below }) => lines(bytes, all => { const at = 1 + below(Math.max(1, all.length - 3)); all.splice(at, 0, all[at] ?? '') }),
  (bytes, { pick }) => lines(bytes, all => { all[0] = `${pick(METHODS)} ${pick(PATHS)} ${pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', ''])}` }),
  (bytes, { below, pick }) => Buffer.concat([bytes, Buffer.from(`${pick(NAMES)}: ${pick(VALUES)}\r\n`.repeat(below(150)), 'latin1')]),
  (bytes, random) => Buffer.concat([bytes, random.bytes(random.below(200))]),
  bytes => Buffer.concat([bytes, bytes]),
  (bytes, { pick }) => Buffer.concat([bytes, text('early'), text(pick(VALUES))]),
  (bytes, { pick }) => Buffer.concat([bytes, Buffer.from(`GET ${pick(PATHS)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'latin1')]),
  bytes => Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  bytes => bytes,
]

t.test(`mutated handshakes neither crash the server nor leave a socket behind (seed ${SEED}, ${CASES} cases)`, { timeout: 60_000 + CASES * 30 }, async t => {
  const crashes = recordCrashes(t)
  const stack = await guardedStack(t, {
    level: 'error',
    guard: { handshakeTimeout: 1000, authTimeout: 500, websocket: { closeTimeout: 200 }, connections: { perAddress: 10_000, perIdentity: 10_000 } },
    extend: app => { app.get('/rooms/:room', { websocket: true }, () => {}) },
  })
  const cookie = await stack.login()
  const authority = { host: `localhost:${stack.port}`, origin: `http://localhost:${stack.port}` }
  const answers = new Map<string, number>()

  const attack = async (seed: number): Promise<void> => {
    const random = randomOf(seed)
    let bytes: Buffer = Buffer.from(upgradeRequest({ path: random.pick(['/ws', '/open', '/rooms/a']), cookie, ...authority }), 'latin1')
    for (let i = random.below(3); i >= 0; i--) bytes = random.pick(MUTATIONS)(bytes, random)
    const client = await connect(stack.port)
    for (let from = 0; from < bytes.length;) {
      const to = from + 1 + random.below(random.pick([10, 100, bytes.length]))
      client.send(bytes.subarray(from, to))
      from = to
      if (random.below(4) === 0) await new Promise(resolve => setImmediate(resolve))
    }
    if (random.below(3) > 0) await Promise.race([client.response().catch(() => {}), new Promise(resolve => setTimeout(resolve, 150))])
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(client.received().toString('latin1'))?.[1] ?? 'none'
    answers.set(status, (answers.get(status) ?? 0) + 1)
    const leave = random.pick(['destroy', 'reset', 'end'] as const)
    client[leave]()
    // A FIN is answered with one, or by the deadline.
    if (leave === 'end') setTimeout(() => { client.destroy() }, 200).unref()
  }

  const WORKERS = 20
  let next = 0
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    while (next < CASES) {
      const index = next++
      await attack(SEED + index)
      if (index % 500 === 499) t.ok(await stack.serves(), `a fresh client is answered after ${index + 1} cases`)
    }
  }))
  await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
  await until(() => stack.connections.size === 0)
  t.same(crashes, [])
  t.same(stack.log.lines.filter(line => line.level >= 50), [], 'no error of ours')
  t.ok((answers.get('101') ?? 0) > 0, 'some got through')
  t.ok((answers.get('400') ?? 0) > 0, 'some were refused')
  t.comment(`answers: ${[...answers].sort().map(([status, times]) => `${status}: ${times}`).join(', ')}`)
  t.ok(await stack.serves())
})
