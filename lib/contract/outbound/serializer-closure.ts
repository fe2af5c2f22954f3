import { constantText, isDictionary, isObject, quote, readOwn, writeAny } from './serializer-text.js'
import { hasRest, isInherited, takenKeys, type ArrayPlan, type NumberPlan, type ObjectPlan, type Plan, type RefPlan, type StringPlan, type UnionPlan } from './serializer-plan.js'

/** The JSON text of what is declared, or undefined when the value breaks the schema. Throws what a getter throws. */
export type Write = (value: unknown) => string | undefined

/** Recursive schemas: their writer is looked up when it is used. */
type Memory = Map<RefPlan, Write>

/** The writer without code generation: the same verdicts and the same text as the generated one. */
export function closureWriter (plan: Plan): Write {
  return build(plan, new Map())
}

function build (plan: Plan, memory: Memory): Write {
  switch (plan.kind) {
    case 'any': return writeAny
    case 'never': return () => undefined
    case 'null': return value => value === null ? 'null' : undefined
    case 'boolean': return value => value === true ? 'true' : value === false ? 'false' : undefined
    case 'string': return value => typeof value === 'string' && acceptsString(plan, value) ? quote(value) : undefined
    case 'number': return value => typeof value === 'number' && acceptsNumber(plan, value) ? '' + value : undefined
    case 'enum': {
      const texts = new Map<unknown, string>(plan.values.map(value => [value, constantText(value)]))
      return value => texts.get(value)
    }
    case 'not': {
      const inner = build(plan.plan, memory)
      return value => inner(value) === undefined ? '' : undefined
    }
    case 'both': return buildBoth(plan.plans.map(part => build(part, memory)))
    case 'object': return buildObject(plan, memory)
    case 'array': return buildArray(plan, memory)
    case 'tuple': return buildTuple(plan.items.map(item => build(item, memory)))
    case 'union': return buildUnion(plan, memory)
    case 'ref': return buildRef(plan, memory)
  }
}

function acceptsString (plan: StringPlan, value: string): boolean {
  return value.length >= plan.min && (plan.max === -1 || value.length <= plan.max) &&
    (!plan.wellFormed || value.isWellFormed()) &&
    (plan.pattern === null || plan.pattern.test(value)) &&
    (plan.format === null || plan.format(value))
}

function acceptsNumber (plan: NumberPlan, value: number): boolean {
  return (plan.integer ? Number.isInteger(value) : Number.isFinite(value)) &&
    (plan.min === null || value >= plan.min) && (plan.max === null || value <= plan.max) &&
    (plan.above === null || value > plan.above) && (plan.below === null || value < plan.below) &&
    (plan.multipleOf === null || value % plan.multipleOf === 0)
}

function buildBoth (writers: readonly Write[]): Write {
  return value => {
    let text: string | undefined
    for (const write of writers) {
      const written = write(value)
      if (written === undefined) return undefined
      text ??= written
    }
    return text
  }
}

function buildObject (plan: ObjectPlan, memory: Memory): Write {
  const fields = plan.properties.map(({ name, plan: inner, required }) => ({
    name, required, key: JSON.stringify(name) + ':', own: isInherited(name), write: build(inner, memory),
  }))
  const rest = buildRest(plan, memory)
  return value => {
    if (rest === null ? !isObject(value) : !isDictionary(value)) return undefined
    const object = value as Record<string, unknown>
    let text = ''
    let count = 0
    for (const field of fields) {
      const property = field.own ? readOwn(object, field.name) : object[field.name]
      if (property === undefined && !field.required) continue
      const written = field.write(property)
      if (written === undefined) return undefined
      text += (count++ === 0 ? '' : ',') + field.key + written
    }
    for (const key of rest === null ? [] : Object.keys(object)) {
      const write = rest?.(key) ?? null
      const property = write === null ? undefined : object[key]
      if (write === null || property === undefined) continue
      const written = write(property)
      if (written === undefined) return undefined
      text += (count++ === 0 ? '' : ',') + quote(key) + ':' + written
    }
    return count < plan.min || (plan.max !== -1 && count > plan.max) ? undefined : '{' + text + '}'
  }
}

/** The writer of a key that is not listed; null leaves it out. */
function buildRest (plan: ObjectPlan, memory: Memory): ((key: string) => Write | null) | null {
  if (!hasRest(plan)) return null
  const taken = takenKeys(plan)
  const patterns = plan.patterns.map(({ pattern, plan: inner }) => ({ pattern, write: build(inner, memory) }))
  const additional = plan.additional === null ? null : build(plan.additional, memory)
  return key => {
    if (taken.has(key)) return null
    for (const { pattern, write } of patterns) if (pattern.test(key)) return write
    return additional
  }
}

function buildArray (plan: ArrayPlan, memory: Memory): Write {
  const item = build(plan.items, memory)
  const contains = plan.contains === null ? null : { ...plan.contains, write: build(plan.contains.plan, memory) }
  return value => {
    if (!Array.isArray(value)) return undefined
    const { length } = value
    if (length < plan.min || (plan.max !== -1 && length > plan.max)) return undefined
    const seen = new Set<string>()
    let text = '['
    let found = 0
    for (let index = 0; index < length; index++) {
      const element: unknown = value[index]
      const written = item(element)
      if (written === undefined) return undefined
      if (plan.unique) seen.add(written)
      if (contains !== null && contains.write(element) !== undefined) found++
      text += (index === 0 ? '' : ',') + written
    }
    if (plan.unique && seen.size !== length) return undefined
    if (contains !== null && (found < contains.min || (contains.max !== -1 && found > contains.max))) return undefined
    return text + ']'
  }
}

function buildTuple (items: readonly Write[]): Write {
  return value => {
    if (!Array.isArray(value) || value.length !== items.length) return undefined
    const texts: string[] = []
    for (const [index, write] of items.entries()) {
      const written = write(value[index])
      if (written === undefined) return undefined
      texts.push(written)
    }
    return '[' + texts.join(',') + ']'
  }
}

function buildUnion (plan: UnionPlan, memory: Memory): Write {
  const writers = plan.variants.map(variant => build(variant, memory))
  const { tag } = plan
  if (tag !== null) {
    const byTag = new Map<unknown, Write>(tag.values.map((value, index) => [value, writers[index] as Write]))
    return value => isObject(value) ? byTag.get(value[tag.name])?.(value) : undefined
  }
  return value => {
    for (const write of writers) {
      const written = write(value)
      if (written !== undefined) return written
    }
    return undefined
  }
}

function buildRef (plan: RefPlan, memory: Memory): Write {
  if (!memory.has(plan)) {
    memory.set(plan, () => undefined)
    if (plan.target !== null) memory.set(plan, build(plan.target, memory))
  }
  return value => memory.get(plan)?.(value)
}
