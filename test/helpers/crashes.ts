import type { Teardown } from './teardown.js'

/** What would have ended the process while a test runs: unhandled rejections and uncaught exceptions. */
export function recordCrashes (t: Teardown): unknown[] {
  const seen: unknown[] = []
  const note = (error: unknown): void => { seen.push(error) }
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  t.teardown(() => {
    process.off('unhandledRejection', note)
    process.off('uncaughtException', note)
  })
  return seen
}
