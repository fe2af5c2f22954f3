import { INHERITED_NAMES } from '../names.js'
import { MAX_ANY_DEPTH, MAX_NAME_LENGTH } from '../tree/nodes.js'
import { plainString } from '../text/rules.js'

// Tested in test/contract/accept.test.ts.

// What generated sanitizers call. Nothing here throws, mutates its argument or recurses without a bound.

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
    } else if (texts.size === texts.add(JSON.stringify(item, sortKeys)).size) {
      return false
    }
  }
  return true
}

function sortKeys (_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  // pairs, not an object: names that look like numbers would not stay in order
  return { o: Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).flat() }
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
