import { closureWriter } from './serializer-closure.js'
import { hasRest, isInherited, resolve, takenKeys, type ArrayPlan, type NumberPlan, type ObjectPlan, type Plan, type StringPlan } from './serializer-plan.js'
import { isDictionary, isObject, readOwn } from './serializer-text.js'

/** Where a value breaks its plan, what was expected there and what kind of value came. Never the value. */
export interface Breach {
  /** JSON pointer, cut at 128 characters. */
  readonly path: string
  readonly expected: string
  readonly came: string
  /** What was thrown on the way, when something was. */
  readonly cause?: unknown
}

const MAX_PATH = 128

/** Finds the first breach; null when the value fits. Slow path: it is asked once the writer has refused. */
export function explainBreach (plan: Plan, value: unknown, path = ''): Breach | null {
  const target = resolve(plan)
  try {
    switch (target.kind) {
      case 'object': return explainObject(target, value, path)
      case 'array': return explainArray(target, value, path)
      case 'tuple': return explainTuple(target.items, value, path)
      case 'union': return explainUnion(target.variants, target.tag, value, path)
      case 'both': return explainBoth(target.plans, value, path)
      default: return closureWriter(target)(value) === undefined ? breach(path, expectation(target), value, reasonOf(target, value)) : null
    }
  } catch (cause) {
    return { path: cut(path), expected: expectation(target), came: cause instanceof RangeError ? 'something nested without end' : 'something that threw while it was read', cause }
  }
}

function breach (path: string, expected: string, value: unknown, cause?: unknown): Breach {
  return cause === undefined ? { path: cut(path), expected, came: kindOf(value) } : { path: cut(path), expected, came: kindOf(value), cause }
}

/** `JSON.stringify` knows why it refused. */
function reasonOf (plan: Plan, value: unknown): unknown {
  if (plan.kind !== 'any') return undefined
  try {
    JSON.stringify(value)
    return undefined
  } catch (cause) {
    return cause
  }
}

function explainObject (plan: ObjectPlan, value: unknown, path: string): Breach | null {
  if (hasRest(plan) ? !isDictionary(value) : !isObject(value)) return breach(path, 'an object', value)
  const object = value as Record<string, unknown>
  let count = 0
  for (const { name, plan: inner, required } of plan.properties) {
    const at = `${path}/${escape(name)}`
    let property: unknown
    try {
      property = isInherited(name) ? readOwn(object, name) : object[name]
    } catch (cause) {
      return { path: cut(at), expected: expectation(inner), came: 'a getter that threw', cause }
    }
    if (property === undefined && !required) continue
    const found = explainBreach(inner, property, at)
    if (found !== null) return found
    count++
  }
  if (hasRest(plan)) {
    const taken = takenKeys(plan)
    for (const key of Object.keys(object)) {
      const inner = taken.has(key) ? null : plan.patterns.find(({ pattern }) => pattern.test(key))?.plan ?? plan.additional
      const property = inner === null ? undefined : object[key]
      if (inner === null || property === undefined) continue
      const found = explainBreach(inner, property, `${path}/${escape(key)}`)
      if (found !== null) return found
      count++
    }
  }
  if (count < plan.min) return breach(path, `an object with at least ${plan.min} properties`, value)
  return plan.max !== -1 && count > plan.max ? breach(path, `an object with at most ${plan.max} properties`, value) : null
}

function explainArray (plan: ArrayPlan, value: unknown, path: string): Breach | null {
  if (!Array.isArray(value)) return breach(path, 'an array', value)
  if (value.length < plan.min) return breach(path, `an array of at least ${plan.min} items`, value)
  if (plan.max !== -1 && value.length > plan.max) return breach(path, `an array of at most ${plan.max} items`, value)
  for (let index = 0; index < value.length; index++) {
    const found = explainBreach(plan.items, value[index], `${path}/${index}`)
    if (found !== null) return found
  }
  if (closureWriter({ ...plan, contains: null })(value) === undefined) return breach(path, 'an array without duplicates', value)
  return closureWriter(plan)(value) === undefined ? breach(path, 'an array that contains what `contains` asks for', value) : null
}

