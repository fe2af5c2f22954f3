// Tested in test/attack/revoke.test.ts.
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import type { Registry } from './registry.js'

const WHERE = 'wsGuard.revoke'

/** `app.wsGuard.revoke`. Throws WSG_ERR_SOCKET_ARGUMENT: a logout that names nobody must not look like one. */
export function revoke (registry: Registry, whom: unknown): number {
  const id = readIdentity(whom)
  let closed = 0
  for (const socket of registry) {
    const { identity } = socket.facts
    // By its text: an id out of a URL is a string. To close one too many is the safe side.
    if (identity === null || String(identity) !== id || !socket.open) continue
    socket.closeAs('unauthenticated', 'application')
    closed++
  }
  return closed
}

function readIdentity (whom: unknown): string {
  if (typeof whom !== 'object' || whom === null) {
    throw new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: expected { identity: id }, got ${got(whom)}`)
  }
  checkKeys(whom, ['identity'], WHERE, WSG_ERR_SOCKET_ARGUMENT)
  if (!Object.hasOwn(whom, 'identity')) {
    throw new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: expected { identity: id }, got an object without identity`)
  }
  const { identity } = whom as { readonly identity: unknown }
  if (typeof identity === 'string' || typeof identity === 'number') return String(identity)
  throw new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: identity: expected the identity's id, a string or a number, ` +
    `got ${got(identity)}`)
}
