import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { binary } from './binaries.js'
import { stopChild, waitForOutput } from './child.js'
import { CHROMIUM_ARGS } from './chromium.js'
import type { Teardown } from './teardown.js'

/** A tab of a window that has others. Only the one in front is visible. */
export interface Tab {
  evaluate <R>(expression: string): Promise<R>
  bringToFront (): Promise<void>
}

interface Answer { readonly id?: number, readonly result?: unknown, readonly error?: { readonly message: string } }

/**
 * Chromium as a user has it: tabs behind another one are hidden, and their timers are held back to one a second, after
 * two seconds to one a minute (five minutes in a user's). Playwright makes every page believe that it is in front, so
 * this speaks the DevTools protocol itself. Guard the test with `skipWithout('chromium')`.
 */
export async function chromiumTabs (t: Teardown): Promise<(url: string) => Promise<Tab>> {
  const profile = mkdtempSync(join(tmpdir(), 'wsg-tabs-'))
  const args = [
    ...CHROMIUM_ARGS, '--remote-debugging-port=0', `--user-data-dir=${profile}`,
    '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/2',
  ]
  const child = spawn(binary('chromium'), [...args, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(async () => {
    await stopChild(child)
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  const [, endpoint] = await waitForOutput(child.stderr, /listening on (ws:\S+)/, 30_000)
  const devtools = new WebSocket(endpoint!)
  await once(devtools, 'open')
  const pending = new Map<number, (answer: Answer) => void>()
  devtools.on('message', data => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.id !== undefined) pending.get(answer.id)?.(answer)
  })
  const ask = async <R>(method: string, params: object, sessionId?: string): Promise<R> => {
    const id = pending.size + 1
    const { error, result } = await new Promise<Answer>(resolve => {
      pending.set(id, resolve)
      devtools.send(JSON.stringify({ id, method, params, sessionId }))
    })
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result as R
  }
  return async url => {
    const { targetId } = await ask<{ targetId: string }>('Target.createTarget', { url })
    const { sessionId } = await ask<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
    return {
      async evaluate<R> (expression: string) {
        const asked = { expression, returnByValue: true, awaitPromise: true }
        return (await ask<{ result: { value: R } }>('Runtime.evaluate', asked, sessionId)).result.value
      },
      async bringToFront () { await ask('Target.activateTarget', { targetId }) },
    }
  }
}
