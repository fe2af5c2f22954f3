import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary } from './binaries.js'
import { stopChild, waitForOutput } from './child.js'
import { freePort } from './ports.js'
import type { Teardown } from './teardown.js'

/** A real Redis of the test's own, in memory only. */
export interface Redis {
  readonly port: number
  readonly url: string
  /** Ends it; `start` brings an empty one back on the same port. */
  stop (): Promise<void>
  start (): Promise<void>
  /** Connections stay open and nothing is answered, until `resume`. */
  pause (): void
  resume (): void
}

/** Starts redis-server on a free port of 127.0.0.1 and ends it with the test. Guard the test with `skipWithout('redis-server')`. */
export async function startRedis (t: Teardown): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), 'ws-guard-redis-'))
  let port = 0
  let child: ChildProcess | null = null

  const launch = async (): Promise<void> => {
    const started = spawn(binary('redis-server'), [
      '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder,
    ], { stdio: ['ignore', 'pipe', 'ignore'] })
    child = started
    await waitForOutput(started.stdout, /Ready to accept connections/)
  }
  const stop = async (): Promise<void> => {
    if (child !== null) await stopChild(child)
    child = null
  }

  t.teardown(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  // The free port may be taken between the question and the start.
  for (let attempt = 1; ; attempt++) {
    port = await freePort()
    try {
      await launch()
      break
    } catch (error) {
      await stop()
      if (attempt === 3) throw error
    }
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    stop,
    start: launch,
    pause () { child?.kill('SIGSTOP') },
    resume () { child?.kill('SIGCONT') },
  }
}
