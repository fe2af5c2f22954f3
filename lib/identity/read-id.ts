import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { isId } from './identity-fault.js'

/**
 * The identity's id by which an application names a user, in `{ identity: id }`. Throws WSG_ERR_SOCKET_ARGUMENT, so
 * that what names nobody doesn't look like what found nobody. `where` begins the error.
 */
export function readId (given: unknown, where: string): string | number {
  if (isId(given)) return given
  throw new WSG_ERR_SOCKET_ARGUMENT(`${where}: expected the identity's id, a string or a number, got ${got(given)}`)
}
