import t from 'tap'
import type { Page } from 'playwright-core'
import { skipWithout } from '../helpers/binaries.js'
import { bubbles, connected, counted, logIn as logInTo, type Name, say, type Visitor } from '../helpers/chat-page.js'
import { launchChromium } from '../helpers/chromium.js'
import { startExample } from '../helpers/example.js'

// examples/chat in a real browser: the devices of a member, roles that change while pages are open, and what a page says when it was refused.

t.test('devices and roles of the chat example', { skip: skipWithout('chromium') }, async t => {
  const chat = await startExample(t, 'chat')
  const site = `http://localhost:${chat.port}`
  const browser = await launchChromium(t)
  const logIn = async (name: Name, options = {}): Promise<Visitor> => await logInTo(browser, site, name, options)

  const enter = async (page: Page, room: string): Promise<void> => {
    await page.getByRole('link', { name: room }).click()
    await page.getByRole('heading', { name: room }).waitFor()
  }
  const notice = async (page: Page): Promise<string | null> => {
    await page.waitForSelector('#notice:not([hidden])')
    return await page.textContent('#notice')
  }
  const post = async ({ page }: Visitor, path: string, body: object): Promise<number> => await page.evaluate(async ([path, body]) => {
    return (await fetch(path!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body! })).status
  }, [path, JSON.stringify(body)])

  await t.test('a member sees all devices, and logs out the others: their pages end and say why, this one goes on', async t => {
    const phone = await logIn('carol', { userAgent: 'Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0' })
    const laptop = await logIn('carol')
    const bystander = await logIn('bob')
    const { page } = laptop
    await page.locator('#me').click()
    await counted(page, '.device', 2)
    t.same(await page.locator('.device b').allTextContents(), ['Chrome on Linux (this one)', 'Firefox on Android'])
    t.equal(await page.getByRole('button', { name: 'Log out my other devices' }).isEnabled(), true)

    await page.getByRole('button', { name: 'Log out my other devices' }).click()
    await phone.page.waitForURL(`${site}/login?ended`)
    t.match(await phone.page.getByRole('alert').textContent(), /logged out, here or on another device/)
    await counted(page, '.device', 1)
    t.match(await page.locator('#account-result').textContent(), /^Logged out: 1\./)
    t.equal(await page.getByRole('button', { name: 'Log out my other devices' }).isEnabled(), false)
    await page.keyboard.press('Escape')
    await say(page, 'still here')
    await bystander.page.locator('.bubble', { hasText: 'still here' }).waitFor()
    t.equal((await phone.page.request.get(`${site}/me`)).status(), 401, 'the login has ended, not its socket only')
    t.same([...phone.complaints, ...laptop.complaints, ...bystander.complaints], [])
    for (const { context } of [phone, laptop, bystander]) await context.close()
  })

  await t.test('a list of devices tells no session id', async t => {
    const carol = await logIn('carol')
    const devices = await carol.page.evaluate(async () => await (await fetch('/devices')).json() as object[])
    t.same(Object.keys(devices[0]!).sort(), ['isThis', 'name', 'since'])
    t.equal((await fetch(`${site}/devices`)).status, 401)
    await carol.context.close()
  })

  const alice = await logIn('alice')
  const bob = await logIn('bob')

  await t.test('who loses the role is out of the private room at once, is told why, and moderates no more', async t => {
    await enter(bob.page, 'Workshop')
    await connected(bob.page)
    await say(bob.page, 'among moderators')
    await counted(bob.page, '.bubble', 1)
    await alice.page.locator('#me').click()
    await alice.page.getByRole('checkbox', { name: 'Bob' }).uncheck()
    t.match(await notice(bob.page), /^This room is for moderators/)
    await counted(bob.page, '.bubble', 0)
    t.equal(await bob.page.textContent('#state'), 'Disconnected')
    await alice.page.locator('#account-result', { hasText: 'Bob is no longer a moderator, as of now (open connections: 1).' }).waitFor()
    await enter(bob.page, 'Lobby')
    await connected(bob.page)
    t.equal(await bob.page.locator('.moderator').count(), 0)
    t.equal(await bob.page.isVisible('#notice'), false, 'what was said of the other room is gone')
  })

  await t.test('who is no moderator removes nothing: the page does not offer it, and the server refuses it', async t => {
    await alice.page.keyboard.press('Escape')
    await say(alice.page, 'you can not remove this')
    await bob.page.locator('.bubble', { hasText: 'you can not remove this' }).waitFor()
    t.equal(await bob.page.getByRole('button', { name: 'Remove' }).count(), 0)
    // The button is there, hidden: who shows it to themselves gets the server's answer.
    await bob.page.locator('.remove').last().evaluate(button => (button as unknown as { click: () => void }).click())
    t.equal(await notice(bob.page), 'Only a moderator may do that.')
    t.ok((await bubbles(alice.page)).includes('you can not remove this'))
  })

  await t.test('who gets the role has it at once, over the connection that is open', async t => {
    await alice.page.locator('#me').click()
    await alice.page.getByRole('checkbox', { name: 'Bob' }).check()
    await bob.page.locator('body.moderator').waitFor()
    t.match(await bob.page.locator('.person', { hasText: 'Bob' }).textContent(), /moderator/)
    await alice.page.keyboard.press('Escape')
    await bob.page.getByRole('button', { name: 'Remove what Alice said' }).last().click()
    for (const { page } of [alice, bob]) await page.locator('.event', { hasText: 'A moderator removed a message' }).waitFor()
    t.notOk((await bubbles(alice.page)).includes('you can not remove this'))
    t.equal(await bob.page.evaluate('document.activeElement.id'), 'messages', 'focus is not lost with the button')
    await enter(bob.page, 'Workshop')
    await connected(bob.page)
  })

  await t.test('roles are given by moderators, and nobody changes their own', async t => {
    const carol = await logIn('carol')
    t.equal(await post(carol, '/members/carol/role', { isModerator: true }), 403)
    t.equal(await post(carol, '/members/bob/role', { isModerator: false }), 403)
    t.equal(await post(alice, '/members/alice/role', { isModerator: false }), 403, 'so that one is left')
    t.equal(await post(alice, '/members/mallory/role', { isModerator: true }), 404)
    t.equal(await post(alice, '/members/bob/role', { isModerator: 'perhaps' }), 400)
    t.equal(await post(bob, '/members/carol/role', { isModerator: true }), 200)
    await carol.page.locator('body.moderator').waitFor()
    await carol.page.locator('#me').click()
    t.equal(await carol.page.getByRole('group', { name: 'Moderators' }).isVisible(), true)
    await carol.context.close()
  })

  await t.test('a page that was refused says for what, and when it tries again', async t => {
    const page = await bob.context.newPage()
    await page.routeWebSocket(/\/rooms\/lobby$/, socket => {
      socket.send('{"type":"$error","error":{"code":"too_many","message":"Too many","retryAfter":30000}}')
      void socket.close({ code: 4429, reason: 'too_many' })
    })
    await page.goto(site)
    t.match(await notice(page), /^You have too many connections, or sent too much\. Trying again in \d+ s\.$/)
    t.equal(await page.textContent('#state'), 'Reconnecting…')
    await page.close()
  })

  await t.test('a server that stops tells its pages so', async t => {
    await chat.stop()
    t.match(await notice(alice.page), /^The server is restarting\. Trying again in \d+ s\.$/)
  })
})
