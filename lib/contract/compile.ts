import type {
  CompiledContract, CompiledInbound, CompiledOutbound, ContractSpec,
} from '../../types/contract.js'
import { failContract } from '../errors/contract-error.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import { REFUSED } from '../protocol/refused.js'
import { estimateCost } from './cost.js'
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
}

/** An inbound message or call with what is known of its size. */
interface Entry {
  readonly compiled: CompiledInbound
  readonly tree: SchemaTree
  readonly measured: MeasuredMessage
}

/**
 * Compiles a contract at boot: what a socket needs to judge and to write messages. Everything that would be unsafe,
 * unbounded or silently unchecked throws WSG_ERR_CONTRACT here, with the contract, the message, the path and what to
 * write instead.
 */
export function compileContract (contract: ContractSpec, options: CompileOptions = {}): CompiledContract {
  const { htmlAdapter, prefix } = options
  const tree = readContract(contract, { adapters: htmlAdapter === undefined ? {} : { html: htmlAdapter }, prefix })
  const { label, envelope } = tree
  const entries = [
    ...tree.inbound.map(message => compileMessage(message, envelope)),
    ...tree.calls.map(call => compileCall(call, envelope)),
  ]
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
  const compiled: Omit<CompiledContract, 'report'> = {
    name: tree.name,
    url: tree.url,
    fingerprint: fingerprintOf(tree),
    envelope,
    inbound: new Map(entries.map(entry => [entry.compiled.type, entry.compiled])),
    outbound: new Map(tree.outbound.map(message => [message.type, compileOutbound(message, envelope)])),
    limits,
    scan: compileScan(limits, envelope),
    isPlain,
    mayHoldForbiddenKey,
    hasForbiddenKey,
    params: compileUrlPart(tree.params),
    query: compileUrlPart(tree.query),
  }
  const rows = (): ReportRow[] => entries.map(entry => ({
    type: entry.compiled.type,
    kind: entry.measured.binary ? 'binary' : entry.compiled.kind,
    bytes: bytesOf(entry),
    roles: entry.compiled.roles,
    cost: entry.compiled.cost,
    estimate: estimateCost(entry.tree, limits.maxPayload),
  }))
  return Object.freeze({ ...compiled, report: () => writeReport(compiled, rows()) })
}

function compileMessage (message: MessagePart, envelope: EnvelopeKeys): Entry {
  const tree = beside(message.payload, envelope, [envelope.type])
  return entryOf(message, message.payload, tree, { kind: 'message', encodeReply: null, errors: null })
}

function compileCall (call: CallPart, envelope: EnvelopeKeys): Entry {
  const tree = beside(call.request, envelope, [envelope.type, envelope.id])
  const errors = new Map([...call.errors].map(([code, error]) => [code, compileSerializer(error)]))
  const encodeReply = compileReplyEncoder(call.reply, envelope)
  return entryOf(call, call.request, tree, { kind: 'call', encodeReply, errors })
}

/** In a flat contract the envelope's keys stand beside the payload. */
function beside (tree: SchemaTree, envelope: EnvelopeKeys, keys: readonly string[]): SchemaTree {
  if (envelope.data !== null || tree.root.kind === 'bytes') return tree
  checkFlatPayload(tree, keys)
  return besideEnvelope(tree, keys)
}

type Answers = Pick<CompiledInbound, 'kind' | 'encodeReply' | 'errors'>

function entryOf (part: MessagePart | CallPart, payload: SchemaTree, tree: SchemaTree, answers: Answers): Entry {
  const { type, rules: { roles, cost, deadline } } = part
  const binary = payload.root.kind === 'bytes'
  const sanitizer = compileSanitizer(tree)
  return {
    tree: payload,
    measured: { type, payload: measureTree(payload), binary },
    compiled: Object.freeze({
      type,
      binary,
      roles,
      cost,
      deadline,
      ...answers,
      accept: sanitizer.accept,
      explain: (value: unknown) => explain(tree, value, sanitizer.blamed),
    }),
  }
}

function compileOutbound ({ type, where, payload }: MessagePart, envelope: EnvelopeKeys): CompiledOutbound {
  if (payload.root.kind === 'bytes') {
    const encode = (): never => failContract(where, '', 'a binary message has no JSON form; use encodeBinary')
    return Object.freeze({ type, binary: true, encodeBinary: compileBinaryEncoder(payload.root, where), encode })
  }
  if (envelope.data === null) checkFlatPayload(payload, [envelope.type], true)
  const encode = compileMessageEncoder(type, payload, envelope)
  return Object.freeze({ type, binary: false, encodeBinary: null, encode })
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