function explainTuple (items: readonly Plan[], value: unknown, path: string): Breach | null {
  if (!Array.isArray(value) || value.length !== items.length) return breach(path, `an array of exactly ${items.length} items`, value)
  for (const [index, item] of items.entries()) {
    const found = explainBreach(item, value[index], `${path}/${index}`)
    if (found !== null) return found
  }
  return null
}

function explainUnion (variants: readonly Plan[], tag: { readonly name: string, readonly values: readonly string[] } | null, value: unknown, path: string): Breach | null {
  if (tag !== null && isObject(value)) {
    const variant = variants[tag.values.indexOf(value[tag.name] as string)]
    return variant === undefined
      ? breach(`${path}/${escape(tag.name)}`, `one of ${tag.values.map(name => JSON.stringify(name)).join(', ')}`, value[tag.name])
      : explainBreach(variant, value, path)
  }
  // The variant that got furthest is most likely the one that was meant.
  let deepest: Breach | null = null
  for (const variant of variants) {
    const found = explainBreach(variant, value, path)
    if (found === null) return null
    if (found.path.length > (deepest?.path ?? cut(path)).length) deepest = found
  }
  return deepest ?? breach(path, `one of: ${variants.map(expectation).join('; ')}`, value)
}

function explainBoth (plans: readonly Plan[], value: unknown, path: string): Breach | null {
  for (const plan of plans) {
    const found = explainBreach(plan, value, path)
    if (found !== null) return found
  }
  return null
}

function expectation (plan: Plan): string {
  const target = resolve(plan)
  switch (target.kind) {
    case 'any': return 'a value that JSON can hold'
    case 'never': return 'nothing at all'
    case 'null': return 'null'
    case 'boolean': return 'a boolean'
    case 'string': return stringExpectation(target)
    case 'number': return numberExpectation(target)
    case 'enum': return target.values.length === 1 ? JSON.stringify(target.values[0]) : `one of ${target.values.map(value => JSON.stringify(value)).join(', ')}`
    case 'array': case 'tuple': return 'an array'
    case 'object': case 'ref': return 'an object'
    case 'not': return `anything but ${expectation(target.plan)}`
    case 'both': return target.plans.map(expectation).join(' and ')
    case 'union': return target.variants.map(expectation).join(' or ')
  }
}

function stringExpectation (plan: StringPlan): string {
  const limits = []
  if (plan.wellFormed) limits.push('well-formed')
  if (plan.min > 0) limits.push(`at least ${plan.min} characters`)
  if (plan.max !== -1) limits.push(`at most ${plan.max} characters`)
  if (plan.pattern !== null) limits.push(`matching ${plan.pattern}`)
  if (plan.formatName === 'date-time') limits.push('format date-time; write a Date with toISOString()')
  else if (plan.formatName !== null) limits.push(`format ${plan.formatName}`)
  return limits.length === 0 ? 'a string' : `a string (${limits.join(', ')})`
}

function numberExpectation (plan: NumberPlan): string {
  const limits = []
  if (plan.min !== null) limits.push(`>= ${plan.min}`)
  if (plan.max !== null) limits.push(`<= ${plan.max}`)
  if (plan.above !== null) limits.push(`> ${plan.above}`)
  if (plan.below !== null) limits.push(`< ${plan.below}`)
  if (plan.multipleOf !== null) limits.push(`a multiple of ${plan.multipleOf}`)
  const name = plan.integer ? 'an integer' : 'a finite number'
  return limits.length === 0 ? name : `${name} (${limits.join(', ')})`
}

/** What kind of value came, never the value. */
function kindOf (value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Date) return 'a Date'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (typeof value === 'number') return Number.isFinite(value) ? 'another number' : String(value)
  if (value === undefined || typeof value === 'object') return value === undefined ? 'nothing' : 'an object'
  return `a ${typeof value}`
}

/** RFC 6901, with what could disturb a log line replaced: keys of a record may come from users. */
const escape = (key: string): string =>
  key.replaceAll('~', '~0').replaceAll('/', '~1').replace(/[^\x20-\x7e\p{L}\p{N}]/gu, '?')

const cut = (path: string): string => path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path
