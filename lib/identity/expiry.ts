import type { AnyIdentity } from '../../types/gate.js'

/** When an identity ends, in milliseconds since the epoch; Infinity: not by itself. */
export function expiryOf (identity: AnyIdentity | null): number {
  return Number(identity?.expires ?? Infinity)
}

/** Is this end past? Null: there is none. What is no time at all (NaN) is none to come. */
export function hasExpired (end: number | null): boolean {
  return end !== null && !(end > Date.now())
}
