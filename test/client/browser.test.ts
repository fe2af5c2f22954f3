import t from 'tap'
import type { Page } from 'playwright-core'
import type { Client, StateChange } from '../../lib/client.js'
import { skipWithout } from '../helpers/binaries.js'
import { launchChromium } from '../helpers/chromium.js'
import { chatServer } from '../helpers/client-server.js'
import { bundled, servePage } from '../helpers/page.js'
import { until } from '../helpers/until.js'
import type { chat } from './contracts.js'

/** What the page has put on its window. */
interface Seen {
  readonly client: Client<typeof chat>
  readonly heard: string[]
  readonly states: StateChange[]
  readonly events: string[]
}

const seen = <R>(page: Page, read: (seen: Seen) => R | Promise<R>): Promise<R> =>
  page.evaluate(`(${read.toString()})(globalThis)`) as Promise<R>

t.test('the client in Chromium', { skip: skipWithout('chromium'), timeout: 100_000 }, async t => {
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
    t.same(await seen(page, async ({ client }) => {
      client.send.say({ text: 'hello' })
      const answer = await client.attempt.history({ limit: 100 })
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
