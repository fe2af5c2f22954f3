import t from 'tap'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract } from '../../lib/contract.js'
import { closeOf, OPCODES, parseFrames, text } from '../helpers/frames.js'
import { guardedStack, type GuardedSettings, type GuardedStack } from '../helpers/guarded-stack.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import { until } from '../helpers/until.js'

// Refusals that a page can act on: docs/protocol.md section 2.

const chat = defineContract({
  name: 'chat',
  url: '/chat/:room',
  params: Type.Object({ room: Type.String({ maxLength: 8 }) }),
  inbound: { say: Type.Object({}) },
})
const renamed = defineContract({ name: 'renamed', url: '/renamed', envelope: { type: 'event' }, inbound: { say: Type.Object({}) } })

interface Bench {
  readonly stack: GuardedStack
  /** What the application has seen of any socket. */
  readonly seen: string[]
}

async function bench (t: Parameters<typeof guardedStack>[0], settings: GuardedSettings = {}, more?: (app: FastifyInstance) => void): Promise<Bench> {
  const seen: string[] = []
  const stack = await guardedStack(t, {
    ...settings,
    extend: app => {
      const handlers = {
        onOpen () { seen.push('open') },
        onClose () { seen.push('close') },
        on: { say () { seen.push('say') } },
      }
      app.wsRoute(chat, { authorize: ({ params }) => params.room !== 'closed', ...handlers })
      app.wsRoute(renamed, handlers)
      more?.(app)
    },
  })
  return { stack, seen }
}

const say = text('{"type":"say","data":{}}')
const PAGE = { path: '/chat/a', protocol: 'wsg.v1', after: say }

/** What a refused client is told, to the end of the connection. */
async function told (opened: UpgradeResult): Promise<{ readonly error: { code: string, retryAfter?: number }, readonly code: number, readonly reason: string }> {
  await opened.closed()
  const { frames } = parseFrames(opened.rest())
  opened.client.destroy()
  if (frames.length !== 2 || frames[0]?.opcode !== OPCODES.text) throw new Error(`${opened.status}: ${frames.length} frames`)
  const message = JSON.parse(frames[0].payload.toString()) as { type?: string, event?: string, error: { code: string } }
  if ((message.type ?? message.event) !== '$error') throw new Error(frames[0].payload.toString())
  return { error: message.error, ...closeOf(frames[1]!) }
}

t.test('who is not logged in, may not enter, asks for nonsense or has an old contract is told so', async t => {
  const { stack, seen } = await bench(t)
  const rows: readonly (readonly [object, number, string])[] = [
    [{ cookie: null }, 4401, 'unauthenticated'],
    [{ cookie: 'sessionId=forged' }, 4401, 'unauthenticated'],
    [{ path: '/chat/closed' }, 4403, 'forbidden'],
    [{ path: '/chat/much-too-long' }, 4403, 'forbidden'],
    [{ protocol: 'wsg.v1, cf-0123456789abcdef' }, 4426, 'stale'],
    [{ protocol: 'bearer.x, wsg.v1', cookie: null }, 4401, 'unauthenticated'],
  ]
  for (const [changes, code, reason] of rows) {
    const opened = await stack.upgrade(stack.page({ ...PAGE, ...changes }))
    t.equal(opened.status, 101, reason)
    t.equal(opened.headers.get('sec-websocket-protocol'), 'wsg.v1')
    t.equal(opened.headers.get('set-cookie'), undefined)
    t.match(await told(opened), { error: { code: reason, message: /^[^{}]+$/ }, code, reason })
  }
  t.same(seen, [], 'no hook and no handler of the application has seen any of them')
  await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
  const own = await stack.upgrade(stack.page({ ...PAGE, protocol: `wsg.v1, ${compileContract(chat).fingerprint}` }))
  await until(() => seen.length === 2)
  t.same([own.status, seen], [101, ['open', 'say']])
  own.client.destroy()
})

t.test('the log has the same line, whether told or not', async t => {
  const { stack } = await bench(t)
  await told(await stack.upgrade(stack.page({ ...PAGE, cookie: null })))
  t.equal((await stack.log.waitFor(line => line['code'] === 'WSG_ERR_UNAUTHENTICATED'))['event'], 'ws.auth.rejected')
})

t.test('everybody else gets the HTTP status', async t => {
  const { stack } = await bench(t)
  for (const [changes, status] of [
    [{ protocol: null, cookie: null }, 401],
    [{ protocol: 'chat', cookie: null }, 401],
    [{ protocol: 'wsg.v2', cookie: null }, 401],
    [{ protocol: null, path: '/chat/closed' }, 403],
    [{ protocol: 'cf-0123456789abcdef' }, 426],
    // No contract, no close codes.
    [{ path: '/ws', cookie: null }, 401],
    // What is no handshake, and what asks for no route, is no page of ours.
    [{ version: '8' }, 426],
    [{ path: '/nowhere' }, 404],
    [{ protocol: 'wsg.v1, wsg.v1' }, 400],
  ] as const) {
    const opened = await stack.upgrade(stack.page({ ...PAGE, after: '', ...changes }))
    opened.client.destroy()
    t.equal(opened.status, status, JSON.stringify(changes))
  }
})

