import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const PACKAGES: { readonly [binary: string]: string } = {
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
  apache2: 'apache2-bin',
  caddy: 'caddy',
  haproxy: 'haproxy',
  chromium: 'chromium',
  openssl: 'openssl',
}

/** Full path of an executable, or null. Looks in PATH and where Debian keeps daemons. */
export function findBinary (name: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin']) {
    if (folder === '') continue
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      continue
    }
  }
  return null
}

/**
 * The rule for tests that need a program: `t.test('…', { skip: skipWithout('redis-server') }, …)`. False when all are
 * there. A missing one skips with a line that says what to install; with CI=true it throws, because a test that is
 * skipped everywhere proves nothing.
 */
export function skipWithout (...names: string[]): string | false {
  const missing = names.filter(name => findBinary(name) === null)
  if (missing.length === 0) return false
  const line = `needs ${missing.join(', ')}: apt-get install ${missing.map(name => PACKAGES[name] ?? name).join(' ')}`
  if (process.env['CI'] === 'true') throw new Error(line)
  return line
}

/** Full path of an executable that `skipWithout` has already proved. */
export function binary (name: string): string {
  const path = findBinary(name)
  if (path === null) throw new Error(`${name} is not installed`)
  return path
}
