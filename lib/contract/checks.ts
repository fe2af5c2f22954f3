import type { CallSpec, ContractSpec, EnvelopeOptions, MessageSpec } from '../../types/contract.js'
import { DEFAULT_ENVELOPE, ERROR_KEY, FLAT_REPLY_KEY, isReservedType, type EnvelopeKeys } from '../protocol/envelope.js'
import { ERROR_CODES } from '../protocol/codes.js'
import { show } from './schema/keywords.js'
import { isSafeName, nearestName } from './schema/names.js'
import { kindOf } from './schema/walk.js'
import { failContract } from './schema/walk-context.js'

// Boot checks of everything in a contract that isn't a schema.

type Test = readonly [expected: string, test: (value: unknown) => boolean]

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const string: Test = ['a string', value => typeof value === 'string']
// which type it is, the walk says
const schema: Test = ['a TypeBox type', isObject]
const table: Test = ['an object', isObject]

const CONTRACT: { readonly [key: string]: Test } = {
  name: ['1-64 characters of A-Z a-z 0-9 . _ -', value => typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value)],
  url: ['a path that begins with "/"', value => typeof value === 'string' && value.startsWith('/')],
  params: schema,
  query: schema,
  inbound: table,
  outbound: table,
  calls: table,
  envelope: table,
  description: string,
}

const RULES: { readonly [key: string]: Test } = {
  roles: ['a list of role names, one at least', value => Array.isArray(value) && value.length > 0 && value.every(role => typeof role === 'string' && role !== '')],
  cost: ['a number above 0', value => typeof value === 'number' && value > 0 && value < Infinity],
  deadline: ['milliseconds: a whole number from 1 to 2147483647', value => Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0x7fffffff],
  unknownProperties: ['"refuse" or "drop"', value => value === 'refuse' || value === 'drop'],
  description: string,
}

const MESSAGE: { readonly [key: string]: Test } = { payload: schema, ...RULES }
const CALL: { readonly [key: string]: Test } = { request: schema, reply: schema, errors: table, ...RULES }

/** Throws WSG_ERR_CONTRACT when a key is unknown or has the wrong type. */
function checkKeys (where: string, value: object, known: { readonly [key: string]: Test }, required: readonly string[]): void {
  for (const key of required) {
    if ((value as Record<string, unknown>)[key] === undefined) failContract(where, '', `"${key}" is missing; it must be ${known[key]![0]}`)
  }
  for (const [key, given] of Object.entries(value)) {
    if (!Object.hasOwn(known, key)) {
      const near = nearestName(key, Object.keys(known))
      failContract(where, '', `unknown key ${show(key)}; ${near === undefined ? `known are ${Object.keys(known).join(', ')}` : `did you mean "${near}"?`}`)
    }
    if (given !== undefined && !known[key]![1](given)) failContract(where, '', `"${key}" must be ${known[key]![0]}, not ${show(given)}`)
  }
}

/** How a contract is called in boot errors. */
export function contractLabel (contract: unknown): string {
  const name: unknown = isObject(contract) ? (contract as { name?: unknown }).name : undefined
  return typeof name === 'string' ? `contract ${show(name)}` : 'contract'
}

/** Throws WSG_ERR_CONTRACT for a contract whose keys, names or rules are not what they should be. */
export function checkContract (contract: ContractSpec): void {
  const where = contractLabel(contract)
  if (!isObject(contract)) failContract(where, '', `expected what defineContract returns, not ${show(contract)}`)
  checkKeys(where, contract, CONTRACT, ['name', 'url'])
  for (const type of Object.keys(contract.inbound ?? {})) {
    if (contract.calls !== undefined && Object.hasOwn(contract.calls, type)) failContract(where, '', `${show(type)} is both an inbound message and a call; rename one`)
  }
}

/** The names of a table with its entries. Throws WSG_ERR_CONTRACT for a name that can't be a message type. */
export function entriesOf<E> (where: string, entries: { readonly [type: string]: E } | undefined): [string, E][] {
  return Object.entries(entries ?? {}).map(([type, entry]) => {
    if (type.length === 0 || type.length > 64 || !type.isWellFormed() || /\p{Cc}/u.test(type)) {
      failContract(where, '', `${show(type)} is not a message type: 1-64 characters without controls`)
    }
    // `await socket.send` would call a sender named "then"
    if (!isSafeName(type) || type === 'then') failContract(where, '', `${show(type)} can not be a message type: JavaScript gives the name a meaning of its own`)
    if (isReservedType(type)) failContract(where, '', `${show(type)} can not be a message type: names that begin with "$" are the protocol's`)
    return [type, entry]
  })
}

/** A message in its long form. Throws WSG_ERR_CONTRACT. */
export function readMessage (where: string, entry: unknown): MessageSpec {
  if (kindOf(entry) !== undefined) return { payload: entry as MessageSpec['payload'] }
  if (!isObject(entry) || !('payload' in entry)) {
    failContract(where, '', `expected a TypeBox type, or { payload, … }, not ${show(entry)}`)
  }
  checkKeys(where, entry, MESSAGE, ['payload'])
  return entry as MessageSpec
}

/** Throws WSG_ERR_CONTRACT for a call that isn't one. */
export function checkCall (where: string, entry: CallSpec): void {
  if (!isObject(entry)) failContract(where, '', `expected { request, reply, … }, not ${show(entry)}`)
  checkKeys(where, entry, CALL, ['request', 'reply'])
  for (const code of Object.keys(entry.errors ?? {})) {
    if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(code) || !isSafeName(code) || code === 'then') failContract(where, '', `${show(code)} can not be an error code; write 1-64 characters of A-Z a-z 0-9 _ . -`)
    if ((ERROR_CODES as readonly string[]).includes(code)) failContract(where, '', `${show(code)} is an error code of the protocol; name yours differently`)
  }
}

/** The envelope's keys, defaults filled in. Throws WSG_ERR_CONTRACT. */
export function readEnvelope (where: string, options: EnvelopeOptions | undefined): EnvelopeKeys {
  const name: Test = ['1-64 characters', value => typeof value === 'string' && value.length > 0 && value.length <= 64 && value.isWellFormed()]
  const at = `${where}, envelope`
  checkKeys(at, options ?? {}, { type: name, id: name, data: ['1-64 characters or null', value => value === null || name[1](value)] }, [])
  const keys: EnvelopeKeys = {
    type: options?.type ?? DEFAULT_ENVELOPE.type,
    data: options?.data === undefined ? DEFAULT_ENVELOPE.data : options.data,
    id: options?.id ?? DEFAULT_ENVELOPE.id,
  }
  const names = [keys.type, keys.id, ...(keys.data === null ? [] : [keys.data])]
  for (const key of names) {
    if (!isSafeName(key)) failContract(at, '', `${show(key)} can not be a key: every object inherits it`)
    if (key === ERROR_KEY) failContract(at, '', `"${ERROR_KEY}" is the key of errors and can not be renamed to`)
  }
  if (new Set(names).size !== names.length) failContract(at, '', 'type, data and id must have different names')
  if (keys.data === null && keys.id === FLAT_REPLY_KEY) failContract(at, '', `id can not be named "${FLAT_REPLY_KEY}": a reply of a flat contract has its data there`)
  return keys
}
