import { WSG_ERR_OUTBOUND_INVALID } from '../../lib/errors/coded.js'
import { DEFAULT_ENVELOPE } from '../../lib/protocol/envelope.js'
import type { EnvelopeKeys } from '../../lib/protocol/envelope.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { CompiledContract, CompiledInbound, CompiledOutbound, WhenSlow } from '../../types/contract.js'

// A contract compiled by hand, so that the socket's tests depend on nothing of the contract's room.

type Check = (value: unknown) => unknown

/** `{ text: string }` of at most `max` characters, nothing else. */
export function textPayload (max = 500): Check {
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return REFUSED
    const keys = Object.keys(value)
    const { text } = value as { readonly text?: unknown }
    return keys.length === 1 && typeof text === 'string' && text.length <= max ? { text } : REFUSED
  }
}

export const anyPayload: Check = value => value === undefined ? REFUSED : value

/** As the compiler's `accept` does: in a flat contract it passes over the envelope's keys. */
function beside ({ type, data, id }: EnvelopeKeys, kind: 'message' | 'call', accept: Check): Check {
  if (data !== null) return accept
  const taken = kind === 'call' ? [type, id] : [type]
  return value => accept(Object.fromEntries(Object.entries(value as object).filter(([key]) => !taken.includes(key))))
}

export interface HandMessage {
  readonly accept?: Check
  readonly roles?: readonly string[]
  readonly cost?: number
  readonly deadline?: number
  readonly binary?: boolean
}

export interface HandCall extends HandMessage {
  /** Declared errors. */
  readonly errors?: readonly string[]
  /** A reply that fails is WSG_ERR_OUTBOUND_INVALID. Default: anything but undefined. */
  readonly reply?: (value: unknown) => boolean
}

export interface HandSpec {
  readonly inbound?: { readonly [type: string]: HandMessage }
  readonly calls?: { readonly [type: string]: HandCall }
  readonly outbound?: readonly string[]
  /** Rules of outbound messages, by their type. */
  readonly whenSlow?: { readonly [type: string]: WhenSlow }
  readonly binaryOutbound?: readonly string[]
  readonly envelope?: Partial<EnvelopeKeys>
  readonly depth?: number
  readonly nodes?: number
}

/** Compiles by hand. Payloads are `{ text }` unless said otherwise. */
export function handContract (spec: HandSpec): CompiledContract {
  const envelope = { ...DEFAULT_ENVELOPE, ...spec.envelope }
  const depth = spec.depth ?? 8
  const nodes = spec.nodes ?? 200
  const inbound = new Map<string, CompiledInbound>()
  for (const [type, message] of Object.entries(spec.inbound ?? {})) inbound.set(type, compile(type, 'message', message, envelope))
  for (const [type, call] of Object.entries(spec.calls ?? {})) inbound.set(type, compile(type, 'call', call, envelope))
  const outbound = new Map<string, CompiledOutbound>()
  for (const type of spec.outbound ?? []) outbound.set(type, { type, binary: false, encode: data => encode(envelope, type, data), encodeBinary: null, whenSlow: spec.whenSlow?.[type] ?? 'close' })
  for (const type of spec.binaryOutbound ?? []) outbound.set(type, { type, binary: true, encode: () => '', encodeBinary: bytes, whenSlow: spec.whenSlow?.[type] ?? 'close' })
  return {
    name: 'hand',
    url: '/ws',
    fingerprint: 'cf-0000000000000000',
    envelope,
    inbound,
    outbound,
    limits: { maxPayload: 65536, depth, nodes },
    scan (text) {
      if (text.length <= depth) return null
      let level = 0
      let values = 0
      let quoted = false
      for (let index = 0; index < text.length; index++) {
        const char = text.charCodeAt(index)
        if (quoted) {
          if (char === 92) index++
          else if (char === 34) quoted = false
        } else if (char === 34) {
          quoted = true
        } else if (char === 123 || char === 91) {
          values++
          if (++level > depth) return 'too_deep'
        } else if (char === 125 || char === 93) {
          level--
        } else if (char === 44 || char === 58) {
          values++
        }
      }
      return values > nodes ? 'too_many_nodes' : null
    },
    isPlain: () => false,
    mayHoldForbiddenKey: text => text.includes('\\') || text.includes('__proto__') || text.includes('constructor'),
    hasForbiddenKey,
    params: null,
    query: null,
  }
}

function compile (type: string, kind: CompiledInbound['kind'], message: HandCall, envelope: EnvelopeKeys): CompiledInbound {
  const start = `{${JSON.stringify(envelope.id)}:`
  const key = JSON.stringify(envelope.data ?? 'data')
  return {
    type,
    kind,
    binary: message.binary === true,
    roles: message.roles ?? null,
    cost: message.cost ?? 1,
    deadline: message.deadline ?? null,
    accept: beside(envelope, kind, message.accept ?? textPayload()),
    explain: () => Array.from({ length: 9 }, (_, index) => ({ path: `/text/${index}`, message: 'expected a text' })),
    encodeReply: kind === 'message'
      ? null
      : (id, data) => {
          if (!(message.reply?.(data) ?? data !== undefined)) throw new WSG_ERR_OUTBOUND_INVALID(`reply of ${type}`)
          return `${start}${id},${key}:${JSON.stringify(data)}}`
        },
    errors: message.errors === undefined ? null : new Map(message.errors.map(code => [code, (data: unknown) => JSON.stringify(data)])),
  }
}

function encode (envelope: EnvelopeKeys, type: string, data: unknown): string {
  if (data === undefined || data === null) throw new WSG_ERR_OUTBOUND_INVALID(`outbound ${type}`)
  return envelope.data === null
    ? JSON.stringify({ [envelope.type]: type, ...data })
    : JSON.stringify({ [envelope.type]: type, [envelope.data]: data })
}

function bytes (data: unknown): Uint8Array {
  if (!(data instanceof Uint8Array)) throw new WSG_ERR_OUTBOUND_INVALID('outbound bytes')
  return data
}

function hasForbiddenKey (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return true
    const inner = (value as { readonly [key: string]: unknown })[key]
    if (key === 'constructor' && typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype')) return true
    if (hasForbiddenKey(inner)) return true
  }
  return false
}
