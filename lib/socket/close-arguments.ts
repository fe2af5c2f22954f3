// Tested in test/socket/close.test.ts and test/socket/groups.test.ts.
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'

/** Bytes of a close frame's reason at most (RFC 6455 section 5.5). */
const MAX_REASON = 123

/** Throws WSG_ERR_SOCKET_ARGUMENT for what no close frame may hold. */
export function checkClose (code: unknown, reason: unknown): void {
  if (!isCloseCode(code)) {
    throw new WSG_ERR_SOCKET_ARGUMENT(`close: expected a code of 1000-1003, 1007-1014 or 3000-4999, got ${got(code)}`)
  }
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_REASON) {
    throw new WSG_ERR_SOCKET_ARGUMENT(`close: expected a reason of at most ${MAX_REASON} bytes, got ${got(reason)}`)
  }
}

function isCloseCode (code: unknown): code is number {
  if (typeof code !== 'number' || !Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}
