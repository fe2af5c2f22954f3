import type { AnyIdentity, AuthStrategy, PresenceContext } from '../../types/gate.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { placesOf } from './reads.js'

/** One that can't tell judges: what it throws then is 503, and no other strategy is asked in its place. */
function isPresent (strategy: AuthStrategy<AnyIdentity>, context: PresenceContext): boolean {
  try {
    return strategy.isPresent?.(context) === true
  } catch {
    return true
  }
}

type IdentityOf<S> = S extends AuthStrategy<infer I> ? I : never

function checkStrategies (strategies: readonly unknown[]): void {
  if (strategies.length < 2) {
    const came = Array.isArray(strategies[0]) ? 'a list; write anyOf(a, b)' : String(strategies.length)
    throw new WSG_ERR_OPTION(`anyOf: expected two strategies or more, got ${came}`)
  }
  for (const [index, given] of strategies.entries()) {
    const { name, needs, authenticate, isPresent } = (given ?? {}) as { readonly [key: string]: unknown }
    if (typeof name !== 'string' || typeof needs !== 'object' || typeof authenticate !== 'function') {
      throw new WSG_ERR_OPTION(`anyOf: [${index}]: expected a strategy such as sessionAuth(session => session.user), ` +
        `got ${got(given)}`)
    }
    if (typeof isPresent !== 'function') {
      throw new WSG_ERR_OPTION(`anyOf: strategy ${JSON.stringify(name)}: expected isPresent({ request }), which says ` +
        `whether a request carries its credential, got ${got(isPresent)}`)
    }
  }
}

/** The second of two that look for their credential in one place is never asked. */
function checkPlaces (alternatives: readonly AuthStrategy<AnyIdentity>[]): void {
  const places = alternatives.flatMap(placesOf)
  const twice = places.find((place, index) => places.indexOf(place) < index)
  if (twice !== undefined) {
    throw new WSG_ERR_OPTION(`anyOf: expected strategies that read different credentials, got ${got(twice)} twice`)
  }
}

/**
 * Several ways to prove who one is, on one route and in one group. The first strategy whose credential the request
 * carries decides, and it alone: a credential that is there and bad is a refusal. Which rule holds for Origin follows
 * the credential that is used. Without any credential the first that a client can still send later (`$auth`) is asked
 * for, else the first at all. An `anyOf` in another counts as its parts.
 * Throws WSG_ERR_OPTION for less than two strategies, for one without `isPresent`, and for two of the plugin's own
 * that read the same credential.
 */
export function anyOf<S extends readonly AuthStrategy<AnyIdentity>[]> (
  ...strategies: S
): AuthStrategy<IdentityOf<S[number]>> {
  checkStrategies(strategies)
  const alternatives = strategies.flatMap(strategy => strategy.alternatives ?? [strategy])
  checkPlaces(alternatives)
  const absent = alternatives.find(({ firstMessage }) => firstMessage === true) ??
    alternatives.find(({ needs }) => needs.credential === 'header') ?? alternatives[0]!
  const choose = (context: PresenceContext): AuthStrategy<AnyIdentity> =>
    alternatives.find(one => isPresent(one, context)) ?? absent
  const strategy: AuthStrategy<AnyIdentity> = {
    name: `any of ${alternatives.map(({ name }) => name).join(', ')}`,
    needs: {
      credential: alternatives.some(({ needs }) => needs.credential === 'cookie') ? 'cookie' : 'header',
      session: alternatives.some(({ needs }) => needs.session),
    },
    alternatives,
    choose,
    isPresent: context => alternatives.some(one => isPresent(one, context)),
    authenticate: context => choose(context).authenticate(context),
  }
  // What the parts return is what the whole returns.
  return strategy as AuthStrategy<never>
}
