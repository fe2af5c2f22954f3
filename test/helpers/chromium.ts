import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { binary } from './binaries.js'
import type { Teardown } from './teardown.js'

/** Without a window, and without what would ask the network. */
export const CHROMIUM_ARGS: readonly string[] = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
]

/**
 * The machine's own Chromium, ended with the test. Guard the test with `skipWithout('chromium')`. `hosts` maps names to
 * 127.0.0.1, so that a page can really come from another site; a page over TLS needs `ignoreHTTPSErrors` in its context.
 */
export async function launchChromium (t: Teardown, hosts: readonly string[] = []): Promise<Browser> {
  const rules = hosts.map(host => `MAP ${host} 127.0.0.1`).join(',')
  const browser = await chromium.launch({
    executablePath: binary('chromium'),
    args: rules === '' ? [...CHROMIUM_ARGS] : [...CHROMIUM_ARGS, `--host-resolver-rules=${rules}`],
  })
  t.teardown(() => browser.close())
  return browser
}
