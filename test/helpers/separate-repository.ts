import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from './sources.js'
import type { Teardown } from './teardown.js'

/** How a program has ended. */
export interface Ended {
  readonly status: number
  readonly output: string
}

/** Runs Node.js to its end. */
export async function runNode (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await new Promise(resolve => {
    execFile(process.execPath, [...args], { cwd, env: { ...process.env, ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

/**
 * An example as a repository of its own, far from this one's packages: its files, this package as it is published, and
 * what else `npm install` would bring of `packages`. Removed with the test.
 */
export function separateRepository (t: Teardown, example: string, packages: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), `${example}-`))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  cpSync(join(ROOT, 'examples', example), folder, { recursive: true, filter: path => !/node_modules|build$/.test(path.slice(ROOT.length)) })
  const modules = join(folder, 'node_modules')
  const guard = join(modules, 'fastify-ws-guard')
  mkdirSync(guard, { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(guard, 'package.json'))
  cpSync(join(ROOT, 'dist'), join(guard, 'dist'), { recursive: true })
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  return folder
}
