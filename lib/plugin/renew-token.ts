// Tested in test/attack/first-message.test.ts.
import { whenFound } from '../auth/authenticate.js'
import type { Renew } from '../socket/auth-message.js'

/**
 * A new token on an open socket: judged as one that opens a socket, and for the same user only. Its identity takes the
 * place of the one before, with its roles and its end.
 */
export const renewToken: Renew = async (socket, token, signal) => {
  for (;;) {
    const { identity, credential } = socket.bearer
    const renew = credential?.renew
    if (renew === undefined || identity === null) return 'failed'
    const asked = async (): Promise<typeof identity | null> => await renew(token, signal)
    const { identity: found, refusal } = await whenFound({ name: credential?.kind ?? '' }, asked())
    // Too late, or gone.
    if (signal.aborted || !socket.open) return 'failed'
    if (refusal !== null) {
      if (refusal.code === 'WSG_ERR_UNAUTHENTICATED') return 'again'
      return refusal.code === 'WSG_ERR_FORBIDDEN' ? 'forbidden' : 'failed'
    }
    // Whose messages are under way, and who is counted, does not change.
    if (found.id !== identity.id) return 'unauthenticated'
    // Refreshed meanwhile: what was found may be older than that, and is judged by what holds now.
    if (socket.bearer.identity !== identity) continue
    // `authorize` is asked of one token after the other: they are no way around what bounds handlers.
    await socket.assume(found)
    return socket.open ? 'renewed' : 'failed'
  }
}
