import t from 'tap'
import { join } from 'node:path'
import type { Page, WebSocket } from 'playwright-core'
import { skipWithout } from '../helpers/binaries.js'
import { launchChromium } from '../helpers/chromium.js'
import { startServer } from '../helpers/example.js'
import { runNode, separateRepository } from '../helpers/separate-repository.js'
import { readText, ROOT } from '../helpers/sources.js'
import { until } from '../helpers/until.js'

// examples/react as the application of its own that it is: this package, and what its package.json names.

interface Manifest { readonly dependencies: object, readonly devDependencies: object }

const manifest = (path: string): Manifest => JSON.parse(readText(path)) as Manifest
const { dependencies, devDependencies } = manifest('examples/react/package.json')
const PACKAGES = Object.keys({ ...dependencies, ...devDependencies, ...manifest('package.json').dependencies }).filter(name => name !== 'fastify-ws-guard')

t.test('examples/react in Chromium, under StrictMode', { skip: skipWithout('chromium') }, async t => {
  const folder = separateRepository(t, 'react', PACKAGES)
  const compiled = await runNode(folder, [join(ROOT, 'node_modules/typescript/lib/tsc.js'), '-p', '.'])
  t.equal(compiled.status, 0, compiled.output)
  const { port } = await startServer(t, join(folder, 'build/server.js'))
  const browser = await launchChromium(t)
  const sockets: WebSocket[] = []
  const complaints: string[] = []
  const open = async (): Promise<Page> => {
    const page = await browser.newPage()
    page.on('websocket', socket => { sockets.push(socket) })
    page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
    page.on('pageerror', error => complaints.push(String(error)))
    await page.goto(`http://localhost:${port}/`)
    await page.getByRole('status').filter({ hasText: 'open' }).waitFor()
    return page
  }
  const one = await open()
  t.equal(sockets.length, 1, 'one socket')
  const two = await open()
  for (const text of ['milk', 'bread']) {
    await one.getByLabel('Note').fill(text)
    await one.getByRole('button', { name: 'Pin' }).click()
    for (const page of [one, two]) await page.getByRole('listitem').filter({ hasText: text }).waitFor()
  }
  const three = await open()
  await three.getByRole('listitem').filter({ hasText: 'bread' }).waitFor()
  t.same(await three.getByRole('listitem').allTextContents(), ['milk', 'bread'], 'who comes later has them by the call')
  t.equal(sockets.length, 3)
  await three.getByLabel('Show the board').uncheck()
  await until(() => sockets[2]!.isClosed())
  await three.getByLabel('Show the board').check()
  await three.getByRole('listitem').filter({ hasText: 'milk' }).waitFor()
  t.same(sockets.map(socket => socket.isClosed()), [false, false, true, false], 'another one, and only one')
  t.same(complaints, [])
})
