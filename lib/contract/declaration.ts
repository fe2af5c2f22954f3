import type { CallSpec, ContractSpec, EnvelopeOptions, MessageRules, OutboundSpec } from '../../types/contract.js'
import { checkKeys } from '../errors/check-keys.js'
import { failContract, WSG_ERR_CONTRACT } from '../errors/contract-error.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import { errorCodes } from '../protocol/codes.js'
import { DEFAULT_ENVELOPE, ERROR_KEY, FLAT_REPLY_KEY, isReservedType, type EnvelopeKeys } from '../protocol/envelope.js'
import { kindOf } from './kind.js'
import { isSafeName } from './names.js'
import type { Call, Declaration, DeclaredSchema, Message, Rules } from './parts.js'
import { isWhenSlow } from './when-slow.js'

// Everything in a contract that isn't a schema: read strictly, defaults filled in. `defineContract` asks it too, so
// an error shows where it is written; browsers load this file, so it knows neither TypeBox nor node.

type Test = readonly [expected: string, test: (value: unknown) => boolean]
type Tests = { readonly [key: string]: Test }

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const string: Test = ['a string', value => typeof value === 'string']
// of which type it is, only the compiler can tell
const schema: Test = ['a TypeBox type', isObject]
const table: Test = ['an object', isObject]
const isRole = (role: unknown): boolean => typeof role === 'string' && role !== ''
const isWithin = (value: unknown, most: number): boolean => typeof value === 'number' && value > 0 && value <= most

const CONTRACT: Tests = {
  name: [
    '1-64 characters of A-Z a-z 0-9 . _ -', value => typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value),
  ],
  url: [
    'a path that begins with "/", or "" for the prefix alone',
    value => typeof value === 'string' && (value === '' || value.startsWith('/')),
  ],
  params: schema,
  query: schema,
  inbound: table,
  outbound: table,
  calls: table,
  envelope: table,
  description: string,
}

const RULES: Tests = {
  roles: [
    'a list of role names, one at least', value => Array.isArray(value) && value.length > 0 && value.every(isRole),
  ],
  cost: ['a number above 0', value => isWithin(value, Number.MAX_VALUE)],
  deadline: [
    'milliseconds: a whole number from 1 to 2147483647',
    value => Number.isInteger(value) && isWithin(value, 0x7fffffff),
  ],
  unknownProperties: ['"refuse" or "drop"', value => value === 'refuse' || value === 'drop'],
  description: string,
}

const INBOUND: Tests = { payload: schema, ...RULES }
const SLOW: Test = ['"close", "drop" or { latest: "<a property of the payload>" }', isWhenSlow]
const OUTBOUND: Tests = { payload: schema, description: string, whenSlow: SLOW }
const CALL: Tests = { request: schema, reply: schema, errors: table, ...RULES }
const KEY: Test = ['1-64 characters', isKey]
const ENVELOPE: Tests = {
  type: KEY, data: ['1-64 characters or null', value => value === null || isKey(value)], id: KEY,
}

function isKey (value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 64 && value.isWellFormed()
}

/** Throws WSG_ERR_CONTRACT when a key is unknown, missing, undefined, or not of its type. */
function check (where: string, value: object, known: Tests, required: readonly string[]): void {
  checkKeys(value, Object.keys(known), where, WSG_ERR_CONTRACT)
  for (const [key, [expected, test]] of Object.entries(known)) {
    const given = (value as { readonly [key: string]: unknown })[key]
    if (!Object.hasOwn(value, key)) {
      if (required.includes(key)) failContract(`${where}.${key}`, '', `expected ${expected}, got nothing`)
    } else if (!test(given)) {
      failContract(`${where}.${key}`, '', `expected ${expected}, got ${got(given)}`)
    }
  }
}

/**
 * Reads what isn't a schema. Throws WSG_ERR_CONTRACT, with the nearest right name where one is near. `prefix` is that
 * of the scope that declares the route; null where it isn't known yet, and with it which parameters it brings.
 */
export function readDeclaration (given: unknown, prefix: string | null = null): Declaration {
  if (!isObject(given)) failContract('contract', '', `expected what defineContract returns, got ${got(given)}`)
  const contract = given as ContractSpec
  const label = typeof contract.name === 'string' ? `contract ${JSON.stringify(contract.name)}` : 'contract'
  check(label, contract, CONTRACT, ['name', 'url'])
  const envelope = readEnvelope(`${label}, envelope`, contract.envelope ?? {})
  const twice = Object.keys(contract.inbound ?? {}).find(type => Object.hasOwn(contract.calls ?? {}, type))
  if (twice !== undefined) failContract(label, '', `${got(twice)} is both an inbound message and a call; rename one`)
  const part = (name: 'params' | 'query'): DeclaredSchema | null =>
    contract[name] === undefined ? null : { where: `${label}, ${name}`, schema: contract[name] }
  if (prefix === '' && contract.url === '') {
    failContract(`${label}.url`, '', 'expected a path that begins with "/", because there is no prefix, got ""')
  }
  const params = part('params')
  if (params !== null) checkParams(params, contract.url, prefix)
  return {
    label,
    name: contract.name,
    url: contract.url,
    description: contract.description ?? null,
    envelope,
    params,
    query: part('query'),
    inbound: entriesOf(`${label}, inbound`, contract.inbound, INBOUND, readMessage),
    outbound: entriesOf(`${label}, outbound`, contract.outbound, OUTBOUND, readMessage),
    calls: entriesOf(`${label}, call`, contract.calls, CALL, readCall),
  }
}

type Read<E> = (type: string, where: string, entry: unknown, tests: Tests) => E

