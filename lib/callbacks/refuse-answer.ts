// Tested in test/socket/joins.test.ts.
import { WSG_ERR_HANDLER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { isThenable } from './thenable.js'

/**
 * For a function of the application's that has to answer at once, and rightly. Throws WSG_ERR_HANDLER, which is logged
 * like all that such functions throw.
 */
export function refuseAnswer (came: unknown, expected: string): never {
  // Its own failure would have no owner.
  if (isThenable(came)) came.then(undefined, () => {})
  throw new WSG_ERR_HANDLER(`${expected}, got ${isThenable(came) ? 'a promise' : got(came)}`)
}
