import type { Browser, BrowserContext, Page } from 'playwright-core'
import { until } from './until.js'

// examples/chat as its users see it, for the tests of test/e2e.

export const PASSWORDS = { alice: 'wonderland', bob: 'builder', carol: 'singer' } as const
export type Name = keyof typeof PASSWORDS

/** A page whose complaints are kept. */
export interface Watched {
  readonly page: Page
  readonly complaints: string[]
}

/** Somebody who has logged in, in a browser of their own. */
export interface Visitor extends Watched {
  readonly context: BrowserContext
}

export async function watched (context: BrowserContext): Promise<Watched> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => { if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text()) })
  page.on('pageerror', error => complaints.push(String(error)))
  return { page, complaints }
}

/** Chooses a demo account, logs in and waits for the room. */
export async function logIn (browser: Browser, site: string, name: Name, options: Parameters<Browser['newContext']>[0] = {}): Promise<Visitor> {
  const context = await browser.newContext(options)
  const { page, complaints } = await watched(context)
  await page.goto(site)
  await page.click(`[data-name=${name}]`)
  await page.click('button.primary')
  await connected(page)
  return { context, page, complaints }
}

export async function connected (page: Page): Promise<void> {
  await page.waitForSelector('body[data-state=open]')
}

/** Waits until the page shows exactly so many. */
export async function counted (page: Page, selector: string, expected: number): Promise<void> {
  let count = -1
  await until(async () => (count = await page.locator(selector).count()) === expected).catch(() => {
    throw new Error(`${count} ${selector} instead of ${expected}`)
  })
}

export const bubbles = (page: Page): Promise<string[]> => page.locator('.bubble').allTextContents()

export async function say (page: Page, text: string): Promise<void> {
  await page.fill('#text', text)
  await page.press('#text', 'Enter')
}
