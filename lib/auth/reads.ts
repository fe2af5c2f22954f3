import type { AnyIdentity, AuthStrategy } from '../../types/gate.js'

// Tested in test/auth/any-of.test.ts and test/attack/tickets.test.ts.

/** Where the plugin's own strategies look for their credential. Of an application's own nobody knows. */
const READS = new WeakMap<object, readonly string[]>()

/** Says it of `strategy`, and returns that. */
export function reading<I extends AnyIdentity> (places: readonly string[], strategy: AuthStrategy<I>): AuthStrategy<I> {
  READS.set(strategy, places)
  return strategy
}

/** Such as `session cookie` or `token in header`; empty where it is not known. */
export function placesOf (strategy: object): readonly string[] {
  return READS.get(strategy) ?? []
}

/** The place of a token that comes as a message of an open socket, which no plain HTTP request has. */
export const IN_MESSAGE = 'token in message'
