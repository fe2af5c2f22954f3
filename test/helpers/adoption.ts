import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './sources.js'

// Other people's packages, which adopters have beside the guard. They are large, and installed apart from its own (adoption/).

const PACKAGES = join(ROOT, 'adoption', 'node_modules')
const LINE = 'needs the packages of adoption/: npm ci --ignore-scripts --prefix adoption'

/** False where the packages are there; else, as with `skipWithout`, the line that says what to install, or an error with CI=true. */
export function skipWithoutPackages (): string | false {
  if (existsSync(join(PACKAGES, 'fastify-cli', 'package.json'))) return false
  if (process.env['CI'] === 'true') throw new Error(LINE)
  return LINE
}

/** A module of adoption/. `skipWithoutPackages` has proved that they are there. */
export async function adopted<T> (specifier: string): Promise<T> {
  const require = createRequire(join(PACKAGES, 'x.js'))
  return await import(pathToFileURL(require.resolve(specifier)).href) as T
}

/** A folder that has these packages and fastify-ws-guard as it is published, packed from dist/. Removed with the test. */
export function projectFolder (t: { teardown: (end: () => void) => unknown }): string {
  const parent = join(ROOT, 'build')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'adoption-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  link(PACKAGES, join(folder, 'node_modules'))
  const target = join(folder, 'node_modules', 'fastify-ws-guard')
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32',
  })) as [{ files: { path: string }[] }]
  for (const { path } of files) cpSync(join(ROOT, path), join(target, path))
  return folder
}

/** Links each package, scopes one level further down: so that one more can be put beside them. */
function link (from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (name.startsWith('@')) link(join(from, name), join(to, name))
    else symlinkSync(join(from, name), join(to, name), 'junction')
  }
}
