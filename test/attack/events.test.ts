import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import type { RefusedEvent } from '../../types/gate.js'
import { CHANNELS } from '../../lib/events/events.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { close, text } from '../helpers/frames.js'
import { upgrade } from '../helpers/handshake.js'
import { readText } from '../helpers/sources.js'
import { until } from '../helpers/until.js'

const N = Type.Object({ n: Type.Integer() })
const contract = defineContract({
  name: 'told',
  url: '/test',
  inbound: { say: N, boom: N, hang: { payload: N, deadline: 20 } },
  outbound: { said: Type.Object({ text: Type.String() }), tick: { payload: Type.Object({ text: Type.String() }), whenSlow: 'drop' } },
})

/** A client of Redis as @fastify/rate-limit calls it. */
const RATE_STORE_DOWN = {
  defineCommand () {},
  rateLimit (...given: readonly unknown[]) { (given.at(-1) as (error: Error) => void)(new Error('the rate store is down')) },
}

/** In development only, over the rate only, and where something was thrown. */
const isOptional = (name: string, field: string): boolean => ['detail', 'budget'].includes(field) || (name === 'fastify-ws-guard:refused' && field === 'error')

/** Fields that docs/events.md lists under a heading, and those of every event of a socket. */
function documented (): ReadonlyMap<string, readonly string[]> {
  const sections = readText('docs/events.md').split('\n## ').slice(1)
  const fieldsOf = (section: string): string[] => [...(section.split('| cause |')[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? '')
  const common = fieldsOf(sections.find(one => one.startsWith('Fields')) ?? '')
  return new Map(sections.flatMap(section => {
    const name = /^`(fastify-ws-guard:[\w:]+)`/.exec(section)?.[1]
    if (name === undefined) return []
    return [[name, [...(/:(?:drained|store:\w+|rate:\w+)$/.test(name) ? ['app'] : name === 'fastify-ws-guard:refused' ? [] : common), ...fieldsOf(section)]] as const]
  }))
}

t.test('each channel has its section in docs/events.md, and each event the fields listed there', async t => {
  const pages = documented()
  t.same([...pages.keys()].sort(), Object.values(CHANNELS).map(({ name }) => name as string).sort())
  const seen = new Map<string, { readonly [field: string]: unknown }[]>()
  for (const { name } of Object.values(CHANNELS)) {
    const list: { readonly [field: string]: unknown }[] = []
    seen.set(name as string, list)
    const note = (event: unknown): void => { list.push(event as { readonly [field: string]: unknown }) }
    subscribe(name, note)
    t.teardown(() => { unsubscribe(name, note) })
  }
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      mayJoin: () => false,
      onOpen: socket => socket.join('nobody'),
      on: {
        say: ({ n }, socket) => {
          if (n > 1) return
          const message = { text: 'x'.repeat(1_000_000) }
          for (let i = 0; i < 20; i++) n === 0 ? socket.send.said(message) : socket.send.tick(message)
        },
        boom: () => { throw new Error('boom') },
        hang: () => new Promise(() => {}),
      },
    })
  }, { guard: { sessions: { recheck: 100 }, websocket: { fragmentTimeout: 200 }, upgradeRate: { max: 1000, redis: RATE_STORE_DOWN } } })
  const told = (name: string) => async (): Promise<boolean> => (seen.get(`fastify-ws-guard:${name}`)?.length ?? 0) > 0
  const [client, deaf, broken, late] = [await server.open(), await server.open(), await server.open({ path: '/ws' }), await server.open()]
  const { client: stranger } = await upgrade(server.stack.port, server.stack.page({ origin: 'https://evil.test' }))
  stranger.destroy()
  client.json({ type: 'say', data: { n: 2 } }, { type: 'boom', data: { n: 1 } }, { type: 'hang', data: { n: 1 } }, { type: 'nope' }, { type: 'say', data: { n: 'x' } })
  deaf.client.socket.pause()
  deaf.json({ type: 'say', data: { n: 0 } })
  late.client.socket.pause()
  late.json({ type: 'say', data: { n: 1 } })
  broken.send(Buffer.of(0xff, 0x80, 0, 0, 0, 0))
  await until(() => (seen.get('fastify-ws-guard:handler:timeout')?.length ?? 0) > 0 && (seen.get('fastify-ws-guard:slow')?.length ?? 0) > 0)
  t.equal(server.stack.app.wsGuard.refresh({ id: 'ada', roles: [] }), 2)
  late.client.socket.resume()
  await until(told('dropped'))
  server.stack.store.mode = 'down'
  await until(told('store:unavailable'))
  server.stack.store.mode = 'ok'
  await until(told('store:available'))
  for (const polite of [client, late]) polite.send(close(1000, 'bye'))
  await until(() => (seen.get('fastify-ws-guard:closed')?.length ?? 0) === 3)
  deaf.client.destroy()
  await until(() => (seen.get('fastify-ws-guard:closed')?.length ?? 0) === 4)
  await server.stack.app.close()

  for (const [name, fields] of pages) {
    const events = seen.get(name) ?? []
    t.ok(events.length > 0, name)
    const held = (all: readonly string[]): string[] => all.filter(field => !isOptional(name, field)).sort()
    for (const event of events) t.same(held(Object.keys(event)), held(fields), name)
    t.ok(events.every(({ app }) => app === server.stack.app))
  }
  t.match(seen.get('fastify-ws-guard:rate:unavailable'), [{ limit: 'all', error: { message: 'the rate store is down' } }])
  t.match(server.stack.log.where('event', 'ws.backend.unavailable'), [{ level: 50, limit: 'all', err: { message: 'the rate store is down' } }])
  const closed = (seen.get('fastify-ws-guard:closed') ?? [])
  t.same(closed.map(({ cause, code, reason }) => [cause, code, reason]).sort(), [['peer', 1000, 'bye'], ['peer', 1000, 'bye'], ['policy', 1013, 'slow_consumer'], ['protocol', 1002, '']])
  t.ok(closed.every(({ duration }) => typeof duration === 'number' && duration >= 0))
  t.same(seen.get('fastify-ws-guard:message:refused')?.map(({ code, type }) => [code, type]), [['unknown_type', null], ['invalid_message', 'say']])
  for (const line of server.stack.log.lines) {
    if (!/^ws\.(message|socket|handler|proto)/.test(String(line['event']))) continue
    t.match(line, { identity: 'ada', ip: '127.0.0.1', connId: /^s\d+$/, route: /^\/(test|ws)$/ }, String(line['event']))
  }
})

