import type { CallSpec, ContractSpec, EnvelopeOptions, MessageRules, OutboundSpec } from '../../types/contract.js'
import { failContract, WSG_ERR_CONTRACT } from '../errors/contract-error.js'
import {
  checkMembers, isObject, matching, OBJECT, oneOf, STRING, type Expected, type Members,
} from '../errors/expected.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import { errorCodes } from '../protocol/codes.js'
import { DEFAULT_ENVELOPE, ERROR_KEY, FLAT_REPLY_KEY, isReservedType, type EnvelopeKeys } from '../protocol/envelope.js'
import { kindOf } from './kind.js'
import { isSafeName } from './names.js'
import type { Call, Declaration, Message, Rules, Use } from './parts.js'

// Everything in a contract that isn't a schema: read strictly, defaults filled in. `defineContract` asks it too, so
// an error shows where it is written; browsers load this file, so it knows neither TypeBox nor node.

// of which type it is, only the compiler can tell
const TYPE: Expected = ['a TypeBox type', isObject]
const isRole = (role: unknown): boolean => typeof role === 'string' && role !== ''
const isWithin = (value: unknown, most: number): boolean => typeof value === 'number' && value > 0 && value <= most
const isKey = (value: unknown): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= 64 && value.isWellFormed()

const CONTRACT: Members = {
  name: matching('1-64 characters of A-Z a-z 0-9 . _ -', /^[A-Za-z0-9._-]{1,64}$/),
  url: matching('a path that begins with "/", or "" for the prefix alone', /^(?:\/|$)/),
  params: TYPE,
  query: TYPE,
  inbound: OBJECT,
  outbound: OBJECT,
  calls: OBJECT,
  envelope: OBJECT,
  description: STRING,
}

const RULES: Members = {
  roles: [
    'a list of role names, one at least', value => Array.isArray(value) && value.length > 0 && value.every(isRole),
  ],
  cost: ['a number above 0', value => isWithin(value, Number.MAX_VALUE)],
  deadline: [
    'milliseconds: a whole number from 1 to 2147483647',
    value => Number.isInteger(value) && isWithin(value, 0x7fffffff),
  ],
  unknownProperties: oneOf('refuse', 'drop'),
  description: STRING,
}

const MESSAGES: { readonly [direction in Use['direction']]: Members } = {
  inbound: { payload: TYPE, ...RULES },
  outbound: {
    payload: TYPE,
    description: STRING,
    whenSlow: ['"close", "drop" or { latest: "<a property of the payload>" }', isWhenSlow],
  },
}
const CALL: Members = { request: TYPE, reply: TYPE, errors: OBJECT, ...RULES }
const KEY: Expected = ['1-64 characters', isKey]
const ENVELOPE: Members = {
  type: KEY, data: ['1-64 characters or null', value => value === null || isKey(value)], id: KEY,
}

/** Which property `latest` names, only the compiler can judge. */
function isWhenSlow (value: unknown): boolean {
  if (!isObject(value)) return value === 'close' || value === 'drop'
  return Object.keys(value).join() === 'latest' && typeof value.latest === 'string'
}

/** What is made of a schema. */
export type Read<S> = (schema: unknown, use: Use) => S

/**
 * Reads what isn't a schema, and asks `read` for each that is. Throws WSG_ERR_CONTRACT, with the nearest right name
 * where one is near. `prefix` is that of the scope that declares the route; undefined where it isn't known yet, and
 * with it which parameters it brings.
 */
export function readDeclaration<S> (given: unknown, prefix: string | undefined, read: Read<S>): Declaration<S> {
  if (!isObject(given)) failContract('contract', '', `expected what defineContract returns, got ${got(given)}`)
  const label = typeof given.name === 'string' ? `contract ${JSON.stringify(given.name)}` : 'contract'
  checkMembers(given, CONTRACT, label, WSG_ERR_CONTRACT, ['name', 'url'])
  const contract = given as object as ContractSpec
  const { name, url, description = null, params, query, inbound = {}, outbound = {}, calls = {} } = contract
  const envelope = readEnvelope(`${label}, envelope`, contract.envelope ?? {})
  const twice = Object.keys(inbound).find(type => Object.hasOwn(calls, type))
  if (twice !== undefined) failContract(label, '', `${got(twice)} is both an inbound message and a call; rename one`)
  if (prefix === '' && url === '') {
    failContract(`${label}.url`, '', 'expected a path that begins with "/", because there is no prefix, got ""')
  }
  if (params !== undefined) checkParams(`${label}, params`, params, url, prefix)
  const inUrl = (part: string, schema: unknown): S | null =>
    schema === undefined ? null : read(schema, { where: `${label}, ${part}`, direction: 'inbound' })
  return {
    label,
    name,
    url,
    description,
    envelope,
    params: inUrl('params', params),
    query: inUrl('query', query),
    inbound: entriesOf(`${label}, inbound`, inbound).map(entry => readMessage(entry, 'inbound', read)),
    outbound: entriesOf(`${label}, outbound`, outbound).map(entry => readMessage(entry, 'outbound', read)),
    calls: entriesOf(`${label}, call`, calls).map(entry => readCall(entry, read)),
  }
}

