import { mock } from 'node:test'
import type { Teardown } from './teardown.js'

/** Timers and dates that go on only when told to. */
export interface FakeClock {
  /** Goes on by so many milliseconds, in steps of 10 or `step`, with all that promises do in between. */
  pass (milliseconds: number, step?: number): Promise<void>
  now (): number
  /** The machine sleeps: the date goes on, and no timer runs. */
  sleep (milliseconds: number): void
}

/** Lets what waits for promises go on. */
export async function settled (): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

const STEP = 10

/** Takes the clock over until the test ends. */
export function fakeClock (t: Teardown): FakeClock {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 })
  const { now } = Date
  let slept = 0
  Date.now = () => now() + slept
  t.teardown(() => {
    Date.now = now
    mock.timers.reset()
  })
  return {
    async pass (milliseconds, step = STEP) {
      for (let left = milliseconds; left > 0; left -= step) {
        mock.timers.tick(Math.min(step, left))
        await settled()
      }
    },
    now: () => Date.now(),
    sleep (milliseconds) { slept += milliseconds },
  }
}
