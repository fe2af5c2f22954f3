import rateLimit from '@fastify/rate-limit'
import { Redis as Client } from 'ioredis'
import t from 'tap'
import { skipWithout } from '../helpers/binaries.js'
import { bareStack } from '../helpers/bare.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { UpgradeOptions, UpgradeResult } from '../helpers/handshake.js'
import { startRedis } from '../helpers/redis.js'
import type { Teardown } from '../helpers/teardown.js'
import type { TcpOptions } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

/** One handshake; the socket is closed at once. */
async function knock (stack: GuardedStack, options: UpgradeOptions & { readonly tcp?: TcpOptions } = {}): Promise<UpgradeResult> {
  const result = await stack.upgrade({ path: '/open', ...options })
  result.client.destroy()
  return result
}

/** Statuses of `count` handshakes, one after the other. */
async function knocks (stack: GuardedStack, count: number, options: UpgradeOptions & { readonly tcp?: TcpOptions } = {}): Promise<string> {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) statuses.push((await knock(stack, options)).status)
  return statuses.join(' ')
}

/** Another client, which no limit of the test's clients touches. */
const OTHER = { tcp: { localAddress: '127.0.9.9' } }

const from = (address: string): UpgradeOptions => ({ headers: { 'X-Forwarded-For': address } })

t.test('D13 the upgrade rate: 429 with Retry-After, and only for handshakes', async t => {
  const stack = await guardedStack(t, { guard: { upgradeRate: { max: 3, timeWindow: 60_000 } } })
  t.equal(await knocks(stack, 10, { origin: 'https://evil.example' }), new Array(10).fill(403).join(' '), 'a page elsewhere can\'t use up its visitors\' budget')
  t.equal(await knocks(stack, 3), '101 101 101')
  const refused = await knock(stack)
  t.equal(refused.status, 429)
  t.equal(codeOf(refused), 'WSG_ERR_UPGRADE_RATE')
  t.match(refused.headers.get('retry-after'), /^([1-9]|[1-5]\d|60)$/)
  t.equal(refused.headers.get('connection'), 'close')
  t.equal(stack.log.where('event', 'ws.rate.exceeded').length, 1)
  for (let i = 0; i < 20; i++) t.equal((await stack.app.inject('/plain')).statusCode, 200)
  t.equal((await stack.app.inject('/plain')).headers['x-ratelimit-limit'], undefined, 'plain routes know nothing of it')
  t.ok(await stack.serves(OTHER))

  const bare = await bareStack(t)
  for (let i = 0; i < 100; i++) {
    const opened = await upgrade(bare.port)
    opened.client.destroy()
    if (opened.status !== 101) t.fail('the bare stack never refuses')
  }
})

t.test('D13 the default is 600 a minute, and a window ends', async t => {
  const standard = await guardedStack(t, { guard: { upgradeRate: {} } })
  const statuses = (await knocks(standard, 602)).split(' ')
  t.equal(statuses.filter(status => status === '101').length, 600)
  t.equal(statuses.at(-1), '429')
  t.ok(await standard.serves(OTHER))

  const short = await guardedStack(t, { guard: { upgradeRate: { max: 1, timeWindow: 300 } } })
  t.equal(await knocks(short, 2), '101 429')
  await new Promise(resolve => setTimeout(resolve, 350))
  t.ok(await short.serves(), 'the window is over')
})

t.test('D13 limits stack: a route\'s is checked beside the plugin\'s', async t => {
  const stack = await guardedStack(t, {
    guard: { upgradeRate: { max: 6, timeWindow: 60_000 } },
    extend: app => {
      app.get('/tight', { websocket: true, wsGuard: { public: true, upgradeRate: { max: 2, timeWindow: 60_000 } } }, () => {})
      app.get('/loose', { websocket: true, wsGuard: { public: true, upgradeRate: { max: 1000, timeWindow: 60_000 } } }, () => {})
    },
  })
  t.equal(await knocks(stack, 3, { path: '/tight' }), '101 101 429')
  t.equal(await knocks(stack, 4, { path: '/loose' }), '101 101 101 429', 'a generous route doesn\'t lift the plugin\'s limit')
  t.equal(await knocks(stack, 1, { path: '/tight', ...OTHER }), '101')
  t.ok(await stack.serves(OTHER))
})

