import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { stopChild } from './child.js'
import { ROOT } from './sources.js'
import type { Teardown } from './teardown.js'
import { until } from './until.js'

/** Debian's, because its packages are there for it. */
/** The interpreter. */
export const PYTHON = '/usr/bin/python3'
const NEEDED = ['python3', 'python3-websockets', 'mypy']

/** As `skipWithout`, for what generated Python is tested with: Python 3.11 with websockets and mypy. */
export function skipWithoutPython (): string | false {
  const script = 'import sys, websockets, mypy; sys.exit(sys.version_info < (3, 11))'
  if (spawnSync(PYTHON, ['-c', script]).status === 0) return false
  const line = `needs Python 3.11, websockets and mypy: apt-get install ${NEEDED.join(' ')}`
  if (process.env['CI'] === 'true') throw new Error(line)
  return line
}

/** A Python to start scripts with, and what it needs to know. */
export interface PythonSetup {
  /** Of what `websockets`. */
  readonly name: string
  readonly env: NodeJS.ProcessEnv
}

/** Debian's own packages. */
export const PACKAGED: PythonSetup = { name: 'websockets as packaged', env: {} }

/** The current release of a package in a folder of its own, or why it is not there. */
export async function latest (t: Teardown, name: 'mypy' | 'websockets'): Promise<PythonSetup | string> {
  const folder = mkdtempSync(join(tmpdir(), `wsg-${name}-`))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '0', '--timeout', '10', '--target', folder, name]
  const { status, output } = await python(args, folder)
  if (status !== 0) return `needs pip and a package index for the current ${name}: ${output.trim().split('\n').at(-1)}`
  const env = { PYTHONPATH: folder }
  const version = await python(['-c', `import importlib.metadata; print(importlib.metadata.version("${name}"))`], folder, '', env)
  return { name: `${name} ${version.output.trim()}`, env }
}

/** Result of a Python command that ends by itself. */
export async function python (args: readonly string[], cwd: string, input = '', env: NodeJS.ProcessEnv = {}): Promise<{ readonly status: number, readonly output: string }> {
  return await new Promise(resolve => {
    const child = execFile(PYTHON, args, { cwd, maxBuffer: 1 << 26, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
    child.stdin!.end(input)
  })
}

/** A Python script that talks JSON lines. */
export interface PythonChild {
  /** Lines that it has written. */
  readonly lines: readonly { readonly [name: string]: unknown }[]
  tell (line: unknown): void
  /** Resolves with the first line, of those that were not taken yet, that has all of this. */
  take (part: object): Promise<{ readonly [name: string]: unknown }>
  /** Nothing more will be told. */
  end (): void
}

/** Starts a script of test/helpers/python; it is ended with the test. */
export function startPython (t: Teardown, script: string, args: readonly string[], { env } = PACKAGED): PythonChild {
  const child: ChildProcess = spawn(PYTHON, ['-u', join(ROOT, 'test/helpers/python', script), ...args], { cwd: ROOT, env: { ...process.env, ...env } })
  t.teardown(() => stopChild(child))
  const lines: { readonly [name: string]: unknown }[] = []
  const taken = new Set<unknown>()
  let errors = ''
  child.stderr!.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  createInterface(child.stdout!).on('line', line => { lines.push(JSON.parse(line) as (typeof lines)[number]) })
  const found = async (test: () => boolean): Promise<void> => {
    await until(() => test() || child.exitCode !== null || child.signalCode !== null)
    if (!test()) throw new Error(`Python has ended or says nothing: ${errors.slice(-2000)}`)
  }
  const hasAll = (line: { readonly [name: string]: unknown }, part: object): boolean =>
    Object.entries(part).every(([name, value]) => JSON.stringify(line[name]) === JSON.stringify(value))
  return {
    lines,
    tell: line => { child.stdin!.write(`${JSON.stringify(line)}\n`) },
    async take (part) {
      const find = (): (typeof lines)[number] | undefined => lines.find(line => !taken.has(line) && hasAll(line, part))
      await found(() => find() !== undefined).catch((error: Error) => {
        throw new Error(`no ${JSON.stringify(part)} in ${JSON.stringify(lines)}: ${error.message}`)
      })
      const line = find()!
      taken.add(line)
      return line
    },
    end: () => { child.stdin!.end() },
  }
}
