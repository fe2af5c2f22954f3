import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { constants, deflateRawSync } from 'node:zlib'
import t from 'tap'
import { frameCorpus } from '../helpers/frame-corpus.js'
import type { FrameRow } from '../helpers/frame-corpus.js'
import { bareStack } from '../helpers/bare.js'
import { close, closeOf, frame, OPCODES, parseFrames, text } from '../helpers/frames.js'
import type { GuardedSettings, GuardedStack } from '../helpers/guarded-stack.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { closeFrame, framesOf, upgrade, upgradeRequest } from '../helpers/handshake.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

const rows = frameCorpus()

const DEFLATE = 'permessage-deflate; client_no_context_takeover'

/** `size` zero bytes as a permessage-deflate payload (RFC 7692 section 7.2.1). */
const bomb = (size: number): Buffer => deflateRawSync(Buffer.alloc(size), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)

/** The rows too big for hex, by their recipes. */
const BUILT: { readonly [id: string]: () => Buffer } = {
  'ok-max': () => frame({ payload: Buffer.alloc(65536, 0x61) }),
  'pmd-frag-bomb': () => {
    const packed = bomb(8 * 1024 * 1024)
    return Buffer.concat([
      frame({ fin: false, rsv: 4, payload: packed.subarray(0, 4000) }),
      frame({ opcode: OPCODES.continuation, payload: packed.subarray(4000) }),
    ])
  },
  'frag-tiny-20k': () => fragments(20_000, 'x'),
  'frag-empty-200k': () => fragments(200_000, ''),
}

function fragments (count: number, payload: string): Buffer {
  const next = frame({ opcode: OPCODES.continuation, fin: false, payload })
  return Buffer.concat([frame({ fin: false, payload }), ...new Array<Buffer>(count).fill(next)])
}

function bytesOf (row: FrameRow): Buffer {
  const built = BUILT[row.id]
  if (built !== undefined) return built()
  if (row.hex === undefined) throw new Error(`row ${row.id} has no bytes`)
  return Buffer.from(row.hex, 'hex')
}

/** What came of a row: `echo`, or the code of the close frame. */
async function run (stack: GuardedStack, row: FrameRow): Promise<string | number> {
  const opened = await stack.upgrade({ path: '/open', ...(row.pmd === true ? { extensions: DEFLATE } : {}) })
  if (opened.status !== 101) return `refused ${opened.status}`
  if (row.pmd === true && !(opened.headers.get('sec-websocket-extensions') ?? '').startsWith('permessage-deflate')) return 'not compressed'
  opened.client.send(bytesOf(row))
  try {
    const [first] = await framesOf(opened, 1)
    if (first!.opcode !== OPCODES.close) {
      opened.client.send(close(1000))
      await opened.closed()
      return 'echo'
    }
    return closeOf(first!).code
  } finally {
    opened.client.destroy()
  }
}

/** @fastify/websocket registered by the application itself, with compression, before the guard. */
const registered = (errorHandler?: (error: Error) => void): GuardedSettings => ({
  before: async app => {
    await app.register(websocket, {
      options: { perMessageDeflate: true, maxPayload: 65536, maxFragments: 64 } as object,
      ...(errorHandler === undefined ? {} : { errorHandler }),
    })
  },
})

const errors: Error[] = []
const SETUPS: readonly { readonly name: string, readonly pmd: boolean, readonly options: GuardedSettings }[] = [
  { name: 'registered by the guard', pmd: false, options: {} },
  { name: 'registered by the application with an error handler', pmd: true, options: registered(error => { errors.push(error) }) },
  { name: 'registered by the application without an error handler', pmd: true, options: registered() },
]

