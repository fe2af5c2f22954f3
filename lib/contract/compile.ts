import type {
  CompiledContract, CompiledInbound, CompiledOutbound, ContractSpec,
} from '../../types/contract.js'
import { failContract } from '../errors/contract-error.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import { REFUSED } from '../protocol/refused.js'
import { costlyFields, tokensFor } from './cost.js'
import { fingerprintOf } from './fingerprint.js'
import { explain } from './inbound/explain.js'
import { compileSanitizer } from './inbound/sanitizer.js'
import { compileScan, hasForbiddenKey, isPlain, mayHoldForbiddenKey } from './inbound/scan.js'
import { compileUrlValues } from './inbound/url-values.js'
import { deriveLimits, frameBytes, measureTree, PAYLOAD_CEILING, type MeasuredMessage } from './limits.js'
import {
  besideEnvelope, checkFlatPayload, compileBinaryEncoder, compileMessageEncoder, compileReplyEncoder,
} from './outbound/envelope-encode.js'
import { compileSerializer } from './outbound/serializer.js'
import { checkLatest } from './outbound/latest.js'
import { writeReport, type ReportRow } from './report.js'
import type { HtmlAdapter } from './text/policy.js'
import { readContract, type CallPart, type ContractTree, type MessagePart } from './tree/contract-tree.js'
import type { SchemaTree } from './tree/nodes.js'

export interface CompileOptions {
  /** Sanitises fields with the `html` policy. Default: none, and a contract with such a field fails. */
  readonly htmlAdapter?: HtmlAdapter
  /**
   * Path prefix of the scope that declares the route; its parameters count as the url's. Default: not known, not
   * checked.
   */
  readonly prefix?: string
  /** Tokens that a socket can save up: a derived cost is no more. Default 200, as `messages.burst`. */
  readonly burst?: number
}

/** An inbound message or call before it is compiled. */
interface Entry {
  readonly part: MessagePart | CallPart
  readonly tree: SchemaTree
  readonly measured: MeasuredMessage
  readonly answers: Answers
}

/**
 * Compiles a contract at boot: what a socket needs to judge and to write messages. Everything that would be unsafe,
 * unbounded or silently unchecked throws WSG_ERR_CONTRACT here, with the contract, the message, the path and what to
 * write instead.
 */
export function compileContract (contract: ContractSpec, options: CompileOptions = {}): CompiledContract {
  const { htmlAdapter, prefix, burst = 200 } = options
  const tree = readContract(contract, { adapters: htmlAdapter === undefined ? {} : { html: htmlAdapter }, prefix })
  const { label, envelope } = tree
  const entries = [...tree.inbound.map(messageEntry), ...tree.calls.map(call => callEntry(call, envelope))]
  if (entries.filter(entry => entry.measured.binary).length > 1) {
    failContract(label, '', 'a contract has one binary inbound message at most: a binary frame has no type')
  }
  const limits = deriveLimits(entries.map(entry => entry.measured), envelope)
  const bytesOf = ({ measured }: Entry): number => frameBytes(measured, envelope)
  if (limits.maxPayload > PAYLOAD_CEILING) {
    const largest = entries.filter(entry => bytesOf(entry) === limits.maxPayload)[0]!.measured.type
    failContract(label, '', `message "${largest}" can take ${limits.maxPayload} bytes, expected at most ` +
      `${PAYLOAD_CEILING} (16 MiB); lower its maxLength and maxItems, or split it`)
  }
  const costs = new Map(entries.map(entry => [entry, costlyFields(entry.tree, limits.maxPayload)] as const))
  const inbound = entries.map(entry => compileInbound(entry, tokensFor(costs.get(entry)!, burst), envelope))
  const compiled: Omit<CompiledContract, 'report'> = {
    name: tree.name,
    url: tree.url,
    fingerprint: fingerprintOf(tree),
    envelope,
    inbound: new Map(inbound.map(message => [message.type, message])),
    outbound: new Map(tree.outbound.map(message => [message.type, compileOutbound(message, envelope)])),
    limits,
    scan: compileScan(limits, envelope),
    isPlain,
    mayHoldForbiddenKey,
    hasForbiddenKey,
    params: compileUrlPart(tree.params),
    query: compileUrlPart(tree.query),
  }
  const rows = (): ReportRow[] => entries.map((entry, i) => ({
    inbound: inbound[i]!, bytes: bytesOf(entry), costly: costs.get(entry)!, fair: tokensFor(costs.get(entry)!, burst),
  }))
  return Object.freeze({ ...compiled, report: () => writeReport(compiled, rows()) })
}

type Answers = Pick<CompiledInbound, 'kind' | 'encodeReply' | 'errors'>

function messageEntry (part: MessagePart): Entry {
  return entryOf(part, part.payload, { kind: 'message', encodeReply: null, errors: null })
}

function callEntry (part: CallPart, envelope: EnvelopeKeys): Entry {
  const errors = new Map([...part.errors].map(([code, error]) => [code, compileSerializer(error)]))
  return entryOf(part, part.request, { kind: 'call', encodeReply: compileReplyEncoder(part.reply, envelope), errors })
}

function entryOf (part: MessagePart | CallPart, tree: SchemaTree, answers: Answers): Entry {
  const measured = { type: part.type, payload: measureTree(tree), binary: tree.root.kind === 'bytes' }
  return { part, tree, measured, answers }
}

/** `cost`: tokens, where the contract says none. */
function compileInbound ({ part, tree: payload, measured, answers }: Entry, cost: number, envelope: EnvelopeKeys):
CompiledInbound {
  const { type, rules } = part
  const keys = answers.kind === 'call' ? [envelope.type, envelope.id] : [envelope.type]
  const tree = beside(payload, envelope, keys)
  const sanitizer = compileSanitizer(tree)
  return Object.freeze({
    type,
    binary: measured.binary,
    roles: rules.roles,
    cost: rules.cost ?? cost,
    deadline: rules.deadline,
    ...answers,
    accept: sanitizer.accept,
    explain: (value: unknown) => explain(tree, value, sanitizer.blamed),
  })
}

/** In a flat contract the envelope's keys stand beside the payload. */
function beside (tree: SchemaTree, envelope: EnvelopeKeys, keys: readonly string[]): SchemaTree {
  if (envelope.data !== null || tree.root.kind === 'bytes') return tree
  checkFlatPayload(tree, keys)
  return besideEnvelope(tree, keys)
}

function compileOutbound ({ type, where, payload, rules }: MessagePart, envelope: EnvelopeKeys): CompiledOutbound {
  const { whenSlow } = rules
  if (typeof whenSlow === 'object') checkLatest(payload, whenSlow.latest)
  if (payload.root.kind === 'bytes') {
    const encode = (): never => failContract(where, '', 'a binary message has no JSON form; use encodeBinary')
    const encodeBinary = compileBinaryEncoder(payload.root, where)
    return Object.freeze({ type, binary: true, encodeBinary, encode, whenSlow })
  }
  if (envelope.data === null) checkFlatPayload(payload, [envelope.type], true)
  const encode = compileMessageEncoder(type, payload, envelope)
  return Object.freeze({ type, binary: false, encodeBinary: null, encode, whenSlow })
}

function compileUrlPart (tree: ContractTree['params']): ((value: unknown) => unknown) | null {
  if (tree === null) return null
  const convert = compileUrlValues(tree)
  const { accept } = compileSanitizer(tree)
  return value => {
    const converted = convert(value)
    return converted === REFUSED ? REFUSED : accept(converted)
  }
}
