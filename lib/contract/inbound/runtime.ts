import { INHERITED_NAMES } from '../names.js'
import { MAX_ANY_DEPTH, MAX_NAME_LENGTH } from '../tree/nodes.js'
import { plainString } from '../text/rules.js'

// Tested in test/contract/accept.test.ts.

// What generated sanitizers call. Nothing here throws, mutates its argument or recurses.

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

interface Task {
  readonly from: unknown
  readonly to: object
  readonly key: string | number
  readonly depth: number
}

/** A deep copy of any JSON value, or undefined: names and strings are checked, levels are bounded. */
export function copyAny (value: unknown, plain = false): unknown {
  const root: unknown[] = []
  const work: Task[] = [{ from: value, to: root, key: 0, depth: 0 }]
  for (let task = work.pop(); task !== undefined; task = work.pop()) {
    const { from, depth } = task
    let copy: unknown
    if (typeof from === 'string') {
      if (!plain && !plainString(from)) return undefined
      copy = from
    } else if (typeof from === 'number') {
      if (!Number.isFinite(from)) return undefined
      copy = from + 0
    } else if (typeof from === 'boolean' || from === null) {
      copy = from
    } else if (typeof from !== 'object' || depth >= MAX_ANY_DEPTH) {
      return undefined
    } else if (Array.isArray(from)) {
      const list: unknown[] = new Array(from.length).fill(null)
      for (let i = 0; i < from.length; i++) work.push({ from: from[i], to: list, key: i, depth: depth + 1 })
      copy = list
    } else {
      if (!isPlainObject(from)) return undefined
      const object: Record<string, unknown> = {}
      for (const name of Object.keys(from)) {
        if (!isFreeName(name, plain)) return undefined
        // holds the place: work is done last in, first out
        object[name] = null
        work.push({ from: (from as Record<string, unknown>)[name], to: object, key: name, depth: depth + 1 })
      }
      copy = object
    }
    Reflect.set(task.to, task.key, copy)
  }
  return root[0]
}
