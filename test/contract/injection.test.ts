import t from 'tap'
import { Kind, OptionalKind, Type, type TSchema } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { compileSanitizer } from '../../lib/contract/inbound/sanitizer.js'
import { compileSerializer } from '../../lib/contract/outbound/serializer.js'
import type { Node, Property, SchemaTree } from '../../lib/contract/tree/nodes.js'
import { readModel } from '../../lib/model/model.js'
import { report } from '../../lib/model/report.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { ContractSpec } from '../../types/contract.js'
import { oneMessage, readCorpus } from '../helpers/contract.js'

// F20: whatever stands in a contract, nothing of it is ever run.

interface Case { readonly id: string, readonly kw: string, readonly schema: Record<string, unknown>, readonly data: unknown }
const { cases } = readCorpus<{ cases: Case[] }>('schema-injection.json')
const canary = (): unknown => (globalThis as { __pwned?: unknown }).__pwned

const KINDS: { readonly [type: string]: string } = {
  string: 'String', number: 'Number', integer: 'Integer', boolean: 'Boolean', object: 'Object', array: 'Array', null: 'Null',
}

/** The fragment as a TypeBox schema: kinds are symbols, which JSON does not carry. */
function asTypeBox (value: unknown, optional = false): unknown {
  if (Array.isArray(value)) return value.map(item => asTypeBox(item))
  if (typeof value !== 'object' || value === null) return value
  const schema = value as Record<string, unknown>
  const kind = 'const' in schema
    ? 'Literal'
    : '$defs' in schema
      ? 'Import'
      : '$ref' in schema ? 'Ref' : 'anyOf' in schema || 'oneOf' in schema ? 'Union' : KINDS[String(schema.type)] ?? String(schema.type ?? 'Unknown')
  const defaults = kind === 'String' ? { maxLength: 99 } : kind === 'Array' ? { maxItems: 9 } : kind === 'Literal' ? { type: typeof schema.const } : {}
  const copy: Record<PropertyKey, unknown> = { ...defaults, ...schema, [Kind]: kind, ...optional ? { [OptionalKind]: 'Optional' } : {} }
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  for (const key of ['properties', 'patternProperties', '$defs']) {
    if (typeof schema[key] === 'object' && schema[key] !== null) {
      copy[key] = Object.fromEntries(Object.entries(schema[key]).map(([name, inner]) => [name, asTypeBox(inner, !required.has(name))]))
    }
  }
  for (const key of ['items', 'contains', 'additionalProperties', 'not']) if (typeof schema[key] === 'object') copy[key] = asTypeBox(schema[key])
  return copy
}

t.test('corpus, through the whole compiler', async t => {
  let compiled = 0
  const uncoded: string[] = []
  for (const { id, kw, schema, data } of cases) {
    const places: ContractSpec[] = [
      oneMessage(asTypeBox(schema) as TSchema),
      oneMessage(Type.Object({ v: asTypeBox(schema) as TSchema })),
      { name: 'test', url: '/', outbound: { m: asTypeBox(schema) as TSchema } },
      { name: 'test', url: '/', query: asTypeBox(schema) as TSchema },
    ]
    for (const contract of places) {
      try {
        const result = compileContract(contract)
        compiled++
        const inbound = result.inbound.get('m')
        for (const value of [data, { v: data }, null, {}]) {
          inbound?.accept(value)
          inbound?.explain(value)
          result.query?.(value)
          try { result.outbound.get('m')?.encode(value) } catch { /* refused */ }
        }
        report(readModel(contract))
      } catch (error) {
        if ((error as { code?: string }).code !== 'WSG_ERR_CONTRACT') uncoded.push(`${id} ${kw}: ${String(error)}`)
      }
    }
    t.equal(canary(), undefined, `${id} ${kw}`)
  }
  t.same(uncoded, [], 'what does not compile is refused with a code')
  t.ok(compiled > 50, `${compiled} of them compile: the names really are in the source`)
})

/** Every text in a value. */
function textsOf (value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? [...Object.keys(value), ...Object.values(value).flatMap(textsOf)] : []
}

t.test('each text as name, constant, tag and key of the envelope, past the boot checks', async t => {
  const texts = new Set([
    ...cases.flatMap(entry => textsOf(entry.schema)), '__proto__', '\u2028', '\u2029', '\0', '\r\n', '\ud800', '</script>', '*/', '`${globalThis.__pwned=1}`', // eslint-disable-line no-template-curly-in-string
    "'];globalThis.__pwned=1;['", '"];globalThis.__pwned=1;["',
  ])
  const refused: string[] = []
  for (const name of texts) {
    const leaf: Node = { kind: 'values', values: [name] }
    const property = (node: Node): Property => ({ name, node, required: true })
    const object = (shape: Node, extra: Node | null = null): Node => ({
      kind: 'object', properties: [property(shape)], extra, extraNames: null, unknown: 'refuse', min: 0, max: 5, beside: [`${name}x`],
    })
    const shapes: Node[] = [
      leaf,
      object(leaf),
      object(leaf, leaf),
      { kind: 'values', values: Array.from({ length: 20 }, (_, i) => name + i) },
      { kind: 'union', variants: [object(leaf)], tag: { name, values: [[name]] } },
      { kind: 'union', variants: Array.from({ length: 12 }, () => object(leaf)), tag: { name, values: Array.from({ length: 12 }, (_, i) => [i === 0 ? name : name + i]) } },
      { kind: 'ref', name },
    ]
    for (const root of shapes) {
      const tree = { where: 'test', root, definitions: new Map([[name, object(leaf)]]) }
      const value = Object.defineProperty({}, name, { value: name, enumerable: true })
      const sanitize = compileSanitizer(tree).accept
      const clean = sanitize(root.kind === 'values' ? name : value)
      if (clean === REFUSED && name !== '__proto__' && root.kind !== 'values') refused.push(name)
    }
  }
  t.same(refused, [], 'each is only a name')
  t.equal(canary(), undefined)
})

t.test('the source holds no pattern, policy or annotation', async t => {
  const sources: string[] = []
  const { Function } = globalThis
  globalThis.Function = new Proxy(Function, {
    construct (Target, args: string[]) {
      sources.push(args.join('\n'))
      return new Target(...args)
    },
  })
  t.teardown(() => { globalThis.Function = Function })
  const tree: SchemaTree = {
    root: {
      kind: 'string',
      min: 0,
      max: 3,
      pattern: /canary/,
      format: { name: 'canary', test: () => true },
      policy: { spec: { policy: 'text', clean: false, maxLength: 3 }, apply: value => value, rawMax: 3, takesAscii: false },
      notes: { title: 'canary' },
    },
    where: 'canary',
    definitions: new Map(),
  }
  compileSanitizer(tree)
  compileSerializer(tree)
  t.match(sources, [/typeof v !== 'string'/, /typeof v !== 'string'/], 'they were looked at')
  t.notMatch(sources.join(), /canary/)
})
