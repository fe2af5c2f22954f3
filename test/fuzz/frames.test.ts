import t from 'tap'
import { randomBytes } from 'node:crypto'
import { recordCrashes } from '../helpers/crashes.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { frame, OPCODES } from '../helpers/frames.js'
import { upgradeRequest } from '../helpers/handshake.js'
import { framesOfText, randomFrame, randomText } from '../helpers/random-frames.js'
import { randomOf } from '../helpers/random.js'
import { connect } from '../helpers/tcp.js'
import { wideRoute } from '../helpers/wide-contract.js'
import type { Handled } from '../helpers/wide-contract.js'

/** Frames of a run, and the seed that repeats one: `FUZZ_FRAMES=10000000 FUZZ_SEED=1234 node --expose-gc build/test/fuzz/frames.test.js`. */
const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 20_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? randomBytes(4).readUInt32LE())

const BATCH = 400
/** Of the frames, those that may break the protocol, and how many a connection sends of them. */
const BROKEN = Math.ceil(FRAMES / 20)
const BROKEN_BATCH = 25

/** The places of a value where an object's prototype is not its own kind's, or `__proto__` is a key. */
function unclean (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== (Array.isArray(value) ? Array.prototype : Object.prototype) || Object.hasOwn(value, '__proto__')) return true
  return Object.values(value).some(unclean)
}

/** Calls `onText` with each text frame of what a server sends. */
function reader (onText: (text: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      if (bytes.length < 2) break
      const short = bytes[1]!
      const start = short < 126 ? 2 : 4
      if (bytes.length < start) break
      const end = start + (short < 126 ? short : bytes.readUInt16BE(2))
      if (bytes.length < end) break
      if ((bytes[0]! & 15) === OPCODES.text) onText(bytes.toString('utf8', start, end))
      bytes = bytes.subarray(end)
    }
    rest = bytes
  }
}

const TIMEOUT = 60_000 + FRAMES
// Run by itself, a file has 30 seconds by default.
t.setTimeout(TIMEOUT)

t.test(`random frames on a contract route (seed ${SEED}, ${FRAMES} frames)`, { timeout: TIMEOUT }, async t => {
  const crashes = recordCrashes(t)
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), { guard: { messages: NO_LIMITS, connections: { perAddress: 10_000, perIdentity: 10_000 } } })
  const { stack } = server
  const request = upgradeRequest(stack.page({ path: '/test' }))
  const answers = new Map<string, number>()
  const count = (what: string, times = 1): void => { answers.set(what, (answers.get(what) ?? 0) + times) }
  let errors = 0
  let dirty = 0
  let sent = 0
  const tidy = (): void => {
    for (const { data } of handled.splice(0)) if (unclean(data)) dirty++
    errors += stack.log.lines.filter(line => line.level >= 50).length
    stack.log.clear()
  }
  /** Bytes in use: the heap where it can be collected, else all of the process. */
  const memory = (): number => {
    globalThis.gc?.()
    return globalThis.gc === undefined ? process.memoryUsage().rss : process.memoryUsage().heapUsed
  }

  // Texts in frames that keep the protocol: one connection, and exactly one answer to each.
  const texts = async (total: number): Promise<void> => {
    const random = randomOf(SEED)
    const client = await connect(stack.port)
    client.send(request)
    await client.response()
    let batch = 0
    let replies = 0
    let done = (): void => {}
    client.socket.removeAllListeners('data')
    client.socket.on('data', reader(text => {
      const reply = JSON.parse(text) as { id?: unknown, type?: string, error?: { code: string } }
      if (reply.id === `end ${batch}`) return done()
      if (reply.type === 'said') return
      replies++
      count(reply.error?.code ?? 'replies')
    }))
    while (sent < total) {
      const size = Math.min(BATCH, total - sent)
      const frames = Array.from({ length: size }, () => framesOfText(randomText(random), random))
      const before = replies
      const ended = new Promise<void>((resolve, reject) => {
        done = resolve
        client.socket.once('close', () => { reject(new Error(`closed in batch ${batch}`)) })
      })
      client.send(Buffer.concat([...frames, frame({ payload: `{"type":"ping","id":"end ${++batch}","data":{"n":1}}` })]))
      await ended
      client.socket.removeAllListeners('close')
      count('handled', handled.length)
      if (replies - before + handled.length !== size) throw new Error(`batch ${batch}: ${replies - before} replies and ${handled.length} handled of ${size}`)
      tidy()
      sent += size
    }
    client.destroy()
  }

  let broken = 0
  const brokenFrames = async (): Promise<void> => {
    while (broken < BROKEN) {
      const random = randomOf(SEED + 1 + broken)
      broken += BROKEN_BATCH
      const client = await connect(stack.port, { limit: 100 })
      const bytes = Buffer.concat([Buffer.from(request, 'latin1'), ...Array.from({ length: BROKEN_BATCH }, () => randomFrame(random))])
      const early = random.below(2) === 0 ? bytes.length : request.length
      for (let from = 0; from < bytes.length;) {
        const to = from === 0 ? early : from + 1 + random.below(random.pick([8, 200, bytes.length]))
        client.send(bytes.subarray(from, to))
        from = to
        if (random.below(8) === 0) await new Promise(resolve => setImmediate(resolve))
      }
      if (random.below(4) > 0) await client.waitClose(50).then(() => { count('closed') }, () => {})
      client[random.pick(['destroy', 'reset'] as const)]()
      tidy()
    }
  }

  await texts(Math.ceil(FRAMES / 10))
  const before = memory()
  await texts(FRAMES - BROKEN)
  await Promise.all([1, 2, 3, 4].map(brokenFrames))
  await server.empty()
  tidy()
  const grown = (memory() - before) / 1e6
  t.ok(grown < (globalThis.gc === undefined ? 200 : 20), `${grown.toFixed(1)} MB more`)
  t.same(crashes, [])
  t.equal(errors, 0, 'no error of ours')
  t.equal(dirty, 0, 'handlers get plain values')
  t.equal(({} as { a?: unknown }).a, undefined)
  for (const code of ['handled', 'replies', 'invalid_json', 'invalid_message', 'unknown_type', 'forbidden_key', 'too_deep', 'closed']) t.ok((answers.get(code) ?? 0) > 0, `${code}: ${answers.get(code)}`)
  t.comment(`${sent} texts, ${broken} frames that may be broken; ${[...answers].sort().map(([code, times]) => `${code}: ${times}`).join(', ')}`)
  t.ok(await server.answers())
})
