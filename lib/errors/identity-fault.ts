/** Milliseconds since the epoch that are still in its first years: seconds, as tokens have them. */
const SECONDS = 1e11

/** What makes this no identity, said after the name of where it came from; null: nothing. */
export function identityFault (identity: unknown): string | null {
  if (typeof identity !== 'object' || identity === null) return 'no identity'
  const { id, expires } = identity as { readonly id?: unknown, readonly expires?: unknown }
  if (!isId(id)) return 'identity without an id'
  if (expires === undefined) return null
  const time = expires instanceof Date ? expires.getTime() : expires
  // It would never come, or would always have been.
  if (typeof time !== 'number' || Number.isNaN(time)) return 'identity.expires is no time'
  return time < SECONDS ? 'identity.expires is in the first years after 1970; milliseconds are expected' : null
}

/** Can it be somebody's? `Number('alice')` is NaN, and would be one identity for everybody. */
export function isId (id: unknown): id is string | number {
  return typeof id === 'string' ? id !== '' : Number.isFinite(id)
}
