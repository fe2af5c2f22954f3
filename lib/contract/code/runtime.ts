import { isObject } from '../../errors/expected.js'
import { INHERITED_NAMES } from '../names.js'
import { MAX_ANY_DEPTH, MAX_NAME_LENGTH } from '../tree/nodes.js'
import { plainString } from '../text/rules.js'

// Tested in test/contract/accept.test.ts and test/contract/serializer.test.ts.

// What generated code calls: sanitizers, then serializers. Nothing here throws or mutates its argument, and what a
// sanitizer calls doesn't recurse without a bound.

/**
 * An object whose properties can't be anyone else's: its prototype is Object.prototype, null, or empty (Fastify's
 * params).
 */
export function isPlainObject (value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  if (typeof prototype !== 'object' || prototype === null) return false
  return Object.getPrototypeOf(prototype) === null && Reflect.ownKeys(prototype).length === 0
}

/** A name the peer may choose in a record or an open object. `plain`: it has no NUL and no lone surrogate. */
export function isFreeName (name: string, plain = false): boolean {
  return name.length <= MAX_NAME_LENGTH && !INHERITED_NAMES.has(name) && (plain || plainString(name))
}

/** True when no two items are the same JSON value, whatever the order of their keys. Linear in what they hold. */
export function isUnique (items: readonly unknown[]): boolean {
  const scalars = new Set<unknown>()
  const texts = new Set<string>()
  for (const item of items) {
    if (typeof item !== 'object' || item === null) {
      if (scalars.size === scalars.add(item).size) return false
    } else if (texts.size === texts.add(textOf(item)).size) {
      return false
    }
  }
  return true
}

/** One text for one JSON value. By hand: `JSON.stringify` with a function that sorts takes five times as long. */
function textOf (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  const object = value as Readonly<Record<string, unknown>>
  return `{${Object.keys(object).sort().map(name => `${JSON.stringify(name)}:${textOf(object[name])}`).join()}}`
}

/** A deep copy of any JSON value, or undefined: names and strings are checked, levels are bounded. */
export function copyAny (value: unknown, plain = false, depth = 0): unknown {
  if (typeof value === 'string') return plain || plainString(value) ? value : undefined
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object' || depth >= MAX_ANY_DEPTH) return undefined
  if (Array.isArray(value)) {
    const list: unknown[] = new Array(value.length)
    for (let i = 0; i < value.length; i++) {
      list[i] = copyAny(value[i], plain, depth + 1)
      if (list[i] === undefined) return undefined
    }
    return list
  }
  if (!isPlainObject(value)) return undefined
  const object: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    if (!isFreeName(name, plain)) return undefined
    object[name] = copyAny((value as Record<string, unknown>)[name], plain, depth + 1)
    if (object[name] === undefined) return undefined
  }
  return object
}

const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/ // eslint-disable-line no-control-regex

/** Below this length a loop beats the call into the regular expression engine (measured on Node 20). */
const SHORT = 16

/**
 * What stands between the quotes of a JSON string. Most strings need no escape and come back as they are,
 * which leaves the quotes to be joined with the constants around them.
 */
export function escapeText (value: string): string {
  const { length } = value
  if (length >= SHORT) return NEEDS_ESCAPE.test(value) ? JSON.stringify(value).slice(1, -1) : value
  for (let index = 0; index < length; index++) {
    const unit = value.charCodeAt(index)
    if (unit < 32 || unit === 34 || unit === 92 || (unit >= 0xd800 && unit <= 0xdfff)) {
      return JSON.stringify(value).slice(1, -1)
    }
  }
  return value
}

/** A string as JSON text. */
export const quote = (value: string): string => '"' + escapeText(value) + '"'

/** Whatever JSON can hold; undefined for functions, symbols, BigInt, cycles and what throws on the way. */
export function writeAny (value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** An object whose own keys are data: none of the built-in classes that keep their content elsewhere. */
export const isDictionary = (value: unknown): value is object =>
  isObject(value) && !(value instanceof Map) && !(value instanceof Set) && !(value instanceof Date) &&
  !ArrayBuffer.isView(value)

/** Properties of all objects in a JSON value. */
export function countProperties (value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner: unknown[] = Object.values(value)
  return inner.reduce<number>((sum, one) => sum + countProperties(one), Array.isArray(value) ? 0 : inner.length)
}