t.test('D13 an allow list names addresses', async t => {
  const stack = await guardedStack(t, { guard: { upgradeRate: { max: 1, timeWindow: 60_000, allowList: ['127.0.0.1'] } } })
  t.equal(await knocks(stack, 4), '101 101 101 101')
  t.equal(await knocks(stack, 2, OTHER), '101 429')
  const asked: string[] = []
  const byFunction = await guardedStack(t, { guard: { upgradeRate: { max: 1, timeWindow: 60_000, allowList: request => { asked.push(request.ip); return request.ip === '127.0.9.9' } } } })
  t.equal(await knocks(byFunction, 2, OTHER), '101 101')
  t.equal(await knocks(byFunction, 2), '101 429')
  t.same(asked, ['127.0.9.9', '127.0.9.9', '127.0.0.1', '127.0.0.1'])
  t.ok(await byFunction.serves(OTHER))
})

t.test('D04 all addresses of one IPv6 /64 share a bucket', async t => {
  const stack = await guardedStack(t, {
    fastify: { trustProxy: '127.0.0.1' },
    guard: { upgradeRate: { max: 10, timeWindow: 60_000 }, connections: { perAddress: 1000 } },
  })
  let admitted = 0
  for (let i = 0; i < 200; i++) {
    if ((await knock(stack, from(`2001:db8:1:2:${(i * 300).toString(16)}:${i.toString(16)}::${(i + 1).toString(16)}`))).status === 101) admitted++
  }
  t.equal(admitted, 10)
  t.equal((await knock(stack, from('2001:db8:1:3::1'))).status, 101, 'the next /64 is another client')
  t.equal(await knocks(stack, 10, from('::ffff:192.0.2.7')), new Array(10).fill(101).join(' '))
  t.equal((await knock(stack, from('192.0.2.7'))).status, 429, 'an IPv4-mapped address is that address')
  t.equal((await knock(stack, from('192.0.2.8'))).status, 101)
  t.ok(await stack.serves(from('2001:db8:ffff::1')))
})

t.test('D04 sockets of one IPv6 /64 share a cap', async t => {
  const stack = await guardedStack(t, { fastify: { trustProxy: '127.0.0.1' }, guard: { connections: { perAddress: 5 } } })
  const results = await Promise.all(Array.from({ length: 200 }, async (_, i) => await stack.upgrade({ path: '/open', ...from(`2001:db8:1:2::${i.toString(16)}`) })))
  t.equal(results.filter(({ status }) => status === 101).length, 5)
  t.equal(results.filter(({ status }) => status === 429).length, 195)
  const wider = await guardedStack(t, { fastify: { trustProxy: '127.0.0.1' }, guard: { connections: { perAddress: 1, ipv6Prefix: 56 } } })
  t.equal((await wider.upgrade({ path: '/open', ...from('2001:db8:1:200::1') })).status, 101)
  t.equal((await wider.upgrade({ path: '/open', ...from('2001:db8:1:2ff::1') })).status, 429)
  t.equal((await wider.upgrade({ path: '/open', ...from('2001:db8:1:300::1') })).status, 101)
  t.ok(await stack.serves(from('2001:db8:9::1')))
})

t.test('D05 X-Forwarded-For of a peer that is no listed proxy changes nothing', async t => {
  const limits = { upgradeRate: { max: 3, timeWindow: 60_000 } }
  for (const [name, trustProxy] of [['no proxy', false], ['a proxy elsewhere', '10.0.0.1']] as const) {
    const stack = await guardedStack(t, { fastify: { trustProxy }, guard: limits })
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) statuses.push((await knock(stack, from(`198.51.100.${i}`))).status)
    t.same(statuses, [101, 101, 101, 429, 429, 429], name)
    t.ok(await stack.serves(OTHER))
  }
  // Behind the listed proxy the last address counts: what the client wrote before it is its own invention.
  const behind = await guardedStack(t, { fastify: { trustProxy: '127.0.0.1' }, guard: limits })
  const statuses: number[] = []
  for (let i = 0; i < 6; i++) statuses.push((await knock(behind, from(`198.51.100.${i}, 203.0.113.9`))).status)
  t.same(statuses, [101, 101, 101, 429, 429, 429])
  t.ok(await behind.serves(from('203.0.113.10')))
})