t.test('an address from a proxy is cut and escaped in events and log', async t => {
  const addresses: unknown[] = []
  const note = (event: unknown): void => { addresses.push((event as { ip: unknown }).ip) }
  subscribe('fastify-ws-guard:opened', note)
  t.teardown(() => { unsubscribe('fastify-ws-guard:opened', note) })
  const server = await contractStack(t, app => { app.wsRoute(contract, { on: { say: () => {}, boom: () => {}, hang: () => {} } }) }, { fastify: { trustProxy: '127.0.0.1' } })
  const client = await server.open({ headers: [['X-Forwarded-For', '\u00ad' + 'x'.repeat(5000)]] })
  client.send(text('{'))
  await client.waitMessages(1)
  const [ip] = addresses as [string]
  t.ok(ip.length < 300)
  t.notMatch(ip, /\u00ad/)
})

t.test('each refused handshake is told, with what was wrong escaped, and what was thrown as it is', async t => {
  const told: RefusedEvent[] = []
  const note = (event: unknown): void => { told.push(event as RefusedEvent) }
  subscribe('fastify-ws-guard:refused', note)
  t.teardown(() => { unsubscribe('fastify-ws-guard:refused', note) })
  const { stack } = await contractStack(t, () => {})
  for (let n = 0; n < 3; n++) await stack.upgrade(stack.page({ origin: 'https://evil\u00e2\u0080\u00ae.example' }))
  stack.store.mode = 'down'
  await stack.upgrade(stack.page())
  t.match(told.map(({ code, level, event, ip, value }) => [code, level, event, ip, /[\u0080-\u009f]/.test(value ?? '')]), [
    ...Array.from({ length: 3 }, () => ['WSG_ERR_ORIGIN_NOT_ALLOWED', 'warn', 'ws.origin.rejected', '127.0.0.1', false]),
    ['WSG_ERR_AUTH_UNAVAILABLE', 'warn', 'ws.backend.unavailable', '127.0.0.1', false],
  ])
  t.ok(told.every(event => event.app === stack.app && event.route === '/ws'))
  t.match(told[0]?.value, /\\u0080/)
  t.notOk('error' in told[0]!)
  t.equal(stack.log.where('event', 'ws.origin.rejected').length, 1)
})

t.test('I12 ten thousand types that nobody has declared are one label, and two lines', async t => {
  const labels = new Set<string>()
  let events = 0
  const note = (event: unknown): void => {
    const { route, code, type } = event as { readonly route: string, readonly code: string, readonly type: string | null }
    events++
    labels.add(JSON.stringify({ route, code, type }))
  }
  subscribe('fastify-ws-guard:message:refused', note)
  t.teardown(() => { unsubscribe('fastify-ws-guard:message:refused', note) })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { on: { say: () => {}, boom: () => {}, hang: () => {} } })
  }, { guard: { messages: NO_LIMITS } })
  const client = await server.open()
  for (let n = 0; n < 10_000; n += 100) client.json(...Array.from({ length: 100 }, (_, index) => ({ type: `type-${n + index}` })))
  await until(() => events === 10_000)
  t.same([...labels], ['{"route":"/test","code":"unknown_type","type":null}'])
  await server.stack.app.close()
  t.match(server.stack.log.where('event', 'ws.message.refused').map(({ count }) => count), [undefined, 9999])
})
