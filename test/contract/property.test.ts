import t from 'tap'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import type { TSchema } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { kindOf } from '../../lib/contract/kind.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { CompiledInbound, ContractSpec } from '../../types/contract.js'
import { oneMessage } from '../helpers/contract.js'
import { LIBRARIES, TYPEBOX_1, type Library } from '../helpers/typebox.js'

// Random schemas of both libraries against random values: what we say of them must agree with the library's interpreter
// (`Value.Check`) and ajv, which share no code with ours.

interface Pair {
  readonly schema: TSchema
  /** Values that fit. */
  readonly value: fc.Arbitrary<unknown>
}

const NAMES = ['a', 'b', 'c', 'id', 'kind', 'x y', "it's", 'é', '0', '1', 'length', 'name']
const word = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'Z', '0', ' ', 'é', '\u{1f600}', '"', '\\', '<') }).filter(s => s.length <= 6)
// a failure prints the schema, not the generator of its values
const fits = (schema: TSchema, value: fc.Arbitrary<unknown>): Pair => Object.assign({ schema, value }, { [fc.toStringMethod]: () => JSON.stringify(schema) })
const zero = (value: number): number => value + 0

/** Schemas of the library, with values that fit them. */
function schemasOf ({ Type, recursive, module, composite, nameOf }: Library): fc.Arbitrary<Pair> {
  const leaf: fc.Arbitrary<Pair> = fc.oneof(
    fc.constant(fits(Type.Null(), fc.constant(null))),
    fc.constant(fits(Type.Boolean(), fc.boolean())),
    fc.constant(fits(Type.Integer(), fc.integer().map(zero))),
    fc.constant(fits(Type.Integer({ minimum: 2, exclusiveMaximum: 9 }), fc.integer({ min: 2, max: 8 }))),
    fc.constant(fits(Type.Number(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(zero))),
    fc.constant(fits(Type.String({ maxLength: 6 }), word)),
    fc.constant(fits(Type.String({ maxLength: 6, minLength: 2, pattern: '^[a-z]+$' }), fc.string({ minLength: 2, maxLength: 6, unit: fc.constantFrom('a', 'b', 'z') }))),
    fc.constant(fits(Type.Integer({ multipleOf: 3 }), fc.integer({ min: -99, max: 99 }).map(value => zero(value * 3)))),
    fc.constant(fits(Type.Number({ exclusiveMinimum: -1, maximum: 0.5 }), fc.double({ min: -0.9, max: 0.5, noNaN: true }).map(zero))),
    fc.constant(fits(Type.String({ maxLength: 10, format: 'date' }), fc.constantFrom('2026-02-28', '2024-02-29', '1999-12-31'))),
    fc.constant(fits(Type.Array(Type.Integer(), { minItems: 1, maxItems: 3, uniqueItems: true }), fc.uniqueArray(fc.integer().map(zero), { minLength: 1, maxLength: 3 }))),
    fc.constantFrom('k', 7, true, "q'", 0).map(value => fits(Type.Literal(value), fc.constant(value))),
    fc.uniqueArray(fc.string({ maxLength: 3, unit: 'grapheme-ascii' }), { minLength: 2, maxLength: 12 }).map(values => fits(Type.Union(values.map(value => Type.Literal(value))), fc.constantFrom(...values))),
    fc.constant(fits(Type.Unknown({ unboundedOnPurpose: true }), fc.jsonValue({ maxDepth: 2 }).filter(isHarmless).map(normal)))
  )

  const pair: fc.Memo<Pair> = fc.memo(depth => depth <= 1
    ? leaf
    : fc.oneof(
      { weight: 2, arbitrary: leaf },
      { weight: 2, arbitrary: objectOf(pair(depth - 1)) },
      { weight: 1, arbitrary: pair(depth - 1).map(item => fits(Type.Array(item.schema, { maxItems: 3 }), fc.array(item.value, { maxLength: 3 }))) },
      { weight: 1, arbitrary: fc.array(pair(depth - 1), { minLength: 1, maxLength: 3 }).map(items => fits(Type.Tuple(items.map(item => item.schema)), fc.tuple(...items.map(item => item.value)))) },
      { weight: 1, arbitrary: pair(depth - 1).map(item => fits(Type.Record(Type.String(), item.schema, { maxProperties: 3 }), fc.dictionary(fc.constantFrom(...NAMES), item.value, { maxKeys: 3, noNullPrototype: true }))) },
      { weight: 1, arbitrary: fc.array(pair(depth - 1), { minLength: 2, maxLength: 3 }).map(items => fits(Type.Union(items.map(item => item.schema)), fc.oneof(...items.map(item => item.value)))) },
      { weight: 1, arbitrary: fc.array(objectOf(pair(depth - 1), 'tag'), { minLength: 2, maxLength: 10 }).map(taggedUnion) },
      { weight: 1, arbitrary: fc.tuple(objectOf(pair(depth - 1)), pair(depth - 1)).map(([object, extra]) => openObject(object, extra)) },
      { weight: 1, arbitrary: fc.array(objectOf(pair(depth - 1)), { minLength: 1, maxLength: 3 }).map(composed) },
      { weight: 1, arbitrary: objectOf(pair(depth - 1), 'kids').map(tree) },
      { weight: 1, arbitrary: fc.tuple(pair(depth - 1), pair(depth - 1)).map(([one, other]) => modules(one, other, depth)) }
    ))

  /** Further properties are of a declared type; so is what is inside of them. */
  function openObject (object: Pair, extra: Pair): Pair {
    const taken = Object.keys(object.schema.properties as object)
    return fits(
      Type.Object(object.schema.properties as Record<string, TSchema>, { additionalProperties: extra.schema, maxProperties: 9 }),
      fc.tuple(object.value, fc.dictionary(fc.constantFrom('k1', 'k2', 'é1'), extra.value, { maxKeys: 2, noNullPrototype: true }))
        .map(([own, more]) => ({ ...more, ...own as object })).filter(value => Object.keys(value).every(key => taken.includes(key) || /\d/.test(key))))
  }

  /** Each of one name again, as a shared part of two types is. */
  function composed (parts: readonly Pair[]): Pair {
    const [first] = parts
    const names = Object.keys(first!.schema.properties as object)
    return names.length === 0 ? first! : fits(composite([first!.schema, Type.Pick(first!.schema as never, names.slice(0, 1) as never)]), first!.value)
  }

  function tree ({ schema, value }: Pair): Pair {
    const node = recursive(Self => Type.Object({ ...schema.properties as Record<string, TSchema>, kids: Type.Array(Self, { maxItems: 2 }) }))
    const leaf = value.map(own => ({ ...own as object, kids: [] as unknown[] }))
    return fits(node, fc.tuple(leaf, fc.array(leaf, { maxLength: 2 })).map(([root, kids]) => ({ ...root, kids })))
  }

  /** Two modules that use the same names for different things. One inside of another has other names: there TypeBox takes the outer's. */
  function modules (one: Pair, other: Pair, depth: number): Pair {
    const importOf = ({ schema }: Pair): TSchema => {
      const [page, item] = [nameOf(`Page${depth}`), nameOf(`Item${depth}`)]
      return module({
        [page]: Type.Object({ first: Type.Ref(item), next: Type.Optional(Type.Ref(page)) }), [item]: Type.Tuple([schema]),
      }, page)
    }
    const pages = ({ value }: Pair): fc.Arbitrary<unknown> => fc.tuple(value, fc.option(value)).map(([first, next]) => next === null ? { first: [first] } : { first: [first], next: { first: [next] } })
    return fits(Type.Object({ a: importOf(one), b: importOf(other) }), fc.record({ a: pages(one), b: pages(other) }, { noNullPrototype: true }))
  }

  function objectOf (member: fc.Arbitrary<Pair>, without?: string): fc.Arbitrary<Pair> {
    return fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), member, fc.boolean()), { maxLength: 4, selector: ([name]) => name }).map(members => {
      const schema = Type.Object(Object.fromEntries(members.map(([name, item, required]) => [name, required ? item.schema : Type.Optional(item.schema)])))
      const required = members.filter(([, , needed]) => needed).map(([name]) => name)
      return fits(schema, fc.record(Object.fromEntries(members.map(([name, item]) => [name, item.value])), { requiredKeys: required, noNullPrototype: true }) as fc.Arbitrary<unknown>)
    }).filter(({ schema }) => without === undefined || !Object.hasOwn(schema.properties as object, without))
  }

  function taggedUnion (items: readonly Pair[]): Pair {
    return fits(
      Type.Union(items.map(({ schema }, i) => Type.Object({ ...schema.properties as Record<string, TSchema>, tag: Type.Literal(`t${i}`) }))),
      fc.oneof(...items.map(({ value }, i) => value.map(object => ({ ...object as object, tag: `t${i}` })))))
  }

  return fc.oneof(objectOf(pair(3)), pair(3))
}

