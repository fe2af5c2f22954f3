// Tested in test/life/revoke-target.test.ts and test/life/refresh.test.ts.
import type { Whom } from '../../types/revoke-refresh.js'
import type { Bearer } from './living.js'

/** What the application is told of one whose sockets it ends or refreshes. */
export function whomOf ({ identity, credential }: Bearer, route: string): Whom {
  return { identity, route, session: credential?.session?.id ?? null, credential: credential?.kind ?? null }
}
