// Tested in test/codegen/cli.test.ts.

import { spawn } from 'node:child_process'
import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('bin.js', import.meta.url))
/** Milliseconds without a change after which a change is looked at: editors write a file in several steps. */
const QUIET = 100

interface WatchOptions {
  /** Module whose folder is watched, with all that is below. */
  readonly module: string
  /** Folder of the generated files; changes in it are our own. */
  readonly out: string
  /** Arguments of the command that is run at first and after each change. */
  readonly args: readonly string[]
  /** Ends it. */
  readonly signal: AbortSignal
}

/**
 * Runs the command in a process of its own, at first and after each change: modules that were imported once can't be
 * imported anew. Resolves when `signal` fires.
 */
export async function watchAndRun ({ module, out, args, signal }: WatchOptions): Promise<void> {
  const folder = dirname(resolve(module))
  const watched = new Map<string, FSWatcher>()
  let running: Promise<void> | null = null
  let isStale = false
  let timer: NodeJS.Timeout | undefined

  const run = (): void => {
    isStale = running !== null
    running ??= runOnce(args, signal).then(() => {
      running = null
      if (isStale && !signal.aborted) run()
    })
  }
  // Each folder by itself: Node.js 20's recursive watch is one of files, and loses those that an editor replaces.
  const watchFolders = (): void => {
    for (const path of foldersOf(folder, resolve(out))) {
      if (watched.has(path)) continue
      const forget = (): void => { watched.delete(path) }
      watched.set(path, watch(path, { signal }, changed).once('close', forget).once('error', forget))
    }
  }
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      watchFolders()
      run()
    }, QUIET)
  }
  watchFolders()
  run()
  await new Promise(resolve => { signal.addEventListener('abort', resolve, { once: true }) })
  clearTimeout(timer)
  await running
}

/** A folder and those below, but for packages, hidden ones and `out`. */
function foldersOf (folder: string, out: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map(entry => join(folder, entry.name))
  return [folder, ...inner.filter(path => path !== out).flatMap(path => foldersOf(path, out))]
}

async function runOnce (args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, BIN, ...args], { stdio: 'inherit', signal })
  await new Promise<void>(resolve => { child.once('error', () => resolve()).once('exit', () => resolve()) })
}
