import { REFUSED } from '../../protocol/refused.js'
import { copyAny, isFreeName, isPlainObject, isUnique } from './sanitizer-runtime.js'
import { MAX_RECURSION, type ArrayShape, type NumberShape, type ObjectShape, type Shape, type ShapeTree, type StringShape, type TupleShape, type UnionShape } from '../schema/shape.js'
import { plainString } from '../text/rules.js'

// The sanitizer without code generation, for `--disallow-code-generation-from-strings`, and the validator in one: closures
// check patterns, formats and uniqueness as well. A differential test holds it to generated code and TypeBox together.

type Step = (value: unknown, depth: number) => unknown

/** A sanitizer made of closures. Never throws, never mutates. */
export function createClosureSanitizer (tree: ShapeTree): (value: unknown) => unknown {
  const definitions = new Map<string, Step>()
  const root = compile(tree.root, definitions)
  for (const [name, shape] of tree.definitions) definitions.set(name, compile(shape, definitions))
  return value => root(value, 0)
}

function compile (shape: Shape, definitions: ReadonlyMap<string, Step>): Step {
  switch (shape.kind) {
    case 'any': return copyAny
    case 'boolean': return value => typeof value === 'boolean' ? value : REFUSED
    case 'values': {
      const values = new Set<unknown>(shape.values)
      return value => values.has(value) ? (value === 0 ? 0 : value) : REFUSED
    }
    case 'number': return compileNumber(shape)
    case 'string': return compileString(shape)
    case 'bytes': return value => value instanceof Uint8Array && value.length <= shape.max && value.length >= shape.min ? value : REFUSED
    case 'array': return compileArray(shape, definitions)
    case 'tuple': return compileTuple(shape, definitions)
    case 'object': return compileObject(shape, definitions)
    case 'union': return compileUnion(shape, definitions)
    case 'ref': return (value, depth) => depth + 1 > MAX_RECURSION ? REFUSED : definitions.get(shape.name)!(value, depth + 1)
  }
}

function compileNumber (shape: NumberShape): Step {
  const { integer, min, max, above, below, multipleOf } = shape
  return value => {
    if (typeof value !== 'number' || !(integer ? Number.isSafeInteger(value) : Number.isFinite(value))) return REFUSED
    if (value < min || value > max || value <= above || value >= below) return REFUSED
    return multipleOf !== 0 && value % multipleOf !== 0 ? REFUSED : value + 0
  }
}

function compileString (shape: StringShape): Step {
  const { min, max, rawMax, clean, pattern, format } = shape
  return raw => {
    if (typeof raw !== 'string' || raw.length > rawMax || (rawMax === max && raw.length < min)) return REFUSED
    const value = clean === null ? (plainString(raw) ? raw : undefined) : clean(raw)
    if (value === undefined || value.length > max || value.length < min) return REFUSED
    return (pattern === null || pattern.test(value)) && (format === null || format(value)) ? value : REFUSED
  }
}

function compileArray (shape: ArrayShape, definitions: ReadonlyMap<string, Step>): Step {
  const item = compile(shape.items, definitions)
  return (value, depth) => {
    if (!Array.isArray(value) || value.length > shape.max || value.length < shape.min) return REFUSED
    const copy: unknown[] = []
    for (let i = 0; i < value.length; i++) {
      const clean = item(value[i], depth)
      if (clean === REFUSED) return REFUSED
      copy.push(clean)
    }
    return shape.unique && !isUnique(copy) ? REFUSED : copy
  }
}

function compileTuple (shape: TupleShape, definitions: ReadonlyMap<string, Step>): Step {
  const items = shape.items.map(item => compile(item, definitions))
  return (value, depth) => {
    if (!Array.isArray(value) || value.length !== items.length) return REFUSED
    const copy: unknown[] = []
    for (let i = 0; i < items.length; i++) {
      const clean = items[i]!(value[i], depth)
      if (clean === REFUSED) return REFUSED
      copy.push(clean)
    }
    return copy
  }
}

function compileObject (shape: ObjectShape, definitions: ReadonlyMap<string, Step>): Step {
  // required ones first: the order in which generated code writes them
  const ordered = [...shape.properties.filter(property => property.required), ...shape.properties.filter(property => !property.required)]
  const properties = ordered.map(({ name, required, shape: inner }) => ({ name, required, step: compile(inner, definitions) }))
  const known = new Set([...shape.properties.map(property => property.name), ...shape.beside])
  const beside = new Set(shape.beside)
  const extra = shape.extra === null ? null : compile(shape.extra, definitions)
  const { extraNames, min, max } = shape
  const exact = extra === null && shape.unknown === 'refuse'
  return (value, depth) => {
    if (typeof value !== 'object' || value === null || !isPlainObject(value)) return REFUSED
    const source = value as Record<string, unknown>
    const copy: Record<string, unknown> = {}
    let count = 0
    for (const { name, required, step } of properties) {
      const raw = source[name]
      if (raw === undefined && !required) continue
      const clean = step(raw, depth)
      if (clean === REFUSED) return REFUSED
      copy[name] = clean
      count++
    }
    if (exact) {
      let keys = 0
      for (const key in source) if (!beside.has(key)) keys++
      if (keys !== count) return REFUSED
    }
    if (extra !== null) {
      for (const key in source) {
        if (known.has(key)) continue
        if (++count > max || !isFreeName(key) || (extraNames !== null && !extraNames.test(key))) return REFUSED
        const clean = extra(source[key], depth)
        if (clean === REFUSED) return REFUSED
        copy[key] = clean
      }
    }
    return count < min || count > max ? REFUSED : copy
  }
}

function compileUnion (shape: UnionShape, definitions: ReadonlyMap<string, Step>): Step {
  const { tag } = shape
  const variants = shape.variants.map(variant => compile(variant, definitions))
  if (tag !== null) {
    const byValue = new Map<unknown, Step>(variants.flatMap((step, i) => tag.values[i]!.map(value => [value, step] as const)))
    return (value, depth) => {
      if (typeof value !== 'object' || value === null) return REFUSED
      const step = byValue.get((value as Record<string, unknown>)[tag.name])
      return step === undefined ? REFUSED : step(value, depth)
    }
  }
  return (value, depth) => {
    for (const step of variants) {
      const clean = step(value, depth)
      if (clean !== REFUSED) return clean
    }
    return REFUSED
  }
}
