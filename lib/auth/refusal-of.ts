// Tested in test/auth/authenticate.test.ts and test/auth/authorize.test.ts.
import type { AuthStrategy, Refusal } from '../../types/gate.js'
import { readThrown } from '../callbacks/read-thrown.js'

/** Who was asked, and the scheme that its 401 names. */
export type Named = Pick<AuthStrategy, 'name' | 'challenge'>

/** Nobody is there. */
export function unauthenticated ({ name, challenge }: Named): Refusal {
  return { code: 'WSG_ERR_UNAUTHENTICATED', value: name, ...(challenge === undefined ? {} : { challenge }) }
}

/** What was thrown: 401 or 403 where it says so itself, else nobody can tell. */
export function refusalOf (thrown: unknown, asked: Named): Refusal {
  // The HTTP status that an error says of itself.
  const status = readThrown(() => (thrown as { readonly statusCode?: unknown } | null)?.statusCode, undefined)
  if (status === 401) return { ...unauthenticated(asked), cause: thrown }
  const code = status === 403 ? 'WSG_ERR_FORBIDDEN' : 'WSG_ERR_AUTH_UNAVAILABLE'
  return { code, value: asked.name, cause: thrown }
}