function isHarmless (value: unknown): boolean {
  return !/"(?:__proto__|constructor|prototype|toString|valueOf|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|toLocaleString|__\w+__)":|\\u0000/.test(JSON.stringify(value))
}

function normal (value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** Undeclared keys and foreign prototypes would show in the JSON text or here. */
function isPlain (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return !Object.is(value, -0) && !(typeof value === 'number' && !Number.isFinite(value))
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === (Array.isArray(value) ? Array.prototype : Object.prototype) &&
    Reflect.ownKeys(value).every(key => Array.isArray(value) ? true : (value as Record<PropertyKey, unknown>)[key] !== undefined) &&
    Object.values(value).every(isPlain)
}

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map(normal),
  fc.object({ key: fc.constantFrom(...NAMES, 'tag', '__proto__', 'toString'), maxDepth: 3, withNullPrototype: true }),
  fc.constantFrom<unknown>(undefined, NaN, Infinity, -0, Symbol('s'), () => 1, new Date(0), new Map(), 10n, new Proxy({}, {}), [undefined], JSON.parse('{"__proto__":{"a":1}}'))
)

const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 200), endOnFailure: true }

function compiled (contract: ContractSpec): CompiledInbound {
  try {
    return compileContract(contract).inbound.get('m')!
  } catch (error) {
    // some random unions recurse in several variants that nothing tells apart
    if (!/can not be told apart/.test(String(error))) throw error
    return fc.pre(false) as never
  }
}

