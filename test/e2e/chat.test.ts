import t from 'tap'
import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { skipWithout } from '../helpers/binaries.js'
import { bubbles, connected, counted, logIn as logInTo, type Name, PASSWORDS, say, type Visitor, watched } from '../helpers/chat-page.js'
import { launchChromium } from '../helpers/chromium.js'
import { startExample } from '../helpers/example.js'
import type { Teardown } from '../helpers/teardown.js'

// examples/chat in a real browser: what a user sees, and what another page can do with the user's cookie.

interface Attempt {
  readonly opened: boolean
  /** HTTP status of a refused handshake. */
  readonly status: number | null
  readonly messages: readonly string[]
}

/** Opens a WebSocket from a page or frame and tells what came of it within half a second after it opened. */
async function attempt (page: Page, url: string, frame: Pick<Page, 'evaluate'> = page): Promise<Attempt> {
  const refused = new Promise<number>(resolve => {
    page.once('websocket', socket => {
      // Chromium tells a 401 in words, every other status by its number.
      socket.once('socketerror', text => resolve(/HTTP Authentication failed/.test(text) ? 401 : Number(/response code: (\d+)/.exec(text)?.[1])))
    })
  })
  const { opened, messages } = await frame.evaluate(async address => {
    const socket = new WebSocket(address)
    const messages: string[] = []
    socket.onmessage = event => messages.push(String(event.data))
    const opened = await new Promise<boolean>(resolve => {
      socket.onopen = () => resolve(true)
      socket.onclose = () => resolve(false)
    })
    if (opened) await new Promise(resolve => setTimeout(resolve, 500))
    socket.close()
    return { opened, messages }
  }, url)
  return { opened, status: opened ? null : await refused, messages }
}

