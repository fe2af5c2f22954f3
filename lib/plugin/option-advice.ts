import { Kind, type TObject, type TSchema } from '@sinclair/typebox'
import { got } from '../errors/got.js'
import { nearest } from '../errors/nearest.js'

// Tested in test/plugin/advice.test.ts.

/** What is expected where a strategy goes. */
export const STRATEGY = 'a strategy such as sessionAuth(session => session.user)'

const UNSET = '; is an environment variable unset?'

/** Names that other packages have for an option, by ours. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['perUser', 'perIdentity'], ['perIp', 'perAddress'], ['options', 'maxPayload'],
])

/** Of the options of ws and @fastify/websocket: what stands for them here. */
const OF_WS: ReadonlyMap<string, string> = new Map([
  ['verifyClient', 'auth, authorize, or origins as a function'],
  ['handleProtocols', 'subprotocols'],
  ['path', 'a route'],
])
const ADOPTED = ['perMessageDeflate', 'clientTracking', 'errorHandler', 'preClose', 'backlog', 'autoPong']

/** What schema.ts writes beside a schema. */
interface Notes {
  readonly closed?: boolean
  readonly description?: string
  readonly expected?: string
  readonly default?: unknown
}

export const notesOf = (schema: TSchema): Notes => schema

/** What `schema` offers: its alternatives, or itself. */
function alternatives (schema: TSchema): readonly TSchema[] {
  return schema[Kind] === 'Union' ? schema['anyOf'] as TSchema[] : [schema]
}

/** The object of options that `schema` is, or that it offers beside `false`. */
export function objectOf (schema: TSchema): TObject | null {
  return alternatives(schema).find((one): one is TObject => one[Kind] === 'Object') ?? null
}

/** `expected 'a' or 'b'`, where `schema` is one of several words; else null. */
export function literalsOf (schema: TSchema): string | null {
  const all = alternatives(schema)
  return all.length > 1 && all.every(one => one[Kind] === 'Literal')
    ? `expected ${all.map(one => `'${String(one['const'])}'`).join(' or ')}`
    : null
}

/** What to write instead of the unknown option `key`, as the end of an error; nothing where no name is near. */
export function adviceOnKey (schema: TObject, key: string): string {
  if (key === 'messages') return '; only wsRoute has message limits'
  if ('maxFragments' in schema.properties) {
    const ours = OF_WS.get(key)
    if (ours !== undefined) return `; write ${ours}`
    if (ADOPTED.includes(key)) return '; register @fastify/websocket with it yourself, before the guard'
  }
  // By their own name and by the whole path: `maxPayload` and `heartbeatInterval` are found one level further down.
  const paths = new Map(Object.keys(schema.properties).map(name => [name, name]))
  for (const [name, option] of Object.entries(schema.properties)) {
    for (const inner of Object.keys(objectOf(option)?.properties ?? {})) {
      const path = `${name}.${inner}`
      paths.set(path, path)
      if (!paths.has(inner)) paths.set(inner, path)
    }
  }
  const other = OTHER_NAMES.get(key)
  const meant = other !== undefined && paths.get(other) === other ? other : exactOrNear(key, paths)
  return meant === null ? '' : `; did you mean ${JSON.stringify(meant)}?`
}

function exactOrNear (key: string, paths: ReadonlyMap<string, string>): string | null {
  const near = paths.has(key) ? key : nearest(key, paths.keys())
  return near === null ? null : paths.get(near) ?? null
}

/** What to write instead of `value` where `schema` stands, as the end of an error. */
export function adviceOnValue (schema: TSchema, value: unknown): string {
  if (value === undefined || value === '') return UNSET
  const kinds = alternatives(schema).map(one => one[Kind])
  if (typeof value === 'string') {
    if (kinds.includes('Array')) return `; write [${value.split(',').map(item => got(item.trim())).join(', ')}]`
    if (kinds.includes('Integer') || kinds.includes('Number')) {
      return `; write ${schema['unit'] === undefined ? 'a number, without quotes' : `a number of ${schema['unit']}`}`
    }
    if (kinds.includes('Boolean') && /^(?:true|false)$/.test(value)) return `; write ${value}, without quotes`
    if (typeof schema['pattern'] === 'string') return adviceOnPath(new RegExp(schema['pattern']), value)
  }
  if (kinds.includes('Array') && (schema['items'] as TSchema | undefined)?.[Kind] === 'Object') return '; write [{ … }]'
  if (typeof value === 'function' && schema['expected'] === STRATEGY) {
    return /Auth$|^anyOf$/.test(value.name)
      ? `; call it: ${value.name}(…)`
      : '; a strategy of your own is { name, needs, authenticate }'
  }
  if (typeof value === 'number') {
    if (schema['unit'] === 'milliseconds' && value > 0 && value < Number(schema['minimum'])) {
      return `; it is in milliseconds: write ${value * 1000} for ${value} s`
    }
    const options = Object.entries(objectOf(schema)?.properties ?? {})
    const [first, ...others] = options.filter(([, option]) => option[Kind] === 'Integer')
    if (first !== undefined && others.length === 0) return `; write { ${first[0]}: ${value} }`
  }
  return ''
}

/** A path that `pattern` takes, where `value` is nearly one. */
function adviceOnPath (pattern: RegExp, value: string): string {
  if (value === '/*') return '; that would leave nothing to guard'
  const near = [`/${value}`, value.replace(/\*+$/, '*')].find(path => pattern.test(path))
  return near === undefined ? '' : `; write ${got(near)}`
}

/** What came, with what is missing or empty in it. */
export function gotFor (schema: TSchema, value: unknown): string {
  if (Array.isArray(value)) {
    const wrong = value.findIndex(item => typeof item !== 'string' || item === '')
    if (wrong === -1 || schema[Kind] === 'Array') return got(value)
    const item: unknown = value[wrong]
    const hint = item === undefined || item === '' ? UNSET : '; a pattern is text, such as ".example.com"'
    return `${got(value)} whose [${wrong}] is ${got(item)}${hint}`
  }
  const required = (schema['required'] as readonly string[] | undefined) ?? []
  const missing = typeof value === 'object' && value !== null ? required.filter(name => !(name in value)) : []
  return `${got(value)}${missing.length === 0 ? '' : ` without ${missing.join(' and ')}`}`
}