/** The schema as we understand it: what it doesn't declare is not there. */
function close (schema: TSchema): TSchema {
  const copy: Record<PropertyKey, unknown> = { ...schema }
  for (const key of ['properties', 'patternProperties', '$defs']) {
    const map = schema[key] as Record<string, TSchema> | undefined
    if (map !== undefined) copy[key] = Object.fromEntries(Object.entries(map).map(([name, inner]) => [name, close(inner)]))
  }
  for (const key of ['anyOf', 'items']) if (Array.isArray(schema[key])) copy[key] = (schema[key] as TSchema[]).map(close)
  for (const key of ['items', 'additionalProperties']) if (typeof schema[key] === 'object' && !Array.isArray(schema[key])) copy[key] = close(schema[key] as TSchema)
  if (['Object', 'Record'].includes(kindOf(schema)!)) copy.additionalProperties ??= false
  return copy as unknown as TSchema
}

/** JSON that we refuse for reasons of our own: inexact integers, NUL, lone surrogates, names that every object inherits. */
function isTame (value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return value === null || typeof value === 'boolean'
  const isPlainJson = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  return isPlainJson && Object.entries(value).every(([key, inner]) => !(key in Object.prototype) && isTame(key) && isTame(inner))
}

/** ajv's verdict, where it takes the schema: it knows no two modules with the same names. */
function ajvCheck (schema: TSchema): (value: unknown) => boolean {
  try {
    return new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(JSON.stringify(schema)) as object)
  } catch {
    return () => true
  }
}

