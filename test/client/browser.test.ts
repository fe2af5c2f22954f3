import t from 'tap'
import type { Page } from 'playwright-core'
import type { attempt, Client, StateChange } from '../../lib/client.js'
import { skipWithout } from '../helpers/binaries.js'
import { launchChromium } from '../helpers/chromium.js'
import { chatServer } from '../helpers/client-server.js'
import { bundled, servePage } from '../helpers/page.js'
import { until } from '../helpers/until.js'
import type { chat } from './contracts.js'

// Of the page: what is evaluated there is compiled here.
declare const location: { readonly origin: string }
declare const WebSocket: new (url: string, protocols: readonly string[]) => {
  onopen: ((event: unknown) => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number, readonly reason: string }) => void) | null
}

/** What the page has put on its window. */
interface Seen {
  readonly attempt: typeof attempt
  readonly client: Client<typeof chat>
  readonly heard: string[]
  readonly states: StateChange[]
  readonly events: string[]
}

const seen = <R>(page: Page, read: (seen: Seen) => R | Promise<R>): Promise<R> =>
  page.evaluate(`(${read.toString()})(globalThis)`) as Promise<R>

t.test('the client in Chromium', { skip: skipWithout('chromium') }, async t => {
  const script = bundled('test/client/browser-page.ts')
  const server = await chatServer({ before: app => servePage(app, script) })
  t.teardown(() => server.app.close())
  const browser = await launchChromium(t)
  const context = await browser.newContext()
  const page = await context.newPage()
  const sockets: string[] = []
  page.on('websocket', socket => { sockets.push(socket.url()) })
  await page.goto(`http://localhost:${server.port}/`)

  await t.test('a path of the own site, messages, calls and declared errors', async t => {
    await until(() => server.sockets() === 1 && sockets.length === 1)
    t.same(sockets, [`ws://localhost:${server.port}/rooms/lobby`])
    t.same(await seen(page, async ({ attempt, client }) => {
      client.send.say({ text: 'hello' })
      const answer = await attempt(client).history({ limit: 100 })
      return [await client.calls.history({ limit: 5 }), answer.ok || answer.error.code]
    }), [[{ from: 'somebody', text: 'hello' }], 'too_far'])
    t.same(await seen(page, ({ heard }) => heard), ['hello'])
  })

  await t.test('a tab in the background, and then frozen, keeps its socket and hears what was said meanwhile', async t => {
    const other = await context.newPage()
    await other.bringToFront()
    const session = await context.newCDPSession(page)
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    server.route.group('lobby').send.said({ from: 'x', text: 'while you slept' })
    await new Promise(resolve => setTimeout(resolve, 2000))
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await until(async () => await seen(page, ({ heard }) => heard.length) === 2)
    t.equal(await seen(page, ({ client }) => client.state), 'open')
    t.same([sockets.length, server.opened()], [1, 1])
    await other.close()
  })

  await t.test('the network goes and comes back', async t => {
    server.route.group('lobby').close(1011, 'internal')
    await until(() => server.opened() === 2)
    await until(async () => await seen(page, ({ client }) => client.state) === 'open')
    t.match(await seen(page, ({ states }) => states.find(({ state }) => state === 'waiting')), { code: 1011, reason: 'internal' })
  })

  await t.test('the end of the session: one event, and peace', async t => {
    server.route.group('lobby').close(4401, 'unauthenticated')
    await until(async () => await seen(page, ({ client }) => client.state) === 'closed')
    t.same(await seen(page, ({ events }) => events), ['unauthenticated', 'closed'])
    await new Promise(resolve => setTimeout(resolve, 500))
    t.equal(server.opened(), 2)
  })
})

t.test('a refused page sees why, in Chromium', { skip: skipWithout('chromium') }, async t => {
  const server = await chatServer({
    guard: { connections: { perAddress: 2 } },
    accepts (token) {
      if (token === 'down') throw new Error('the store is down')
      return token === 'good'
    },
    before: app => servePage(app, bundled('test/client/browser-page.ts')),
  })
  t.teardown(() => server.app.close())
  const browser = await launchChromium(t)
  const page = await browser.newPage()
  await page.goto(`http://localhost:${server.port}/`)
  await until(async () => await seen(page, ({ client }) => client.state) === 'closed')
  t.same(await seen(page, ({ events }) => events), ['unauthenticated', 'closed'])

  const refusal = (room: string, ...protocols: string[]): Promise<unknown> => page.evaluate(async ([room, ...protocols]) => {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/rooms/${room}`, protocols)
    const heard: string[] = []
    socket.onmessage = ({ data }) => heard.push((JSON.parse(String(data)) as { error: { code: string } }).error.code)
    return await new Promise(resolve => { socket.onclose = ({ code, reason }) => resolve([...heard, code, reason]) })
  }, [room, ...protocols] as const)
  t.same(await refusal('lobby', 'wsg.v1'), ['unauthenticated', 4401, 'unauthenticated'])
  t.same(await refusal('x'.repeat(40), 'wsg.v1', 'bearer.good'), ['forbidden', 4403, 'forbidden'])
  t.same(await refusal('lobby', 'wsg.v1', 'cf-0123456789abcdef', 'bearer.good'), ['stale', 4426, 'stale'])
  t.same(await refusal('lobby', 'wsg.v1', 'bearer.down'), ['overload', 1013, 'overload'])
  await page.evaluate(async () => {
    for (let n = 0; n < 2; n++) {
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/rooms/lobby`, ['wsg.v1', 'bearer.good'])
      await new Promise(resolve => { socket.onopen = resolve })
    }
  })
  await until(() => server.sockets() === 2)
  t.same(await refusal('lobby', 'wsg.v1', 'bearer.good'), ['too_many', 4429, 'too_many'])
  t.equal(server.opened(), 2, 'the application has seen the two that were admitted')
})