for (const { name, pmd, options } of SETUPS) {
  t.test(`E01 E02 E03 D18 D19 D20 the frame corpus, @fastify/websocket ${name}`, async t => {
    t.equal(rows.length, 45)
    const stack = await guardedStack(t, { ...options, guard: { connections: { perAddress: 100 } } })
    for (const row of rows) {
      if (row.pmd === true && !pmd) continue
      const result = await run(stack, row)
      const expected = String(row.expect)
      if (expected.startsWith('echo')) t.equal(result, 'echo', `${row.id}: ${row.desc}`)
      else if (expected.includes(' or echo')) t.ok(result === 'echo' || result === 1002, `${row.id}: ${row.desc}`)
      else t.equal(result, Number.parseInt(expected, 10), `${row.id}: ${row.desc}`)
    }
    await until(() => stack.app.wsGuard.sockets === 0)
    t.equal(stack.app.wsGuard.pending, 0)
    if (name === 'registered by the guard') {
      const kinds = stack.log.where('event', 'ws.proto.violation').map(line => `${String(line['code'])} ${String(line['route'])}`)
      t.ok(kinds.length > 5)
      t.equal(new Set(kinds).size, kinds.length, 'one line of a kind, whatever a peer repeats')
      t.equal(stack.log.lines.filter(line => line.level >= 50).length, 0, 'a peer\'s bad frame is no error of ours')
    }
    if (options === SETUPS[1]!.options) t.ok(errors.length > 20, 'the application\'s handler was asked')
    t.ok(await stack.serves())
  })
}

t.test('E01 every row in pieces of one byte', async t => {
  const stack = await guardedStack(t, { guard: { connections: { perAddress: 100 } } })
  for (const row of rows.filter(({ hex }) => hex !== undefined && hex.length < 80)) {
    if (row.pmd === true) continue
    const whole = await run(stack, row)
    const opened = await stack.upgrade({ path: '/open' })
    for (const byte of bytesOf(row)) {
      opened.client.send(Uint8Array.of(byte))
      await new Promise(resolve => setImmediate(resolve))
    }
    const [first] = await framesOf(opened, 1)
    t.equal(first!.opcode === OPCODES.close ? closeOf(first!).code : 'echo', whole, row.id)
    opened.client.destroy()
  }
  t.ok(await stack.serves())
})

t.test('D18 a payload over the limit is refused by its header, before a byte of it is kept', async t => {
  const stack = await guardedStack(t, { guard: { websocket: { maxPayload: 1024 } } })
  const opened = await stack.upgrade({ path: '/open' })
  opened.client.send(frame({ declaredLength: 1025 }).subarray(0, 8))
  t.equal((await closeFrame(opened)).code, 1009)
  opened.client.destroy()

  const fits = await stack.upgrade({ path: '/open' })
  fits.client.send(frame({ payload: 'x'.repeat(1024) }))
  t.equal((await framesOf(fits, 1))[0]!.payload.length, 1024)
  // Over the limit by fragments that each fit.
  fits.client.send(Buffer.concat([frame({ fin: false, payload: 'x'.repeat(1000) }), frame({ opcode: OPCODES.continuation, payload: 'x'.repeat(25) })]))
  t.equal((await closeFrame(fits)).code, 1009)
  fits.client.destroy()
  t.equal(stack.counts.messages.length, 1)
  t.ok(await stack.serves())

  const bare = await bareStack(t)
  const large = await upgrade(bare.port)
  large.client.send(frame({ payload: Buffer.alloc(1024 * 1024, 0x61) }))
  t.equal((await framesOf(large, 1))[0]!.payload.length, 1024 * 1024, 'the bare stack takes up to 100 MiB')
  large.client.destroy()
})

t.test('D19 fragments that never end are cut off at 64', async t => {
  const stack = await guardedStack(t)
  const fits = await stack.upgrade({ path: '/open' })
  fits.client.send(Buffer.concat([fragments(62, 'x'), frame({ opcode: OPCODES.continuation, payload: 'x' })]))
  t.equal((await framesOf(fits, 1))[0]!.payload.toString(), 'x'.repeat(64))
  fits.client.send(fragments(64, ''))
  t.equal((await closeFrame(fits)).code, 1008)
  fits.client.destroy()
  t.ok(await stack.serves())

  const bare = await bareStack(t)
  const open = await upgrade(bare.port)
  open.client.send(Buffer.concat([fragments(5000, 'x'), frame({ opcode: OPCODES.continuation, payload: 'x' })]))
  t.equal((await framesOf(open, 1))[0]!.payload.length, 5002, 'the bare stack collects thousands')
  open.client.destroy()
})

