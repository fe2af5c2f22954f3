import { checkKeys, type Fault } from './check-keys.js'
import { got } from './got.js'

// No node: imports: browsers check contracts.

/** What a value is expected to be, in words that follow "expected", and whether it is. */
export type Expected = readonly [words: string, test: (value: unknown) => boolean]

/** What the members of an object are expected to be. */
export interface Members { readonly [key: string]: Expected }

/** True for what has members by name: no array. */
export const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const STRING: Expected = ['a string', value => typeof value === 'string']
export const BOOLEAN: Expected = ['true or false', value => typeof value === 'boolean']
export const COUNT: Expected = ['a whole number, 0 or more', value => Number.isSafeInteger(value) && Number(value) >= 0]
export const WHOLE: Expected = ['a whole number above 0', value => Number.isSafeInteger(value) && Number(value) > 0]
export const OBJECT: Expected = ['an object', isObject]

/** One of these values. */
export const oneOf = (...values: readonly unknown[]): Expected =>
  [values.map(value => JSON.stringify(value)).join(' or '), value => values.includes(value)]

/** A string that the pattern finds right. */
export const matching = (words: string, pattern: RegExp): Expected =>
  [words, value => typeof value === 'string' && pattern.test(value)]

/** Throws `Fault` when a key of `given` is unknown, missing though it is required, undefined, or not as expected. */
export function checkMembers (
  given: object, members: Members, where: string, Fault: Fault, required: readonly string[] = []
): void {
  checkKeys(given, Object.keys(members), where, Fault)
  for (const [key, [words, test]] of Object.entries(members)) {
    if (Object.hasOwn(given, key)) {
      const value = (given as { readonly [key: string]: unknown })[key]
      if (!test(value)) throw new Fault(`${where}.${key}: expected ${words}, got ${got(value)}`)
    } else if (required.includes(key)) {
      throw new Fault(`${where}.${key}: expected ${words}, got nothing`)
    }
  }
}
