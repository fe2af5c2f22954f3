import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import { compileContract } from '../../lib/contract/compile.js'
import { kindOf } from '../../lib/contract/kind.js'
import { WSG_ERR_CONTRACT } from '../../lib/errors/coded.js'
import type { ContractSpec } from '../../types/contract.js'
import { SINCLAIR, type Library } from './typebox.js'

// Random contracts with values for them. Limits that a programming language's type can't say (lengths, patterns, ranges) are wide
// enough for whatever `spoil` puts in, so that the server's verdict is one about types.

/** A schema with values that fit it. */
export interface Pair {
  readonly schema: TSchema
  readonly value: fc.Arbitrary<unknown>
}

const NAMES = ['a', 'b', 'c', 'id', 'kind', 'x y', "it's", 'é', '1st', 'class', 'static', 'é/~"\\']
const TYPES = ['say', 'said', 'message.posted', 'käse', 'a-b', 'Array', 'Client', '1st', 'x y', 'default', 'new', '*/', "'", '\u2028']
const CONSTANTS = ['k', 'q\'"', 'é\n', '*/', '\u2028', 7, -1.5, 0, true, null]
const NOTES = ['A note.', 'ends */ here', '@deprecated', 'two\nlines', '`x` $' + '{y}', '\u2028@param x', '']

const pairOf = (schema: TSchema, value: fc.Arbitrary<unknown>): Pair =>
  Object.assign({ schema, value }, { [fc.toStringMethod]: () => JSON.stringify(schema) })
const word = fc.constantFrom('', 'x', 'k', 'é', "'", '"', '\\', '\n', '\u2028', '*/', 'word')
const annotations = fc.record({
  description: fc.constantFrom(...NOTES), examples: fc.constantFrom([1, '*/'], [null]), deprecated: fc.boolean(), title: fc.constant('Title'),
}, { requiredKeys: [] })

/** A contract, with the values of each of its payloads. */
export interface RandomContract {
  readonly contract: ContractSpec
  readonly inbound: ReadonlyMap<string, Pair>
  readonly outbound: ReadonlyMap<string, Pair>
  readonly calls: ReadonlyMap<string, { readonly request: Pair, readonly reply: Pair }>
}

