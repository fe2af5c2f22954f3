import type {
  CompiledContract, CompiledInbound, CompiledOutbound, ContractSpec,
} from '../../types/contract.js'
import { failContract } from '../errors/contract-error.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import { costlyFields, tokensFor } from './cost.js'
import { DEFAULT_RATE } from './default-rate.js'
import { fingerprintOf } from './fingerprint.js'
import { explain } from './inbound/explain.js'
import { compileSanitizer } from './inbound/sanitizer.js'
import { compileScan, hasForbiddenKey, isPlain, mayHoldForbiddenKey } from './inbound/scan.js'
import { compileUrlPart } from './inbound/url-values.js'
import { deriveLimits } from './limits.js'
import {
  besideEnvelope, checkFlatPayload, compileBinaryEncoder, compileMessageEncoder, compileReplyEncoder,
} from './outbound/envelope-encode.js'
import { compileSerializer } from './outbound/serializer.js'
import { checkLatest } from './outbound/latest.js'
import type { HtmlAdapter } from './text/policy.js'
import { readContract, type CallPart, type MessagePart } from './tree/contract-tree.js'

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

/**
 * Compiles a contract at boot: what a socket needs to judge and to write messages. Everything that would be unsafe,
 * unbounded or silently unchecked throws WSG_ERR_CONTRACT here, with the contract, the message, the path and what to
 * write instead.
 */
export function compileContract (contract: ContractSpec, options: CompileOptions = {}): CompiledContract {
  const { htmlAdapter, prefix, burst = DEFAULT_RATE.burst } = options
  const tree = readContract(contract, htmlAdapter === undefined ? {} : { html: htmlAdapter }, prefix)
  const { label, envelope } = tree
  const parts = [...tree.inbound, ...tree.calls]
  if (parts.filter(({ payload }) => payload.root.kind === 'bytes').length > 1) {
    failContract(label, '', 'a contract has one binary inbound message at most: a binary frame has no type')
  }
  const limits = deriveLimits(label, parts, envelope)
  const inbound = parts.map(part =>
    compileInbound(part, tokensFor(costlyFields(part.payload, limits.maxPayload), burst), envelope))
  return Object.freeze({
    name: tree.name,
    url: tree.url,
    fingerprint: fingerprintOf(tree),
    envelope,
    inbound: new Map(inbound.map(entry => [entry.type, entry])),
    outbound: new Map(tree.outbound.map(message => [message.type, compileOutbound(message, envelope)])),
    limits,
    scan: compileScan(limits, envelope),
    isPlain,
    mayHoldForbiddenKey,
    hasForbiddenKey,
    params: tree.params && compileUrlPart(tree.params),
    query: tree.query && compileUrlPart(tree.query),
  })
}

/** `cost`: tokens, where the contract says none. */
function compileInbound (part: MessagePart | CallPart, cost: number, envelope: EnvelopeKeys): CompiledInbound {
  const { type, rules, payload } = part
  const call = 'reply' in part ? part : null
  const tree = besideEnvelope(payload, envelope, call === null ? ['type'] : ['type', 'id'])
  const { accept, blamed } = compileSanitizer(tree)
  return Object.freeze({
    type,
    kind: call === null ? 'message' : 'call',
    binary: payload.root.kind === 'bytes',
    roles: rules.roles,
    cost: rules.cost ?? cost,
    deadline: rules.deadline,
    accept,
    explain: (value: unknown) => explain(tree, value, blamed),
    encodeReply: call && compileReplyEncoder(call.reply, envelope),
    errors: call && new Map([...call.errors].map(([code, error]) => [code, compileSerializer(error)])),
  })
}

function compileOutbound ({ type, where, payload, rules }: MessagePart, envelope: EnvelopeKeys): CompiledOutbound {
  const { whenSlow } = rules
  if (typeof whenSlow === 'object') checkLatest(payload, whenSlow.latest)
  if (payload.root.kind === 'bytes') {
    const encode = (): never => failContract(where, '', 'a binary message has no JSON form; use encodeBinary')
    return Object.freeze({ type, binary: true, encodeBinary: compileBinaryEncoder(payload), encode, whenSlow })
  }
  if (envelope.data === null) checkFlatPayload(payload, envelope, 'out')
  const encode = compileMessageEncoder(type, payload, envelope)
  return Object.freeze({ type, binary: false, encodeBinary: null, encode, whenSlow })
}
