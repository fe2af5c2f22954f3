// Tested in test/observe/socket-log.test.ts.
import { readThrown } from '../callbacks/read-thrown.js'
import { escapeForLog } from '../log/log-safe.js'

/** What was thrown, and where: not its message, in which may be what a client has sent. */
export function placeOf (thrown: unknown): string {
  return readThrown(() => {
    if (!(thrown instanceof Error)) return typeof thrown
    const { name, message, stack = '' } = thrown
    const said = message === '' ? name : `${name}: ${message}`
    const place = stack.startsWith(`${said}\n`) ? stack.slice(said.length + 1).split('\n', 1)[0] ?? '' : ''
    return escapeForLog(`${name} ${place.trim()}`.trimEnd())
  }, 'unreadable')
}