t.test('D20 compression is off unless the application turns it on', async t => {
  const stack = await guardedStack(t)
  const opened = await stack.upgrade({ path: '/open', extensions: DEFLATE })
  t.equal(opened.status, 101)
  t.equal(opened.headers.get('sec-websocket-extensions'), undefined)
  opened.client.send(frame({ rsv: 4, payload: bomb(1000) }))
  t.equal((await closeFrame(opened)).code, 1002)
  opened.client.destroy()
  t.ok(await stack.serves())

  const on = await guardedStack(t, registered())
  t.ok(on.log.lines.some(line => /perMessageDeflate/.test(line.msg ?? '')), 'boot warns where it is on')
  const compressed = await on.upgrade({ path: '/open', extensions: DEFLATE })
  compressed.client.send(frame({ rsv: 4, payload: bomb(1000) }))
  t.equal((await framesOf(compressed, 1))[0]!.opcode, OPCODES.text, 'a message of fair size passes')
  compressed.client.send(frame({ rsv: 4, payload: bomb(100_000) }))
  t.equal((await closeFrame(compressed)).code, 1009)
  compressed.client.destroy()
})

t.test('D20 the bare stack with compression on inflates 8 KB to 8 MiB', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket, { options: { perMessageDeflate: true } })
  let size = 0
  app.get('/ws', { websocket: true }, socket => { socket.on('message', (data: Buffer) => { size = data.length }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const opened = await upgrade(Number(new URL(url).port), { extensions: DEFLATE })
  opened.client.send(frame({ rsv: 4, payload: bomb(8 * 1024 * 1024) }))
  await until(() => size > 0)
  t.equal(size, 8 * 1024 * 1024)
  opened.client.destroy()
})

t.test('E07 an RST at any point of the handshake or of a frame ends that socket only', async t => {
  const stack = await guardedStack(t, {
    extend: app => {
      app.get('/slow', { websocket: true, wsGuard: { public: true, authorize: () => new Promise<boolean>(resolve => { setTimeout(() => { resolve(true) }, 100) }) } }, () => {})
      app.get('/talk', { websocket: true, wsGuard: { public: true } }, socket => {
        const timer = setInterval(() => { socket.send('x'.repeat(60_000)) }, 1)
        socket.on('close', () => { clearInterval(timer) })
      })
    },
  })
  const authority = { host: `localhost:${stack.port}`, origin: `http://localhost:${stack.port}` }
  const request = (path: string): string => upgradeRequest({ path, ...authority })
  const points: { readonly [name: string]: string } = {
    'before a byte': '',
    'inside the request line': 'GET /op',
    'inside the headers': request('/open').slice(0, 60),
    'before the answer': request('/open'),
    'before the refusal': request('/ws'),
    'while authorization runs': request('/slow'),
  }
  for (const [name, bytes] of Object.entries(points)) {
    for (let i = 0; i < 5; i++) {
      const client = await connect(stack.port)
      client.send(bytes)
      await new Promise(resolve => setTimeout(resolve, i))
      client.reset()
    }
    t.pass(name)
  }
  for (const bytes of [Buffer.alloc(0), Buffer.from([0x81]), text('hello').subarray(0, 4), frame({ fin: false, payload: 'x' }), frame({ declaredLength: 60_000 })]) {
    const opened = await stack.upgrade({ path: '/open' })
    t.equal(opened.status, 101)
    opened.client.send(bytes)
    await new Promise(resolve => setImmediate(resolve))
    opened.client.reset()
  }
  const talking = await stack.upgrade({ path: '/talk' })
  await talking.client.waitFor(received => received.length > 200_000 ? true : undefined)
  talking.client.reset()
  // `authorize` resolves for sockets that are gone: no 101, no handler, no slot kept.
  await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
  await until(() => stack.connections.size === 0)
  t.equal(stack.log.lines.filter(line => line.level >= 50).length, 0)
  t.ok(await stack.serves())
})

t.test('E07 frames behind a close frame are ignored', async t => {
  const stack = await guardedStack(t)
  const opened = await stack.upgrade({ path: '/open' })
  opened.client.send(Buffer.concat([close(1000), text('late'), text('later')]))
  t.equal((await closeFrame(opened)).code, 1000)
  await opened.closed()
  t.equal(parseFrames(opened.rest()).frames.length, 1)
  t.same(stack.counts.messages, [])
  t.ok(await stack.serves())
})