/** Contracts of a library. From one seed every library's say the same. */
export function contractsOf ({ Type, recursive, module }: Library): fc.Arbitrary<RandomContract> {
  const literal = (value: typeof CONSTANTS[number]): TSchema => value === null ? Type.Null() : Type.Literal(value)
  const Said = Type.Object({ from: Type.String({ maxLength: 40 }), id: Type.Integer() }, { $id: 'chat.said', description: 'Has a name.' })
  const Tree = recursive(This => Type.Object({
    children: Type.Array(This, { maxItems: 40 }), label: Type.Optional(Type.String({ maxLength: 40 })),
  }))
  const Chain = recursive(This => Type.Object({ next: Type.Union([This, Type.Null()]), value: Type.Integer() }), 'Chain')
  const Person = module({
    Person: Type.Object({ friend: Type.Optional(Type.Ref('Person')), name: Type.Ref('Name') }),
    Name: Type.String({ maxLength: 40 }),
  }, 'Person')

  const leaf: fc.Arbitrary<Pair> = fc.oneof(
    fc.constant(pairOf(Type.Boolean(), fc.boolean())),
    annotations.map(notes => pairOf(Type.Integer(notes), fc.integer())),
    fc.constant(pairOf(Type.Number(), fc.constantFrom(0, 1, -1.5, 1e21, 0.1))),
    annotations.map(notes => pairOf(Type.String({ maxLength: 40, ...notes }), word)),
    fc.constantFrom(...CONSTANTS).map(value => pairOf(literal(value), fc.constant(value))),
    fc.uniqueArray(fc.constantFrom(...CONSTANTS), { minLength: 2, maxLength: 5 })
      .map(values => pairOf(Type.Union(values.map(literal)), fc.constantFrom(...values))),
    fc.constant(pairOf(Type.Unknown({ unboundedOnPurpose: true }), fc.constantFrom(1, 'x', null, [], [{ a: 1 }], { a: [1] }))),
    fc.constant(pairOf(Said, fc.record({ from: word, id: fc.integer() }, { noNullPrototype: true }))),
    fc.constant(pairOf(Tree, fc.constantFrom({ children: [] }, { label: 'x', children: [{ children: [{ children: [], label: 'y' }] }, { children: [] }] }))),
    fc.constant(pairOf(Chain, fc.constantFrom({ next: null, value: 1 }, { next: { next: null, value: 2 }, value: 1 }))),
    fc.constant(pairOf(Person, fc.constantFrom({ name: 'x' }, { name: 'x', friend: { name: 'y' } })))
  )

  const pair: fc.Memo<Pair> = fc.memo(depth => depth <= 1
    ? leaf
    : fc.oneof(
      { weight: 3, arbitrary: leaf },
      { weight: 3, arbitrary: objectOf(pair(depth - 1)) },
      { weight: 1, arbitrary: pair(depth - 1).map(({ schema, value }) => pairOf(Type.Array(schema, { maxItems: 40 }), fc.array(value, { maxLength: 3 }))) },
      {
        weight: 1,
        arbitrary: fc.array(pair(depth - 1), { minLength: 1, maxLength: 3 }).map(items =>
          pairOf(Type.Tuple(items.map(item => item.schema)), fc.tuple(...items.map(item => item.value))))
      },
      {
        weight: 1,
        arbitrary: pair(depth - 1).map(({ schema, value }) =>
          pairOf(Type.Record(Type.String(), schema, { maxProperties: 40 }), fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 3, noNullPrototype: true })))
      },
      {
        weight: 1,
        arbitrary: fc.array(pair(depth - 1), { minLength: 2, maxLength: 3 }).filter(isTold).map(unionOf)
      },
      { weight: 1, arbitrary: fc.array(objectOf(pair(depth - 1)), { minLength: 2, maxLength: 4 }).map(taggedUnion) },
      { weight: 1, arbitrary: fc.array(objectOf(leaf), { minLength: 2, maxLength: 3 }).map(unionOf) },
      { weight: 1, arbitrary: fc.tuple(objectOf(pair(depth - 1)), objectOf(pair(depth - 1))).map(intersection) }
    ))

  function objectOf (member: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> {
    const members = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), member, fc.boolean()), { maxLength: 4, selector: ([name]) => name })
    return fc.tuple(members, annotations).map(([list, notes]) => {
      const properties = list.map(([name, item, required]) => [name, required ? item.schema : Type.Optional(item.schema)] as const)
      const required = list.filter(([, , needed]) => needed).map(([name]) => name)
      const values = Object.fromEntries(list.map(([name, item]) => [name, item.value]))
      return pairOf(Type.Object(Object.fromEntries(properties), notes), fc.record(values, { requiredKeys: required, noNullPrototype: true }))
    })
  }

  function unionOf (items: readonly Pair[]): Pair {
    return pairOf(Type.Union(items.map(item => item.schema)), fc.oneof(...items.map(item => item.value)))
  }

  function taggedUnion (items: readonly Pair[]): Pair {
    const schemas = items.map(({ schema }, i) => Type.Object({ ...propertiesOf(schema), kind: Type.Literal(`t${i}`) }))
    const values = items.map(({ value }, i) => value.map(object => ({ ...object as object, kind: `t${i}` })))
    return pairOf(Type.Union(schemas), fc.oneof(...values))
  }

  function intersection ([left, right]: readonly [Pair, Pair]): Pair {
    const others = Object.fromEntries(Object.entries(propertiesOf(right.schema)).map(([name, schema]) => [`r ${name}`, schema]))
    const renamed = right.value.map(value => Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [`r ${name}`, inner as unknown])))
    return pairOf(Type.Intersect([Type.Object({ ...propertiesOf(left.schema) }), Type.Object(others)]),
      fc.tuple(left.value, renamed).map(([a, b]) => ({ ...a as object, ...b })))
  }

  const payload = fc.oneof(objectOf(pair(3)), pair(3))
  const tableOf = <E>(entry: fc.Arbitrary<E>): fc.Arbitrary<Map<string, E>> =>
    fc.uniqueArray(fc.tuple(fc.constantFrom(...TYPES.filter(type => !/\p{Cc}/u.test(type))), entry), { maxLength: 3, selector: ([type]) => type })
      .map(entries => new Map(entries))

  return fc.record({
    name: fc.constantFrom('chat', 'chat.v2', 'a-b_c', '1', 'Array'),
    inbound: tableOf(payload),
    outbound: tableOf(payload),
    calls: tableOf(fc.record({ request: payload, reply: payload })),
    error: payload,
    rules: fc.record({
      cost: fc.constantFrom(1, 0.5, 7), roles: fc.constantFrom(['b', 'a'], ['*/']), deadline: fc.constant(50), description: fc.constantFrom(...NOTES),
    }, { requiredKeys: [] }),
    envelope: fc.constantFrom<ContractSpec['envelope']>({}, {}, { type: 'event', id: 'x y' }),
  }).map(({ name, inbound, outbound, calls: all, error, rules, envelope }) => {
    const calls = new Map([...all].filter(([type]) => !inbound.has(type)))
    const schemas = (table: ReadonlyMap<string, Pair>): Record<string, TSchema> => Object.fromEntries([...table].map(([type, { schema }]) => [type, schema]))
    const contract: ContractSpec = {
      name,
      url: '/x/:y',
      params: Type.Object({ y: Type.String({ maxLength: 9 }) }),
      inbound: Object.fromEntries(Object.entries(schemas(inbound)).map(([type, schema]) => [type, { payload: schema, ...rules }])),
      outbound: schemas(outbound),
      calls: Object.fromEntries([...calls].map(([type, { request, reply }]) =>
        [type, { request: request.schema, reply: reply.schema, errors: { taken: error.schema }, ...rules }])),
      envelope: envelope!,
    }
    return { contract, inbound, outbound, calls }
  }).filter(({ contract }) => boots(contract))
}

