import t from 'tap'
import { skipWithout } from '../helpers/binaries.js'
import { launchChromium } from '../helpers/chromium.js'
import { chatServer } from '../helpers/client-server.js'
import { bundled, servePage } from '../helpers/page.js'
import { until } from '../helpers/until.js'

t.test('React 19 under StrictMode, in Chromium', { skip: skipWithout('chromium') }, async t => {
  const server = await chatServer({ before: app => servePage(app, bundled('test/client/react-page.ts')) })
  t.teardown(() => server.app.close())
  const browser = await launchChromium(t)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', message => { if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text()) })
  page.on('pageerror', error => complaints.push(String(error)))
  let made = 0
  page.on('websocket', () => { made++ })
  await page.goto(`http://localhost:${server.port}/`)
  const shows = async (id: string, wanted: string): Promise<void> => {
    await page.waitForFunction(([id, wanted]) => (globalThis as never as { document: { getElementById (id: string): { textContent: string } | null } }).document.getElementById(id!)?.textContent === wanted, [id, wanted] as const)
  }
  const show = async (props: object | null): Promise<void> => { await page.evaluate(props => { (globalThis as never as { show (props: object | null): void }).show(props) }, props) }

  await t.test('one socket, its state shown, calls made once, errors typed', async t => {
    await shows('state', 'open')
    await shows('history', '')
    await shows('error', 'too_far')
    t.same([made, server.opened(), server.sockets()], [1, 1, 1])
  })

  await t.test('messages are heard once, by the listener of the latest render', async t => {
    await page.click('#say')
    await shows('lines', 'hello')
    await show({ room: 'lobby', prefix: '>' })
    await page.click('#say')
    await shows('lines', 'hello >hello')
    t.same([made, server.said.length], [1, 2], 'a render with the same url is the same client')
  })

  await t.test('a call can be made again', async t => {
    await page.click('#reload')
    await shows('history', 'hello hello')
    t.equal(made, 1)
  })

  await t.test('other params are another socket, and the old one is closed', async t => {
    await show({ room: 'music', prefix: '' })
    await until(() => server.opened() === 2 && server.sockets() === 1)
    await shows('state', 'open')
    t.equal(made, 2)
    await page.click('#say')
    await shows('lines', 'hello >hello hello')
  })

  await t.test('a component that goes leaves no socket', async t => {
    await show(null)
    await until(() => server.sockets() === 0)
    t.same([made, server.opened()], [2, 2])
    await show({ room: 'lobby', prefix: '' })
    await shows('state', 'open')
    t.same([made, server.sockets()], [3, 1])
  })

  t.same(complaints, [])
})
