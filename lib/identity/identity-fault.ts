/** Milliseconds since the epoch that are still in its first years: seconds, as tokens have them. */
const SECONDS = 1e11

/** What makes this no identity, said after "expected an identity, got"; null: nothing. */
export function identityFault (identity: unknown): string | null {
  if (typeof identity !== 'object' || identity === null) return 'no object'
  const { id, roles, expires } = identity as { readonly [K in 'id' | 'roles' | 'expires']?: unknown }
  if (!isId(id)) return 'an object without an id, which is a string or a number'
  // A text would have every role that is a part of it.
  if (roles !== undefined && !isListOfStrings(roles)) return 'one whose roles are no list of strings'
  if (expires === undefined) return null
  const time = expires instanceof Date ? expires.getTime() : expires
  // It would never come, or would always have been.
  if (typeof time !== 'number' || Number.isNaN(time)) return 'one whose expires is no time'
  return time < SECONDS ? 'one whose expires is in the first years after 1970: it has to be in milliseconds' : null
}

const isListOfStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every(item => typeof item === 'string')

/** Can it be somebody's? `Number('alice')` is NaN, and would be one identity for everybody. */
export function isId (id: unknown): id is string | number {
  return typeof id === 'string' ? id !== '' : Number.isFinite(id)
}
