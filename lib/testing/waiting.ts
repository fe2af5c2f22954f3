import { ClientError } from '../client/error.js'

// Tested in test/testing/connect.test.ts.

/** What is there already; `undefined`: nothing yet. */
type Find<T> = () => { readonly found: T } | undefined

/** Things that are waited for until they are there, or a deadline is over. */
export interface Waiting {
  /** Something may be there now. */
  readonly changed: () => void
  /**
   * Resolves with what `find` finds: `undefined` is nothing yet. It is asked at once and after each change; what it
   * throws rejects. Rejects with `timeout` after `timeout` milliseconds; `missing` is that error's message.
   */
  readonly until: <T>(find: Find<T>, timeout: number, missing: () => string) => Promise<T>
}

export function createWaiting (): Waiting {
  const waiters = new Set<() => void>()
  return {
    changed () {
      for (const look of [...waiters]) look()
    },
    until: (find, timeout, missing) => new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        waiters.delete(look)
      }
      const look = (): void => {
        try {
          const answer = find()
          if (answer === undefined) return
          resolve(answer.found)
        } catch (error) {
          reject(error)
        }
        end()
      }
      const timer = setTimeout(() => {
        end()
        reject(new ClientError('timeout', { message: missing() }))
      }, timeout)
      waiters.add(look)
      look()
    }),
  }
}
