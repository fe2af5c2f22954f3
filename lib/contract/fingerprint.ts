import { createHash } from 'node:crypto'
import type { ContractSpec } from '../../types/contract.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import { canonicalJson } from './schema/canonical.js'

/**
 * `cf-` and 16 hex digits: SHA-256 over the canonical JSON of everything on the wire: name, envelope, path parameters, query
 * and every schema. Descriptions, rules and the order of declarations don't count, so documenting a message or changing
 * its rate does not turn clients away.
 */
export function fingerprintOf (contract: ContractSpec, envelope: EnvelopeKeys): string {
  const schemas = (messages: object | undefined): string => {
    const entries = Object.entries(messages ?? {}).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
    return `{${entries.map(([type, message]) => `${JSON.stringify(type)}:${describe(message as object)}`).join(',')}}`
  }
  const describe = (message: object): string => {
    if ('payload' in message) return canonicalJson(message.payload)
    if (!('request' in message && 'reply' in message)) return canonicalJson(message)
    const errors = 'errors' in message ? schemas(message.errors as object | undefined) : '{}'
    return `{"errors":${errors},"reply":${canonicalJson(message.reply)},"request":${canonicalJson(message.request)}}`
  }
  const text = `{"calls":${schemas(contract.calls)},"envelope":${JSON.stringify([envelope.type, envelope.data, envelope.id])},` +
    `"inbound":${schemas(contract.inbound)},"name":${JSON.stringify(contract.name)},"outbound":${schemas(contract.outbound)},` +
    `"params":${canonicalJson(contract.params ?? null)},"query":${canonicalJson(contract.query ?? null)}}`
  return `cf-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}
