// Tested in test/socket/groups.test.ts.
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { readId } from '../identity/read-id.js'

/**
 * The id in `evict({ identity: id })`, as text: an id out of a URL is a string, whatever the identity's own is. Throws
 * WSG_ERR_SOCKET_ARGUMENT.
 */
export function readEvictTarget (whom: unknown): string {
  if (typeof whom !== 'object' || whom === null) {
    throw new WSG_ERR_SOCKET_ARGUMENT(`evict: expected { identity: id }, got ${got(whom)}`)
  }
  checkKeys(whom, ['identity'], 'evict', WSG_ERR_SOCKET_ARGUMENT)
  return String(readId((whom as { readonly identity?: unknown }).identity, 'evict: identity'))
}
