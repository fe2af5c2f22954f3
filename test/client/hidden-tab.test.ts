import t from 'tap'
import { skipWithout } from '../helpers/binaries.js'
import { chatServer } from '../helpers/client-server.js'
import { bundled, servePage } from '../helpers/page.js'
import { chromiumTabs, type Tab } from '../helpers/tabs.js'
import { until } from '../helpers/until.js'

// A browser holds back the timers of a tab that nobody sees. What a heartbeat makes of that is a dead connection, unless it
// goes by what arrives.

/** Turns of a timer of 50 ms while one of 3 s runs here. */
async function turns (tab: Tab): Promise<number> {
  await tab.evaluate('globalThis.turns = 0')
  await new Promise(resolve => setTimeout(resolve, 3000))
  return await tab.evaluate<number>('turns')
}

t.test('a hidden tab keeps its connection, and one that was lost is back when the tab is shown', { skip: skipWithout('chromium') }, async t => {
  const server = await chatServer({ before: app => servePage(app, bundled('test/client/browser-page.ts')) })
  t.teardown(() => server.app.close())
  const open = await chromiumTabs(t)
  const tab = await open(`http://localhost:${server.port}/`)
  await until(() => server.opened() === 1)
  await tab.evaluate('(function turn () { globalThis.turns = (globalThis.turns ?? 0) + 1; setTimeout(turn, 50) })()')
  t.ok(await turns(tab) > 20, 'in front')
  const other = await open('about:blank')
  await other.bringToFront()
  await until(async () => await tab.evaluate('document.visibilityState') === 'hidden')
  // Its beat is 400 ms, and there is not one timer in as much time.
  t.ok(await turns(tab) < 8, 'behind another one')
  server.route.group('lobby').send.said({ from: 'x', text: 'while you looked away' })
  await until(async () => await tab.evaluate<number>('heard.length') === 1)
  t.ok(await turns(tab) < 8)
  t.same([await tab.evaluate('client.state'), server.opened()], ['open', 1])

  server.route.group('lobby').close(1011, 'internal')
  await until(async () => await tab.evaluate<number>('states.length') >= 3)
  await tab.bringToFront()
  await until(() => server.opened() === 2 && server.sockets() === 1)
  await until(async () => await tab.evaluate('client.state') === 'open')
  await tab.evaluate('void client.send.say({ text: "back" })')
  await until(() => server.said.includes('back'))
  t.equal(server.opened(), 2)
})