for (const order of ['before', 'after'] as const) {
  t.test(`D13 the application's own @fastify/rate-limit, registered ${order} the guard`, async t => {
    const own = async (app: GuardedStack['app']): Promise<void> => { await app.register(rateLimit, { global: false, max: 1000 }) }
    const stack = await guardedStack(t, {
      guard: { upgradeRate: { max: 4, timeWindow: 60_000 } },
      ...(order === 'before' ? { before: own } : {}),
      extend: async app => {
        if (order === 'after') await own(app)
        app.get('/limited', { config: { rateLimit: { max: 2, timeWindow: 60_000 } } }, () => ({}))
      },
    })
    const plain = async (): Promise<number> => (await stack.app.inject('/limited')).statusCode
    t.same([await plain(), await plain(), await plain()], [200, 200, 429], 'its route limit is its own')
    t.equal(await knocks(stack, 5), '101 101 101 101 429', 'so is ours')
    t.equal((await stack.app.inject('/plain')).statusCode, 200)
    t.equal((await stack.app.inject('/plain')).headers['x-ratelimit-limit'], undefined)
    t.ok(await stack.serves(OTHER))
  })

  t.test(`D13 a global limit of the application, registered ${order} the guard, refuses a handshake before the 101`, async t => {
    const own = async (app: GuardedStack['app']): Promise<void> => { await app.register(rateLimit, { max: 2, timeWindow: 60_000 }) }
    const stack = await guardedStack(t, {
      ...(order === 'before' ? { before: own } : {}),
      extend: async app => {
        if (order === 'after') await own(app)
        app.get('/late', { websocket: true, wsGuard: { public: true } }, () => {})
      },
    })
    const visitor = { path: '/late', tcp: { localAddress: '127.0.9.1' } }
    t.equal(await knocks(stack, 3, visitor), '101 101 429')
    const refused = await knock(stack, visitor)
    t.equal(refused.headers.get('connection'), 'close')
    await until(() => stack.app.wsGuard.sockets === 0)
    t.ok(await stack.serves(OTHER))
  })
}

t.test('I02 two applications share one count in Redis, and a dead Redis leaves a local limit', { skip: skipWithout('redis-server') }, async t => {
  const redis = await startRedis(t)
  const [a, b] = [await shared(t, redis.port), await shared(t, redis.port)]
  t.equal(await knocks(a, 2), '101 101')
  t.equal(await knocks(b, 2), '101 429', 'the third and fourth of all')
  t.equal(await knocks(a, 1), '429')
  t.equal(await knocks(a, 1, { path: '/tight', ...OTHER }), '101', 'limits of one client don\'t collide in one key')
  t.equal(await knocks(a, 1, { path: '/tight', ...OTHER }), '429')

  await redis.stop()
  t.equal(await knocks(a, 5, { tcp: { localAddress: '127.0.9.1' } }), '101 101 101 429 429', 'the local limiter counts')
  t.ok(a.log.where('event', 'ws.backend.unavailable').length >= 1)

  await redis.start()
  await new Promise(resolve => setTimeout(resolve, 2500))
  t.equal(await knocks(a, 2, { tcp: { localAddress: '127.0.9.2' } }), '101 101')
  t.equal(await knocks(b, 2, { tcp: { localAddress: '127.0.9.2' } }), '101 429', 'shared again')
  t.ok(await a.serves({ tcp: { localAddress: '127.0.9.3' } }))
})

t.test('I04 a Redis that hangs delays a handshake by half a second once, and the local limit counts', { skip: skipWithout('redis-server') }, async t => {
  const redis = await startRedis(t)
  const stack = await shared(t, redis.port)
  t.equal(await knocks(stack, 1), '101')
  redis.pause()
  t.equal(await knocks(stack, 4, OTHER), '101 101 101 429')
  redis.resume()
  t.ok(await stack.serves({ tcp: { localAddress: '127.0.9.3' } }))
})

async function shared (t: Teardown, port: number): Promise<GuardedStack> {
  const client = new Client({ port, host: '127.0.0.1', retryStrategy: () => 200 })
  client.on('error', () => {})
  t.teardown(() => { client.disconnect() })
  return await guardedStack(t, {
    guard: { upgradeRate: { max: 3, timeWindow: 60_000, redis: client } },
    extend: app => {
      app.get('/tight', { websocket: true, wsGuard: { public: true, upgradeRate: { max: 1, timeWindow: 60_000 } } }, () => {})
    },
  })
}
