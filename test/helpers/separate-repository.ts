import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readText, ROOT } from './sources.js'
import type { Teardown } from './teardown.js'

/** How a program has ended. */
export interface Ended {
  readonly status: number
  readonly output: string
}

/** Runs Node.js to its end. */
export async function runNode (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await new Promise(resolve => {
    execFile(process.execPath, [...args], { cwd, env: { ...process.env, ...env }, timeout: 300_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

/**
 * A folder far from this repository's packages: there are this package, with the files that it is published with, and what
 * `npm install` would bring of `packages`. Removed with the test.
 */
export function emptyRepository (t: Teardown, packages: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'separate-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const modules = join(folder, 'node_modules')
  const { files } = JSON.parse(readText('package.json')) as { readonly files: readonly string[] }
  for (const name of ['package.json', ...files]) {
    cpSync(join(ROOT, name), join(modules, 'fastify-ws-guard', name), { recursive: true })
  }
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  return folder
}

/** An example in such a folder, as a repository of its own. */
export function separateRepository (t: Teardown, example: string, packages: readonly string[]): string {
  const folder = emptyRepository(t, packages)
  const from = join(ROOT, 'examples', example)
  cpSync(from, folder, { recursive: true, filter: path => !/node_modules|build$/.test(path.slice(from.length)) })
  return folder
}
