import t from 'tap'
import type { Page } from 'playwright-core'
import { skipWithout } from '../helpers/binaries.js'
import { connected, counted, logIn, say, watched } from '../helpers/chat-page.js'
import { launchChromium } from '../helpers/chromium.js'
import { startExample } from '../helpers/example.js'
import { contrastFaults, namelessFaults, targetFaults, widthFaults } from '../helpers/page-audit.js'

// examples/chat for who has no mouse, sees no screen, reads in the dark or on a narrow one.

/** Accessible name of what has the focus: its text but for what is hidden from screen readers, or that of its label. */
const focused = (page: Page): Promise<string> => page.evaluate(`(() => {
  const { activeElement } = document
  const from = (activeElement.labels?.[0] ?? activeElement).cloneNode(true)
  for (const hidden of from.querySelectorAll('[aria-hidden]')) hidden.remove()
  return activeElement.getAttribute('aria-label') ?? from.textContent
})()`)

/** What each press of the Tab key reaches. */
async function tabs (page: Page, count: number): Promise<string[]> {
  const reached: string[] = []
  for (let i = 0; i < count; i++) {
    await page.keyboard.press('Tab')
    reached.push(await focused(page))
  }
  return reached
}

const PANEL = ['A foreign website', 'A flood', 'A bad message', 'A script', 'An old page']