export const randomContract = contractsOf(SINCLAIR)

/** Not random: null wherever a payload can stand. */
export const NULLS: RandomContract = (() => {
  const { Type } = SINCLAIR
  const none = pairOf(Type.Null(), fc.constant(null))
  const call = { request: none.schema, reply: none.schema, errors: { taken: none.schema } }
  return {
    contract: {
      name: 'nulls', url: '/x', inbound: { ping: none.schema }, outbound: { pong: none.schema }, calls: { touch: call, nest: { ...call, reply: Type.Array(none.schema, { maxItems: 9 }) } },
    },
    inbound: new Map([['ping', none]]),
    outbound: new Map([['pong', none]]),
    calls: new Map([
      ['touch', { request: none, reply: none }],
      ['nest', { request: none, reply: pairOf(Type.Array(none.schema, { maxItems: 9 }), fc.array(none.value, { maxLength: 3 })) }],
    ]),
  }
})()

/** What a record holds may lie in a closed object beside it as well, as far as TypeScript can tell (docs/generated-clients.md). */
function isTold (items: readonly Pair[]): boolean {
  const kinds = items.map(({ schema }) => kindOf(schema)!)
  const scalars = ['Boolean', 'Integer', 'Number', 'String', 'Literal', 'Null', 'Array', 'Tuple']
  return !kinds.includes('Record') || kinds.filter(kind => !scalars.includes(kind)).length < 2
}

const propertiesOf = (schema: TSchema): Record<string, TSchema> => schema.properties as Record<string, TSchema>

/** Some unions of recursive types and some intersections don't boot. */
function boots (contract: ContractSpec): boolean {
  try {
    compileContract(contract)
    return true
  } catch (error) {
    if (error instanceof WSG_ERR_CONTRACT) return false
    throw error
  }
}

const JUNK = [null, true, false, 0, 1, 'x', 'k', 't0', 't1', [], {}, ['x'], [1], { a: 1 }, { kind: 't0' }]

/** A value that nearly fits: one place of it is replaced, left out or added to. */
export function spoil (value: unknown, next: (below: number) => number): unknown {
  const isList = Array.isArray(value)
  if (typeof value !== 'object' || value === null || next(4) === 0) return JUNK[next(JUNK.length)]
  const keys = Object.keys(value)
  const key = keys[next(keys.length + 1)]
  if (key === undefined) return isList ? [...value as unknown[], JUNK[next(JUNK.length)]] : { ...value, [['zz', 'a', 'kind'][next(3)]!]: JUNK[next(JUNK.length)] }
  const inner = (value as { readonly [key: string]: unknown })[key]
  if (isList) return next(4) === 0 ? (value as unknown[]).slice(0, -1) : (value as unknown[]).map((item, i) => String(i) === key ? spoil(item, next) : item)
  const { [key]: _, ...rest } = value as { readonly [key: string]: unknown }
  return next(4) === 0 ? rest : { ...rest, [key]: spoil(inner, next) }
}

/** Both at once, as far as they are objects: in a union, half of each variant. */
export function merged (one: unknown, other: unknown): unknown {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject(one) && isObject(other) ? { ...one, ...other } : one
}

/** The same contract, with everything declared the other way around that has no order of its own. Shared schemas stay shared. */
export function reversed<T> (value: T, known = new Map<unknown, unknown>()): T {
  if (typeof value !== 'object' || value === null) return value
  const given = value as { readonly [key: PropertyKey]: unknown }
  if (!known.has(value)) {
    const inner = (key: PropertyKey): unknown =>
      key === 'required' && Array.isArray(given[key]) ? [...given[key]].reverse() : reversed(given[key], known)
    known.set(value, Array.isArray(value)
      ? value.map(item => reversed(item as unknown, known))
      : Object.fromEntries(Reflect.ownKeys(value).reverse().map(key => [key, inner(key)])))
  }
  return known.get(value) as T
}