/** A server of somebody else on this machine, which notes the cookies it is sent. */
async function otherSite (t: Teardown, html: string): Promise<{ readonly port: number, readonly cookies: string[] }> {
  const cookies: string[] = []
  const server = createServer((request, response) => {
    cookies.push(request.headers.cookie ?? '')
    response.setHeader('content-type', 'text/html').end(html)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, cookies }
}

t.test('the chat example', { skip: skipWithout('chromium') }, async t => {
  const chat = await startExample(t, 'chat')
  const site = `http://localhost:${chat.port}`
  const lobby = `ws://localhost:${chat.port}/rooms/lobby`
  const browser = await launchChromium(t, ['evil.example'])

  const logIn = async (name: Name): Promise<Visitor> => await logInTo(browser, site, name)

  await t.test('a wrong password shows a message and no session', async t => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(site)
    t.equal(page.url(), `${site}/login`)
    await page.fill('#name', 'alice')
    await page.fill('#password', 'builder')
    await page.click('button.primary')
    t.match(await page.textContent('[role=alert]'), /do not belong together/)
    t.equal(await page.isVisible('[role=alert]'), true)
    t.same(await context.cookies(), [])
    const { opened, status } = await attempt(page, lobby)
    t.same({ opened, status }, { opened: false, status: 401 })
    await context.close()
  })

  const alice = await logIn('alice')
  const bob = await logIn('bob')

  await t.test('two people talk in a room and see each other', async t => {
    await say(alice.page, 'hello from alice')
    await say(bob.page, 'hello from bob')
    for (const { page } of [alice, bob]) {
      await counted(page, '.bubble', 2)
      t.same((await bubbles(page)).sort(), ['hello from alice', 'hello from bob'])
      t.equal(await page.locator('.message.own').count(), 1)
      await counted(page, '.person', 2)
    }
    t.same(await bob.page.locator('.person').allInnerTexts().then(texts => texts.map(text => text.split('\n').slice(1).join(', '))), ['Alice, moderator', 'Bob (you), moderator'])
    t.match(await alice.page.textContent('#messages'), /Bob joined/)
  })

  await t.test('a room keeps its history, and rooms are apart', async t => {
    await bob.page.click('a[href="#music"]')
    await connected(bob.page)
    await bob.page.waitForSelector('#empty:not([hidden])')
    await say(bob.page, 'only in music')
    await counted(bob.page, '.bubble', 1)
    await bob.page.click('a[href="#lobby"]')
    await counted(bob.page, '.bubble', 2)
    t.notMatch(await alice.page.textContent('#messages'), /only in music/)
  })

  await t.test('markup in a message is text, and nothing of it runs', async t => {
    const requested: string[] = []
    bob.page.on('request', request => requested.push(new URL(request.url()).pathname))
    const markup = '<img src=/pwned.png onerror="window.pwned = 1"><script>window.pwned = 2</script><svg onload="window.pwned = 3">'
    await say(alice.page, markup)
    await counted(bob.page, '.bubble', 3)
    t.equal((await bubbles(bob.page)).at(-1), markup)
    t.equal(await bob.page.evaluate('window.pwned'), undefined)
    t.equal(await bob.page.locator('#messages :is(img, script, svg)').count(), 0)
    t.same(requested, [])
  })

  await t.test('a page of another port of the same host has the cookie, and is refused', async t => {
    const other = await otherSite(t, '<!doctype html><title>other</title>')
    const page = await alice.context.newPage()
    await page.goto(`http://localhost:${other.port}/`)
    t.match(other.cookies[0], /chat=/, 'cookies know no ports: it would have gone along')
    const { opened, status } = await attempt(page, lobby)
    t.same({ opened, status }, { opened: false, status: 403 })
    const line = await chat.log.waitFor(line => line['code'] === 'WSG_ERR_ORIGIN_NOT_ALLOWED')
    t.equal(line['value'], `http://localhost:${other.port}`)

    const control = await attempt(alice.page, lobby)
    t.equal(control.opened, true, 'the own page may, with the same cookie')
    t.match(control.messages[0], /"people"/)
    await page.close()
  })

  await t.test('pages of other sites are refused', async t => {
    const other = await otherSite(t, '<!doctype html><title>other</title>')
    for (const origin of [`http://127.0.0.1:${other.port}`, `http://evil.example:${other.port}`]) {
      const page = await alice.context.newPage()
      await page.goto(origin)
      const { opened, status } = await attempt(page, lobby)
      t.same({ opened, status }, { opened: false, status: 403 }, origin)
      await page.close()
    }
  })

  await t.test('a sandboxed frame (Origin: null) is refused', async t => {
    const other = await otherSite(t, '<!doctype html><iframe sandbox="allow-scripts" srcdoc="<title>frame</title>"></iframe>')
    const page = await alice.context.newPage()
    await page.goto(`http://localhost:${other.port}/`)
    const frame = page.frames()[1]!
    t.equal(await frame.evaluate('self.origin'), 'null')
    const { opened, status } = await attempt(page, lobby, frame as Pick<Page, 'evaluate'>)
    t.same({ opened, status }, { opened: false, status: 403 })
    t.equal((await chat.log.waitFor(line => line['code'] === 'WSG_ERR_ORIGIN_NULL'))['value'], 'null')
    await page.close()
  })

  await t.test('a form of another page can neither log out nor log in', async t => {
    for (const path of ['logout', 'login']) {
      const other = await otherSite(t, `<!doctype html><form method="post" action="${site}/${path}"><input name="name" value="carol"><input name="password" value="singer"></form>`)
      const page = await alice.context.newPage()
      await page.goto(`http://localhost:${other.port}/`)
      const [response] = await Promise.all([
        page.waitForResponse(`${site}/${path}`),
        page.evaluate('document.forms[0].submit()'),
      ])
      t.equal(response.status(), 403, path)
      await page.close()
    }
    t.equal(await alice.page.evaluate(async () => (await fetch('/me').then(async answer => await answer.json() as { id: string })).id), 'alice')
  })

  await t.test('the private room is closed to carol and open to bob', async t => {
    const carol = await logIn('carol')
    const workshop = `ws://localhost:${chat.port}/rooms/workshop`
    await carol.page.goto(`${site}/#workshop`)
    await carol.page.waitForSelector('#notice:not([hidden])')
    t.match(await carol.page.textContent('#notice'), /for moderators/)
    t.same(carol.complaints, [])
    t.equal(await carol.page.textContent('#state'), 'Disconnected')
    // Without `wsg.v1` it is a refused handshake.
    const { opened, status } = await attempt(carol.page, workshop)
    t.same({ opened, status }, { opened: false, status: 403 })
    t.equal((await attempt(carol.page, `ws://localhost:${chat.port}/rooms/nowhere`)).status, 403)
    t.equal((await attempt(bob.page, workshop)).opened, true)
    await carol.context.close()
  })

  await t.test('the page connects again by itself, and keeps what was typed', async t => {
    const context = await browser.newContext({ storageState: await bob.context.storageState() })
    const page = await context.newPage()
    let sockets = 0
    let cut: (() => unknown) | undefined
    await page.routeWebSocket(lobby, socket => {
      sockets++
      socket.connectToServer()
      cut = () => socket.close({ code: 1013, reason: 'overload' })
    })
    await page.goto(site)
    await connected(page)
    await page.fill('#text', 'a draft')
    await cut?.()
    await page.waitForSelector('body:not([data-state=open])')
    await connected(page)
    t.equal(sockets, 2)
    await counted(page, '.bubble', 3)
    t.equal(await page.inputValue('#text'), 'a draft')
    await context.close()
  })

  await t.test('logging in changes the session id and ends the session before', async t => {
    const headers = { origin: site, 'content-type': 'application/x-www-form-urlencoded' }
    const post = async (name: Name, cookie: string): Promise<string> => {
      const response = await fetch(`${site}/login`, { method: 'POST', redirect: 'manual', headers: { ...headers, cookie }, body: `name=${name}&password=${PASSWORDS[name]}` })
      t.equal(response.status, 303)
      return response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
    }
    const me = async (cookie: string): Promise<number> => (await fetch(`${site}/me`, { headers: { cookie } })).status
    const first = await post('bob', '')
    t.equal(await me(first), 200)
    const second = await post('bob', first)
    t.not(second, first)
    t.same([await me(first), await me(second)], [401, 200])
    const forged = await fetch(`${site}/login`, { method: 'POST', redirect: 'manual', headers: { ...headers, 'sec-fetch-site': 'cross-site' }, body: 'name=bob&password=builder' })
    t.equal(forged.status, 403)
    t.equal((await fetch(`${site}/logout`, { method: 'POST', redirect: 'manual' })).status, 403, 'without an Origin nothing proves where it came from')
  })

  await t.test('what a page shows is served with headers that let no inline script run', async t => {
    const response = await fetch(`${site}/login`)
    t.match(response.headers.get('content-security-policy'), /script-src 'self'/)
    t.notMatch(response.headers.get('content-security-policy'), /unsafe/)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
  })

  await t.test('logging out leads to the login page, ends other tabs, and the old cookie opens nothing', async t => {
    const second = await watched(alice.context)
    await second.page.goto(site)
    await connected(second.page)
    const before = await alice.context.cookies()
    await alice.page.click('#me')
    await alice.page.getByRole('button', { name: 'Log out', exact: true }).click()
    await alice.page.waitForURL(`${site}/login`)
    await second.page.waitForURL(`${site}/login?ended`, { timeout: 60_000 })
    t.match(await second.page.textContent('[role=alert]'), /logged out/, 'which says why')
    t.same(await alice.context.cookies(), [])
    await counted(bob.page, '.person', 1)
    t.match(await bob.page.textContent('#messages'), /Alice left/)
    t.same([...alice.complaints, ...second.complaints], [])

    await alice.page.goBack()
    await alice.page.waitForURL(`${site}/login`)
    await alice.context.addCookies(before)
    const { opened, status } = await attempt(alice.page, lobby)
    t.same({ opened, status }, { opened: false, status: 401 })
  })

  await t.test('after all that, bob still talks, and his page never complained', async t => {
    await say(bob.page, 'still here')
    await bob.page.locator('.bubble', { hasText: /^still here$/ }).waitFor()
    t.same(bob.complaints, [])
  })
})