t.test('the chat example is usable', { skip: skipWithout('chromium') }, async t => {
  const chat = await startExample(t, 'chat')
  const site = `http://localhost:${chat.port}`
  const browser = await launchChromium(t)
  const bob = await logIn(browser, site, 'bob')
  await say(bob.page, 'hello, who is there?')

  await t.test('by keyboard alone: log in, talk, change the room, break in, log out', async t => {
    const { page, complaints } = await watched(await browser.newContext())
    const { keyboard } = page
    await page.goto(site)
    t.equal(await focused(page), 'Name')
    await keyboard.type('alice')
    await keyboard.press('Tab')
    await keyboard.type('wonderland')
    await keyboard.press('Enter')
    await connected(page)
    await page.locator('.bubble').waitFor()
    t.same(await tabs(page, 8), [
      'Try to break in', 'Devices and logout of Alice', 'Lobby', 'Music', 'Workshop (for moderators)', 'Messages', 'Remove what Bob said', 'Message',
    ])
    await keyboard.type('by keyboard')
    await keyboard.press('Enter')
    await bob.page.locator('.bubble', { hasText: 'by keyboard' }).waitFor()
    t.equal(await focused(page), 'Message')

    await page.getByRole('link', { name: 'Music' }).focus()
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Music' }).waitFor()
    t.equal(await focused(page), 'Music', 'where one was, one still is')
    t.equal(await page.getByRole('link', { name: 'Music' }).getAttribute('aria-current'), 'page')

    await page.getByRole('button', { name: 'Try to break in' }).focus()
    await keyboard.press('Enter')
    t.equal(await focused(page), 'Close')
    t.same(await tabs(page, PANEL.length), PANEL)
    await keyboard.press('Enter')
    await page.locator('.attempts b', { hasText: 'The server held.' }).waitFor()
    t.equal(await focused(page), 'An old page')
    await keyboard.press('Escape')
    await counted(page, 'dialog[open]', 0)
    t.equal(await focused(page), 'Try to break in', 'back where it was opened')

    await keyboard.press('Tab')
    await keyboard.press('Space')
    await page.getByRole('checkbox', { name: 'Carol' }).waitFor()
    // The only device: "Log out my other devices" is disabled, and so no stop.
    t.same(await tabs(page, 3), ['Log out', 'Bob', 'Carol'])
    await keyboard.press('Space')
    await page.locator('#account-result', { hasText: 'Carol is a moderator' }).waitFor()
    t.equal(await focused(page), 'Carol')
    t.equal(await page.getByRole('checkbox', { name: 'Carol' }).isChecked(), true)
    await keyboard.press('Space')
    await page.locator('#account-result', { hasText: 'Carol is no longer a moderator' }).waitFor()
    await page.getByRole('button', { name: 'Log out', exact: true }).focus()
    await keyboard.press('Enter')
    await page.waitForURL(`${site}/login`)
    t.same(complaints, [])
    await page.context().close()
  })

  await t.test('to a screen reader: landmarks, names, and what is told by itself', async t => {
    const { page, context } = await logIn(browser, site, 'alice')
    await page.locator('.bubble').first().waitFor()
    const told = await page.locator('body').ariaSnapshot()
    for (const part of [
      /- banner:\n\s+- heading "Guarded chat" \[level=1\]\n\s+- status: Connected/,
      /- navigation "Rooms":/,
      /- link "Workshop \(for moderators\)"/,
      /- region "Here now 2":/,
      /- listitem: Alice \(you\) moderator/,
      /- main:/,
      /- log "Messages":/,
      /- textbox "Message"/,
    ]) t.match(told, part)
    t.same(await namelessFaults(page), [])
    t.equal(await page.locator('html').getAttribute('lang'), 'en')

    for (const [opener, name] of [['#open-break-in', 'Try to break in'], ['#me', 'Your devices']] as const) {
      await page.click(opener)
      const dialog = page.getByRole('dialog', { name })
      t.equal(await dialog.isVisible(), true, name)
      t.same(await namelessFaults(page), [])
      t.equal(await dialog.evaluate(element => (element as unknown as { matches (selector: string): boolean }).matches(':modal')), true, 'what is behind is out of reach')
      await page.keyboard.press('Escape')
    }
    t.equal(await page.locator('#account-result').getAttribute('role'), 'status')
    t.equal(await page.locator('#notice').getAttribute('role'), 'alert')
    await page.click('#open-break-in')
    t.equal(await page.getByRole('dialog').getByRole('status').count(), PANEL.length, 'each answer is told')
    const described = await page.getByRole('button', { name: 'A flood' }).getAttribute('aria-describedby')
    t.match(await page.locator(`#${described}`).textContent(), /600 messages/)
    await context.close()
  })

  await t.test('in light and dark: all texts stand out, and nothing is too small to press', async t => {
    const grounds: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, context } = await logIn(browser, site, 'alice', { colorScheme })
      await say(page, `said in the ${colorScheme}`)
      await page.locator('.own .bubble').first().waitFor()
      grounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
      const look = async (what: string): Promise<void> => {
        t.same(await contrastFaults(page), [], `${colorScheme}: ${what}`)
        t.same(await targetFaults(page), [], `${colorScheme}: ${what}`)
      }
      await look('the room')
      await page.click('#me')
      await page.getByRole('checkbox', { name: 'Carol' }).waitFor()
      await look('devices')
      await page.keyboard.press('Escape')
      await page.click('#open-break-in')
      await page.getByRole('button', { name: 'A bad message' }).click()
      await page.locator('output pre').waitFor()
      await look('the panel')
      await page.keyboard.press('Escape')
      await context.clearCookies()
      await page.goto(`${site}/login?ended`)
      await look('the login')
      await context.close()
    }
    t.not(grounds[0], grounds[1], 'the dark is darker')
  })

  await t.test('on 320 pixels nothing has to be scrolled sideways', async t => {
    const { page, context } = await logIn(browser, site, 'alice', { viewport: { width: 320, height: 568 } })
    await say(page, 'w'.repeat(400))
    await page.locator('.bubble', { hasText: 'wwww' }).waitFor()
    t.same(await widthFaults(page), [], 'the room')
    await page.evaluate("document.getElementById('state').textContent = 'Reconnecting…'")
    t.same(await widthFaults(page), [], 'the longest state')
    await page.click('#me')
    await page.getByRole('checkbox', { name: 'Carol' }).waitFor()
    t.same(await widthFaults(page), [], 'devices')
    await page.keyboard.press('Escape')
    await page.click('#open-break-in')
    for (const name of PANEL) await page.getByRole('button', { name }).click()
    await counted(page, 'output pre', PANEL.length)
    t.same(await widthFaults(page), [], 'the panel')
    await page.keyboard.press('Escape')
    await context.clearCookies()
    await page.goto(`${site}/login`)
    t.same(await widthFaults(page), [], 'the login')

    // Both sides: what is measured is found.
    await page.evaluate("document.querySelector('h1').style.cssText = 'color: #888; background: #999; width: 400px'")
    await page.evaluate("document.querySelector('button.primary').style.cssText = 'width: 20px; padding: 0'")
    await page.evaluate("document.querySelector('button.primary').textContent = ''")
    for (const measure of [contrastFaults, widthFaults, targetFaults, namelessFaults]) t.not((await measure(page)).length, 0, measure.name)
    await context.close()
  })
})