t.test('a foreign Host or Origin never gets a 101, whatever else is wrong', async t => {
  const { stack, seen } = await bench(t, { as: 'site', guard: { upgradeRate: { max: 1 } } })
  for (const changes of [{ origin: 'https://evil.example' }, { origin: null }, { host: 'evil.example' }]) {
    for (const more of [{}, { cookie: null }, { protocol: 'wsg.v1, cf-0123456789abcdef' }]) {
      const opened = await stack.upgrade(stack.page({ ...PAGE, ...changes, ...more }))
      opened.client.destroy()
      t.not(opened.status, 101, JSON.stringify({ ...changes, ...more }))
    }
  }
  t.same(seen, [])
})

t.test('where the application decides on origins, nothing is told before it has said yes', async t => {
  const { stack } = await bench(t, {
    as: 'site',
    guard: { origins: async origin => origin === 'https://goodsite.com', upgradeRate: { max: 2 } },
  })
  const statuses: number[] = []
  for (let n = 0; n < 4; n++) {
    const opened = await stack.upgrade(stack.page({ ...PAGE, origin: 'https://evil.example', cookie: null }))
    opened.client.destroy()
    statuses.push(opened.status)
  }
  t.same(statuses, [403, 403, 429, 429])
  const { stack: other } = await bench(t, { as: 'site', guard: { origins: async origin => origin === 'https://goodsite.com' } })
  t.match(await told(await other.upgrade(other.page({ ...PAGE, cookie: null }))), { code: 4401 })
})

t.test('caps hold: who is told keeps no place', async t => {
  const { stack, seen } = await bench(t, { guard: { connections: { perIdentity: 2 } } })
  const page = stack.page({ ...PAGE, after: '' })
  // Living ones, which answer pings: others would have to make room.
  const held = [1, 2].map(() => new WebSocket(`ws://localhost:${stack.port}/chat/a`, {
    origin: `http://localhost:${stack.port}`,
    headers: { cookie: stack.cookie },
  }))
  await until(() => seen.length === 2)
  for (let n = 0; n < 2; n++) t.match(await told(await stack.upgrade(page)), { error: { code: 'too_many' }, code: 4429 })
  await until(() => stack.app.wsGuard.sockets === 2)
  for (const socket of held) socket.terminate()
  await until(() => stack.app.wsGuard.sockets === 0)
  const again = await stack.upgrade(page)
  await until(() => seen.filter(one => one === 'open').length === 3)
  again.client.destroy()
})

t.test('rates hold, and say when to come back', async t => {
  const { stack } = await bench(t, { guard: { upgradeRate: { max: 3 } } })
  const codes: number[] = []
  for (let n = 0; n < 6; n++) {
    const opened = await stack.upgrade(stack.page({ ...PAGE, cookie: null }))
    const { code, error } = await told(opened)
    codes.push(code)
    if (code === 4429) t.ok((error.retryAfter ?? 0) >= 1000, `${error.retryAfter} ms`)
  }
  t.equal(codes[0], 4401)
  t.equal(codes.at(-1), 4429)
})

t.test('who neither reads nor closes is cut off', async t => {
  const { stack } = await bench(t)
  const opened = await stack.upgrade(stack.page({ ...PAGE, cookie: null }))
  t.equal(opened.status, 101)
  for (let n = 0; n < 100; n++) opened.client.send(say)
  await until(() => stack.app.wsGuard.sockets === 0 && stack.connections.size === 0)
  opened.client.destroy()
})

t.test('a renamed envelope keeps its name', async t => {
  const { stack } = await bench(t)
  t.match(await told(await stack.upgrade(stack.page({ path: '/renamed', protocol: 'wsg.v1', cookie: null }))), { code: 4401 })
})

t.test('what a hook refuses is told with the Retry-After that the hook has set', async t => {
  for (const [given, expected] of [['120', 120_000], [new Date(Date.now() + 3_600_000).toUTCString(), null], ['soon', undefined]] as const) {
    for (const status of [429, 503]) {
      const { stack } = await bench(t, {}, app => {
        app.addHook('onRequest', async (_request, reply) => {
          reply.header('Retry-After', given)
          throw Object.assign(new Error('hunter2'), { statusCode: status })
        })
      })
      const { code, error } = await told(await stack.upgrade(stack.page(PAGE)))
      t.equal(code, status === 429 ? 4429 : 1013)
      t.notMatch(JSON.stringify(error), /hunter2/)
      if (expected === null) t.ok((error.retryAfter ?? 0) > 3_000_000 && (error.retryAfter ?? 0) <= 3_600_000)
      else t.equal(error.retryAfter, expected)
    }
  }
})

t.test('a plain route that lists the subprotocol is told as well', async t => {
  const { stack } = await bench(t, {}, app => {
    app.get('/listed', { websocket: true, wsGuard: { subprotocols: ['wsg.v1'] } }, () => {})
  })
  t.match(await told(await stack.upgrade(stack.page({ ...PAGE, path: '/listed', cookie: null }))), { code: 4401 })
})