for (const library of LIBRARIES) {
  const { name, check } = library
  const schemas = schemasOf(library)
  // 1.x counts characters as ajv does, we and 0.34 count UTF-16 units
  const isMeasuredAlike = (value: unknown): boolean => library !== TYPEBOX_1 || !/[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(value))

  t.test(`${name}: what fits is accepted unchanged`, async () => {
    fc.assert(fc.property(schemas, fc.gen(), ({ schema, value }, gen) => {
      const { accept, explain } = compiled(oneMessage(schema))
      for (let i = 0; i < 8; i++) {
        const good = gen(() => value)
        const text = JSON.stringify(good)
        const clean = accept(good)
        if (clean === REFUSED) throw new Error(`refused ${text}: ${JSON.stringify(explain(good))}`)
        if (JSON.stringify(good) !== text) throw new Error('the argument was changed')
        if (!sameJson(clean, good)) throw new Error(`${text} became ${JSON.stringify(clean)}`)
        if (!check(schema, clean) || !isPlain(clean)) throw new Error(`not clean: ${JSON.stringify(clean)}`)
        if (!sameJson(accept(clean), clean)) throw new Error('not idempotent')
      }
    }), RUNS)
  })

  t.test(`${name}: whatever comes: accepted exactly when TypeBox and ajv accept it closed; refused means there is a reason`, async t => {
    let accepted = 0
    let both = 0
    fc.assert(fc.property(schemas, fc.gen(), ({ schema, value }, gen) => {
      const { accept, explain } = compiled(oneMessage(schema))
      const closed = close(schema)
      const ajv = ajvCheck(closed)
      for (let i = 0; i < 8; i++) {
        const came = gen(() => fc.oneof(anything, value.map(good => mutate(good, i))))
        const clean = accept(came)
        if (clean === REFUSED) {
          const issues = explain(came)
          if (issues.length < 1 || issues.length > 8 || issues.some(issue => issue.path.length > 128)) throw new Error('no reason')
          // TypeBox takes an absent property for one that an Unknown in a union admits
          if (isTame(came) && isMeasuredAlike(came) && check(closed, came) && ajv(came)) throw new Error(`refused ${JSON.stringify(came)}: ${JSON.stringify(issues)}`)
          continue
        }
        accepted++
        if (!check(closed, came)) throw new Error(`TypeBox refuses ${JSON.stringify(came)}`)
        if (!check(schema, clean) || !isPlain(clean)) throw new Error(`not clean: ${JSON.stringify(clean)}`)
        if (!ajv(clean)) throw new Error(`ajv refuses ${JSON.stringify(clean)}`)
        if (!sameJson(clean, came)) throw new Error(`${JSON.stringify(came)} became ${JSON.stringify(clean)}`)
        both++
      }
    }), RUNS)
    t.ok(accepted > RUNS.numRuns / 10 && both === accepted, `${accepted} accepted`)
  })

  t.test(`${name}: with unknownProperties: drop, what is left is valid, and nothing declared is lost`, async () => {
    fc.assert(fc.property(schemas, fc.gen(), ({ schema, value }, gen) => {
      const { accept } = compiled(oneMessage(schema, { unknownProperties: 'drop' }))
      for (let i = 0; i < 8; i++) {
        const good = gen(() => value)
        const kept = accept(good)
        if (kept === REFUSED || !sameJson(kept, good)) throw new Error(`${JSON.stringify(good)} became ${JSON.stringify(kept)}`)
        const clean = accept(gen(() => fc.oneof(anything, value.map(one => mutate(one, i)))))
        if (clean === REFUSED) continue
        if (!check(schema, clean) || !isPlain(clean)) throw new Error(`not clean: ${JSON.stringify(clean)}`)
        if (!sameJson(accept(clean), clean)) throw new Error('not idempotent')
      }
    }), RUNS)
  })
}

/** A value that nearly fits. */
function mutate (value: unknown, seed: number): unknown {
  if (typeof value === 'number' && seed % 3 === 1) return value + 1
  if (typeof value === 'string' && seed % 3 === 1) return value.slice(1)
  if (typeof value !== 'object' || value === null) return seed % 2 === 0 ? value : [value]
  if (Array.isArray(value)) return seed % 3 === 0 ? [...value, null] : value.map((item, i) => i === seed % (value.length + 1) ? mutate(item, seed >> 1) : item)
  const keys = Object.keys(value)
  const copy: Record<string, unknown> = { ...value }
  if (seed % 4 === 0) copy.extra = 1
  const key = keys[seed % (keys.length + 1)]
  if (key !== undefined) copy[key] = seed % 3 === 0 ? undefined : mutate(copy[key], seed >> 1)
  return copy
}

/** The same JSON, whatever the order of the keys. */
function sameJson (a: unknown, b: unknown): boolean {
  return sorted(a) === sorted(b)
}

function sorted (value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => typeof item === 'object' && item !== null && !Array.isArray(item)
    ? Object.fromEntries(Object.entries(item).sort(([x], [y]) => x < y ? -1 : 1))
    : item)
}