/** A table's entries. Throws WSG_ERR_CONTRACT for a name that can't be a message type. */
function entriesOf<E> (table: string, entries: object | undefined, tests: Tests, read: Read<E>): E[] {
  return Object.entries(entries ?? {}).map(([type, entry]: [string, unknown]) => {
    const shown = got(type)
    if (type.length === 0 || type.length > 64 || !type.isWellFormed() || /\p{Cc}/u.test(type)) {
      failContract(table, '', `${shown} can not be a message type: expected 1-64 characters without controls`)
    }
    // `await socket.send` would call a sender named "then"
    if (!isSafeName(type) || type === 'then') {
      failContract(table, '', `${shown} can not be a message type: JavaScript gives the name a meaning of its own`)
    }
    if (isReservedType(type)) {
      failContract(table, '', `${shown} can not be a message type: names that begin with "$" are the protocol's`)
    }
    return read(type, `${table} ${shown}`, entry, tests)
  })
}

function readMessage (type: string, where: string, entry: unknown, tests: Tests): Message<DeclaredSchema> {
  if (!isObject(entry)) failContract(where, '', `expected a TypeBox type, or { payload, … }, got ${got(entry)}`)
  if (kindOf(entry) !== undefined) {
    return { type, where, rules: rulesOf({}), payload: { where, schema: entry } }
  }
  if (!('payload' in entry)) {
    const names = Object.keys(entry)
    const hint = names.map(name => didYouMean(name, ['payload'])).find(text => text !== '') ?? ''
    const came = names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 8).join(', ').slice(0, 80)}`
    failContract(where, '', `expected a TypeBox type, or { payload, … }, got ${came}${hint}`)
  }
  check(where, entry, tests, ['payload'])
  const { payload, ...rules } = entry as { payload: unknown } & GivenRules
  return { type, where, rules: rulesOf(rules), payload: { where, schema: payload } }
}

type GivenRules = MessageRules & Pick<OutboundSpec, 'whenSlow'>

function rulesOf ({ roles, cost, deadline, unknownProperties, whenSlow, description }: GivenRules): Rules {
  return {
    roles: roles === undefined ? null : [...roles],
    cost: cost ?? null,
    deadline: deadline ?? null,
    unknownProperties: unknownProperties ?? 'refuse',
    whenSlow: whenSlow ?? 'close',
    description: description ?? null,
  }
}

function readCall (type: string, where: string, entry: unknown, tests: Tests): Call<DeclaredSchema> {
  if (!isObject(entry)) failContract(where, '', `expected { request, reply, … }, got ${got(entry)}`)
  check(where, entry, tests, ['request', 'reply'])
  const { request, reply, errors = {}, ...rules } = entry as CallSpec
  return {
    type,
    where,
    rules: rulesOf(rules),
    payload: { where, schema: request },
    reply: { where: `${where}, reply`, schema: reply },
    errors: new Map(Object.entries(errors).map(([code, error]) => [code, readError(where, code, error)])),
  }
}

function readError (where: string, code: string, given: unknown): DeclaredSchema {
  const shown = got(code)
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(code) || !isSafeName(code) || code === 'then') {
    failContract(where, '', `${shown} can not be an error code; write 1-64 characters of A-Z a-z 0-9 _ . -`)
  }
  if ((errorCodes() as string[]).includes(code)) {
    failContract(where, '', `${shown} is an error code of the protocol; name yours differently`)
  }
  const at = `${where}, error ${shown}`
  if (!isObject(given)) failContract(at, '', `expected a TypeBox type, got ${got(given)}`)
  return { where: at, schema: given }
}

/** The envelope's keys, defaults filled in. */
function readEnvelope (where: string, options: EnvelopeOptions): EnvelopeKeys {
  check(where, options, ENVELOPE, [])
  const keys: EnvelopeKeys = { ...DEFAULT_ENVELOPE, ...options }
  const names = [keys.type, keys.id, ...(keys.data === null ? [] : [keys.data])]
  for (const key of names) {
    if (!isSafeName(key)) failContract(where, '', `${got(key)} can not be a key: every object inherits it`)
    if (key === ERROR_KEY) failContract(where, '', `"${ERROR_KEY}" is the key of errors and can not be renamed to`)
  }
  if (new Set(names).size !== names.length) failContract(where, '', 'type, data and id must have different names')
  // A reply of a flat contract has its data there: a client could not tell messages and replies apart.
  const taken = (['type', 'id'] as const).find(key => keys.data === null && keys[key] === FLAT_REPLY_KEY)
  if (taken !== undefined) {
    failContract(where, '', `${taken} can not be named "${FLAT_REPLY_KEY}": ` +
      'a reply of a flat contract has its data there')
  }
  return keys
}

/** Throws WSG_ERR_CONTRACT when path parameters and their schema do not agree: every handshake would be refused. */
function checkParams ({ where, schema: given }: DeclaredSchema, url: string, prefix: string | null): void {
  const { properties, additionalProperties: open } = given as { properties?: unknown, additionalProperties?: unknown }
  if (!isObject(properties)) return // the compiler says what it must be
  const declared = Object.keys(properties)
  const path = (prefix ?? '') + url
  const inPath = [...path.replaceAll('::', '').matchAll(/:([^/:.(?-]+)|(\*)/g)].map(([, name]) => name ?? '*')
  const bare = open === undefined || open === false ? inPath.find(name => !declared.includes(name)) : undefined
  if (bare !== undefined) {
    failContract(where, '', `the url has a parameter ${got(bare)}, which the schema refuses as undeclared; ` +
      `expected a property of that name${didYouMean(bare, declared)}`)
  }
  const odd = prefix === null ? undefined : declared.find(name => !inPath.includes(name))
  if (odd !== undefined) {
    failContract(where, '', `expected the parameters of ${got(path)}, got ${got(odd)}, which is none of them` +
      didYouMean(odd, inPath))
  }
}
