import t from 'tap'
import { request } from 'node:http'
import { skipWithout } from '../helpers/binaries.js'
import { counted, logIn, say } from '../helpers/chat-page.js'
import { launchChromium } from '../helpers/chromium.js'
import { startExample } from '../helpers/example.js'

// The panel "Try to break in" of examples/chat: each button makes a real attempt, and what it shows is the server's answer.

t.test('the panel of the chat example', { skip: skipWithout('chromium') }, async t => {
  const chat = await startExample(t, 'chat')
  const site = `http://localhost:${chat.port}`
  const browser = await launchChromium(t)
  const bob = await logIn(browser, site, 'bob')
  const carol = await logIn(browser, site, 'carol')
  const panel = carol.page.locator('#break-in')

  /** Presses a button and tells what is said, and what the server answered. */
  const attempt = async (button: string): Promise<{ readonly meaning: string, readonly answer: string }> => {
    const item = panel.getByRole('listitem').filter({ has: carol.page.getByRole('button', { name: button, exact: true }) })
    await item.getByRole('button').click()
    const answer = await item.locator('pre').textContent() ?? ''
    t.equal(await item.locator('b').textContent(), 'The server held. ', button)
    return { meaning: await item.getByRole('status').locator('span').textContent() ?? '', answer }
  }

  await carol.page.getByRole('button', { name: 'Try to break in' }).click()
  t.equal(await carol.page.getByRole('dialog', { name: 'Try to break in' }).isVisible(), true)

  await t.test('a foreign website: refused by its Origin, although it has the cookie', async t => {
    const { answer, meaning } = await attempt('A foreign website')
    t.match(answer, /^HTTP 403\n.*WSG_ERR_ORIGIN_NOT_ALLOWED/)
    t.match(meaning, /Your cookie went along and did not help/)
    const line = await chat.log.waitFor(line => line['code'] === 'WSG_ERR_ORIGIN_NOT_ALLOWED')
    t.equal(line['value'], 'https://evil.example', 'the server was really asked')
  })

  await t.test('what the attempt shows is the answer to its Origin: with the own one the same handshake is let in', async t => {
    const cookie = (await carol.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
    const headers = { cookie, upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${site}/rooms/lobby`, { headers: { ...headers, origin: site } })
        .on('upgrade', (response, socket) => { socket.destroy(); resolve(response.statusCode) })
        .on('response', response => { response.resume(); resolve(response.statusCode) })
        .on('error', reject)
        .end()
    })
    t.equal(status, 101)
  })

  await t.test('a flood: some are served, then the budget is used up, and the flood is cut off; bob is served meanwhile', async t => {
    const [{ answer, meaning }] = await Promise.all([attempt('A flood'), say(bob.page, 'do you notice anything?')])
    await bob.page.locator('.bubble', { hasText: 'do you notice anything?' }).waitFor()
    t.match(answer, /"code":"rate_limited"/)
    t.match(answer, /"retryAfter":\d+/)
    t.match(answer, /\nclosed 4429 too_many$/)
    const served = Number(/^(\d+) of 600/.exec(meaning)?.[1])
    t.ok(served > 0 && served < 600, `${served} were served`)
  })

  await t.test('a bad message: refused by the contract, and nothing of it is repeated', async t => {
    const { answer } = await attempt('A bad message')
    t.match(answer, /"code":"invalid_message"/)
    t.match(answer, /"path":"\/text"/)
    t.notMatch(answer, /42|isAdmin/)
  })

  await t.test('a script: arrives as text, in all pages, and does not run', async t => {
    const { answer } = await attempt('A script')
    t.match(answer, /"type":"said".*<script>document\.title = 'Broken in'<\/script>/)
    for (const { page } of [bob, carol]) {
      await page.locator('.bubble', { hasText: '<script>' }).waitFor()
      t.equal(await page.title(), 'Lobby · Guarded chat')
      t.equal(await page.locator('#messages script').count(), 0)
    }
  })

  await t.test('an old page: told that its contract is not served any more', async t => {
    const { answer } = await attempt('An old page')
    t.match(answer, /^\{"type":"\$error","error":\{"code":"stale"/)
    t.match(answer, /\nclosed 4426 stale$/)
  })

  await t.test('a server that lets it in is not called safe', async t => {
    await carol.page.route('**/break-in/foreign-origin', async route => await route.fulfill({ json: { status: 101, body: '' } }))
    await carol.page.getByRole('button', { name: 'A foreign website' }).click()
    await panel.locator('.broken', { hasText: 'That should not have happened.' }).waitFor()
    t.equal(await panel.locator('.broken').count(), 1)
    t.match(await panel.locator('pre').first().textContent(), /^HTTP 101/)
  })

  await t.test('after all that the chat goes on, for the one who tried as well', async t => {
    await carol.page.keyboard.press('Escape')
    await counted(carol.page, 'dialog[open]', 0)
    await say(carol.page, 'it held')
    await bob.page.locator('.bubble', { hasText: 'it held' }).waitFor()
    t.same([...bob.complaints, ...carol.complaints], [])
  })
})

t.test('in production nobody is helped to break in', async t => {
  await t.rejects(startExample(t, 'chat', { NODE_ENV: 'production' }), /WSG_ERR_/, 'it does not even boot as it is')
})