interface Entry { readonly type: string, readonly where: string, readonly given: unknown }

/** A table's entries. Throws WSG_ERR_CONTRACT for a name that can't be a message type. */
function entriesOf (table: string, entries: object): Entry[] {
  return Object.entries(entries).map(([type, given]: [string, unknown]) => {
    const refuse = (why: string): never => failContract(table, '', `${got(type)} can not be a message type: ${why}`)
    if (!isKey(type) || /\p{Cc}/u.test(type)) refuse('expected 1-64 characters without controls')
    // `await socket.send` would call a sender named "then"
    if (!isSafeName(type) || type === 'then') refuse('JavaScript gives the name a meaning of its own')
    if (isReservedType(type)) refuse('names that begin with "$" are the protocol\'s')
    return { type, where: `${table} ${got(type)}`, given }
  })
}

function readMessage<S> ({ type, where, given }: Entry, direction: Use['direction'], read: Read<S>): Message<S> {
  if (!isObject(given)) failContract(where, '', `expected a TypeBox type, or { payload, … }, got ${got(given)}`)
  const spec = kindOf(given) === undefined ? given : { payload: given }
  if (!('payload' in spec)) {
    const names = Object.keys(spec)
    const hint = names.map(name => didYouMean(name, ['payload'])).find(text => text !== '') ?? ''
    const came = names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 8).join(', ').slice(0, 80)}`
    const isJsonSchema = names.some(name => ['type', '$ref', 'anyOf'].includes(name))
    const advice = isJsonSchema ? '; write Type.Object({ … }) of TypeBox, plain JSON Schema is not checked' : hint
    failContract(where, '', `expected a TypeBox type, or { payload, … }, got ${came}${advice}`)
  }
  checkMembers(spec, MESSAGES[direction], where, WSG_ERR_CONTRACT, ['payload'])
  const rules = rulesOf(spec)
  const use = { where, direction, unknown: rules.unknownProperties, binary: true }
  return { type, where, rules, payload: read(spec.payload, use) }
}

function rulesOf (given: MessageRules & Pick<OutboundSpec, 'whenSlow'>): Rules {
  const { roles = null, cost = null, deadline = null, description = null } = given
  const { unknownProperties = 'refuse', whenSlow = 'close' } = given
  return { roles: roles && [...roles], cost, deadline, unknownProperties, whenSlow, description }
}

function readCall<S> ({ type, where, given }: Entry, read: Read<S>): Call<S> {
  if (!isObject(given)) failContract(where, '', `expected { request, reply, … }, got ${got(given)}`)
  checkMembers(given, CALL, where, WSG_ERR_CONTRACT, ['request', 'reply'])
  const { request, reply, errors = {}, ...rest } = given as object as CallSpec
  const rules = rulesOf(rest)
  const answer = (at: string, schema: unknown): S => read(schema, { where: at, direction: 'outbound' })
  return {
    type,
    where,
    rules,
    payload: read(request, { where, direction: 'inbound', unknown: rules.unknownProperties }),
    reply: answer(`${where}, reply`, reply),
    errors: new Map(Object.entries(errors).map(([code, error]) => {
      checkError(where, code, error)
      return [code, answer(`${where}, error ${got(code)}`, error)]
    })),
  }
}

function checkError (where: string, code: string, error: unknown): void {
  const shown = got(code)
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(code) || !isSafeName(code) || code === 'then') {
    failContract(where, '', `${shown} can not be an error code; write 1-64 characters of A-Z a-z 0-9 _ . -`)
  }
  if ((errorCodes() as string[]).includes(code)) {
    failContract(where, '', `${shown} is an error code of the protocol; name yours differently`)
  }
  if (!isObject(error)) failContract(`${where}, error ${shown}`, '', `expected a TypeBox type, got ${got(error)}`)
}

/** The envelope's keys, defaults filled in. */
function readEnvelope (where: string, options: EnvelopeOptions): EnvelopeKeys {
  checkMembers(options, ENVELOPE, where, WSG_ERR_CONTRACT)
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
function checkParams (where: string, schema: object, url: string, prefix: string | undefined): void {
  const { properties, additionalProperties: open } = schema as { properties?: unknown, additionalProperties?: unknown }
  if (!isObject(properties)) return // the compiler says what it must be
  const declared = Object.keys(properties)
  const path = (prefix ?? '') + url
  const inPath = [...path.replaceAll('::', '').matchAll(/:([^/:.(?-]+)|(\*)/g)].map(([, name]) => name ?? '*')
  const bare = open === undefined || open === false ? inPath.find(name => !declared.includes(name)) : undefined
  if (bare !== undefined) {
    failContract(where, '', `the url has a parameter ${got(bare)}, which the schema refuses as undeclared; ` +
      `expected a property of that name${didYouMean(bare, declared)}`)
  }
  const odd = prefix === undefined ? undefined : declared.find(name => !inPath.includes(name))
  if (odd !== undefined) {
    failContract(where, '', `expected the parameters of ${got(path)}, got ${got(odd)}, which is none of them` +
      didYouMean(odd, inPath))
  }
}
