import t from 'tap'
import fc from 'fast-check'
import { Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { compileContract } from '../../lib/contract/compile.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { CompiledInbound, ContractSpec } from '../../types/contract.js'
import { MODES } from '../helpers/codegen.js'
import { oneMessage } from '../helpers/contract.js'

// Random schemas against random values: what generated code, closures and TypeBox say of them must agree.

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

const leaf: fc.Arbitrary<Pair> = fc.oneof(
  fc.constant(fits(Type.Null(), fc.constant(null))),
  fc.constant(fits(Type.Boolean(), fc.boolean())),
  fc.constant(fits(Type.Integer(), fc.integer().map(zero))),
  fc.constant(fits(Type.Integer({ minimum: 2, exclusiveMaximum: 9 }), fc.integer({ min: 2, max: 8 }))),
  fc.constant(fits(Type.Number(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(zero))),
  fc.constant(fits(Type.String({ maxLength: 6 }), word)),
  fc.constant(fits(Type.String({ maxLength: 6, minLength: 2, pattern: '^[a-z]+$' }), fc.string({ minLength: 2, maxLength: 6, unit: fc.constantFrom('a', 'b', 'z') }))),
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
    { weight: 1, arbitrary: fc.array(objectOf(pair(depth - 1), 'tag'), { minLength: 2, maxLength: 10 }).map(taggedUnion) }
  ))

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

const root = fc.oneof(objectOf(pair(3)), pair(3))
const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 400), endOnFailure: true }

/** Generated code, or closures where it is forbidden; and closures. */
function compiled (contract: ContractSpec): readonly [CompiledInbound, CompiledInbound] {
  const [closures, generated = closures] = [...MODES].reverse().map(interpreted => compileContract(contract, { interpreted }).inbound.get('m')!)
  return [generated!, closures!]
}

t.test('what fits is accepted unchanged; generated code and closures agree', async () => {
  fc.assert(fc.property(root, fc.gen(), ({ schema, value }, gen) => {
    const [first, closures] = compiled(oneMessage(schema))
    for (let i = 0; i < 8; i++) {
      const good = gen(() => value)
      const text = JSON.stringify(good)
      const clean = first.accept(good)
      if (clean === REFUSED) throw new Error(`refused ${text}: ${JSON.stringify(first.explain(good))}`)
      if (JSON.stringify(good) !== text) throw new Error('the argument was changed')
      if (!sameJson(clean, good)) throw new Error(`${text} became ${JSON.stringify(clean)}`)
      if (!Value.Check(schema, clean) || !isPlain(clean)) throw new Error(`not clean: ${JSON.stringify(clean)}`)
      if (!sameJson(first.accept(clean), clean)) throw new Error('not idempotent')
      if (JSON.stringify(closures.accept(good)) !== JSON.stringify(clean)) throw new Error('closures differ, order of keys included')
    }
  }), RUNS)
})

t.test('whatever comes: accepted means clean, valid and the same both ways; refused means there is a reason', async () => {
  fc.assert(fc.property(root, fc.constantFrom<'refuse' | 'drop'>('refuse', 'drop'), fc.gen(), ({ schema, value }, unknownProperties, gen) => {
    const [first, closures] = compiled(oneMessage(schema, { unknownProperties }))
    for (let i = 0; i < 8; i++) {
      const came = gen(() => fc.oneof(anything, value.map(good => mutate(good, i))))
      const clean = first.accept(came)
      const other = closures.accept(came)
      if (clean === REFUSED || other === REFUSED) {
        if (clean !== other) throw new Error('closures differ')
        const issues = first.explain(came)
        if (issues.length < 1 || issues.length > 8 || issues.some(issue => issue.path.length > 128)) throw new Error('no reason')
        continue
      }
      if (JSON.stringify(clean) !== JSON.stringify(other)) throw new Error('closures differ')
      if (!Value.Check(schema, clean) || !isPlain(clean)) throw new Error(`not clean: ${JSON.stringify(clean)}`)
      if (!sameJson(first.accept(clean), clean)) throw new Error('not idempotent')
    }
  }), RUNS)
})

/** A value that nearly fits. */
function mutate (value: unknown, seed: number): unknown {
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
