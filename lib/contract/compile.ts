import type { TSchema } from '@sinclair/typebox'
import type {
  CompiledContract, CompiledInbound, CompiledOutbound, ContractSpec, Issue, MessageRules,
} from '../../types/contract.js'
import { REFUSED } from '../protocol/refused.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import { checkParams, readDeclaration, type DeclaredCall, type DeclaredMessage, type DeclaredSchema } from './declaration.js'
import { besideEnvelope, checkFlatPayload, compileBinaryEncoder, compileMessageEncoder, compileReplyEncoder } from './outbound/envelope-encode.js'
import { compileExplain } from './inbound/explain.js'
import { fingerprintOf } from './fingerprint.js'
import { registerFormats } from './schema/formats.js'
import { deriveLimits, frameBytes, measureShape, PAYLOAD_CEILING, type MeasuredMessage } from './limits.js'
import { writeReport, type ReportRow } from './report.js'
import { compileSanitizer } from './inbound/sanitizer.js'
import { compileScan, hasForbiddenKey, mayHoldForbiddenKey } from './inbound/scan.js'
import { kindOf, walkSchema } from './schema/walk.js'
import { compileSerializer } from './outbound/serializer.js'
import type { ShapeTree } from './schema/shape.js'
import type { HtmlAdapter, TextAdapters } from './text/policy.js'
import { compileUrlValues, isUrlShape } from './inbound/url-values.js'
import { canGenerateCode, compileValidator } from './inbound/validator.js'
import { failContract } from '../errors/contract-error.js'

export interface CompileOptions {
  /** Sanitises fields with the `html` policy. Default: none, and a contract with such a field fails. */
  readonly htmlAdapter?: HtmlAdapter
  /** Closures instead of generated code. Default: only where the process forbids code generation. */
  readonly interpreted?: boolean
  /** Path prefix of the scope that declares the route; its parameters count as the url's. Default: not known, not checked. */
  readonly prefix?: string
  /** Undeclared properties of messages that don't say `unknownProperties`. Default `refuse`. */
  readonly defaultUnknown?: 'refuse' | 'drop'
}

interface Settings {
  readonly envelope: EnvelopeKeys
  readonly interpreted: boolean
  readonly unknown: 'refuse' | 'drop'
  readonly adapters: TextAdapters
}

interface Entry {
  readonly compiled: CompiledInbound
  readonly measured: MeasuredMessage
}

/**
 * Compiles a contract at boot: what a socket needs to judge and to write messages. Everything that would be unsafe, unbounded or silently
 * unchecked throws WSG_ERR_CONTRACT here, with the contract, the message, the path and what to write instead.
 */
export function compileContract (contract: ContractSpec, options: CompileOptions = {}): CompiledContract {
  registerFormats()
  const declared = readDeclaration(contract)
  const { label } = declared
  if (declared.params !== null && options.prefix !== undefined) checkParams(declared.params, declared.url, options.prefix)
  const settings: Settings = {
    envelope: declared.envelope,
    interpreted: options.interpreted ?? !canGenerateCode(),
    unknown: options.defaultUnknown ?? 'refuse',
    adapters: options.htmlAdapter === undefined ? {} : { html: options.htmlAdapter },
  }
  const entries = [
    ...declared.inbound.map(message => compileMessage(settings, message)),
    ...declared.calls.map(call => compileCall(settings, call)),
  ]
  if (entries.filter(entry => entry.compiled.binary).length > 1) failContract(label, '', 'a contract has one binary inbound message at most: a binary frame has no type')
  const limits = deriveLimits(entries.map(entry => entry.measured), settings.envelope)
  if (limits.maxPayload > PAYLOAD_CEILING) {
    const { compiled: largest } = entries.reduce((a, b) => frameBytes(b.measured, settings.envelope) > frameBytes(a.measured, settings.envelope) ? b : a)
    failContract(label, '', `message "${largest.type}" can take ${limits.maxPayload} bytes, expected at most ${PAYLOAD_CEILING} (16 MiB); lower its maxLength and maxItems, or split it`)
  }
  const compiled: Omit<CompiledContract, 'report'> = {
    name: contract.name,
    url: contract.url,
    fingerprint: fingerprintOf(contract, settings.envelope),
    envelope: settings.envelope,
    inbound: new Map(entries.map(({ compiled: inbound }) => [inbound.type, inbound])),
    outbound: new Map(declared.outbound.map(message => [message.type, compileOutbound(settings, message)])),
    limits,
    interpreted: settings.interpreted,
    scan: compileScan(limits),
    mayHoldForbiddenKey,
    hasForbiddenKey,
    params: compileUrlPart(settings, declared.params),
    query: compileUrlPart(settings, declared.query),
  }
  const rows = entries.map(({ compiled: inbound, measured }): ReportRow => ({
    type: inbound.type,
    kind: inbound.binary ? 'binary' : inbound.kind,
    bytes: frameBytes(measured, settings.envelope),
    roles: inbound.roles,
    cost: inbound.cost,
  }))
  return Object.freeze({ ...compiled, report: () => writeReport(compiled, rows) })
}

function compileMessage (settings: Settings, { type, where, schema, rules }: DeclaredMessage): Entry {
  const binary = kindOf(schema) === 'Uint8Array'
  return compileInbound(settings, where, schema as TSchema, { ...rulesOf(rules), type, kind: 'message', binary, encodeReply: null, errors: null }, rules)
}

function compileCall (settings: Settings, call: DeclaredCall): Entry {
  const outbound = ({ where, schema }: DeclaredSchema): TSchema => {
    walkSchema(schema, { where, direction: 'outbound', adapters: settings.adapters })
    return schema as TSchema
  }
  const errors = new Map(call.errors.map(([code, error]) => [code, compileSerializer(outbound(error), error.where, settings)]))
  const encodeReply = compileReplyEncoder(outbound(call.reply), call.reply.where, settings)
  return compileInbound(settings, call.where, call.request.schema as TSchema, { ...rulesOf(call.rules), type: call.type, kind: 'call', binary: false, encodeReply, errors }, call.rules)
}

function rulesOf (rules: MessageRules): Pick<CompiledInbound, 'roles' | 'cost' | 'deadline'> {
  return { roles: rules.roles === undefined ? null : [...rules.roles], cost: rules.cost ?? 1, deadline: rules.deadline ?? null }
}

function compileInbound (settings: Settings, where: string, schema: TSchema, rest: Omit<CompiledInbound, 'accept' | 'explain'>, rules: MessageRules): Entry {
  const walked = rest.binary
    ? bytesTree(schema, where)
    : walkSchema(schema, { where, direction: 'inbound', unknown: rules.unknownProperties ?? settings.unknown, adapters: settings.adapters })
  const flat = settings.envelope.data === null && !rest.binary
  const beside = rest.kind === 'call' ? [settings.envelope.type, settings.envelope.id] : [settings.envelope.type]
  if (flat) checkFlatPayload(walked, where, beside)
  const tree = flat ? besideEnvelope(walked, beside) : walked
  const accept = compileAccept(tree, schema, where, settings)
  return {
    measured: { type: rest.type, payload: measureShape(walked), binary: rest.binary },
    compiled: Object.freeze({ ...rest, accept, explain: compileReasons(tree) }),
  }
}

// Sanitizer and validator have no known way to throw; a message is no place to find one out.
function compileAccept (tree: ShapeTree, schema: TSchema, where: string, settings: Settings): (value: unknown) => unknown {
  const sanitize = compileSanitizer(tree, settings)
  if (tree.root.kind === 'bytes') return sanitize
  const validate = compileValidator(schema, where, settings)
  return value => {
    try {
      const clean = sanitize(value)
      return validate === null || (clean !== REFUSED && validate(clean)) ? clean : REFUSED
    } catch {
      return REFUSED
    }
  }
}

function compileReasons (tree: ShapeTree): (value: unknown) => Issue[] {
  const explain = compileExplain(tree)
  return value => {
    let issues: Issue[] = []
    try {
      issues = explain(value)
    } catch { /* the general answer below */ }
    return issues.length === 0 ? [{ path: '', message: 'expected what the contract declares' }] : issues
  }
}

function bytesTree (schema: TSchema, where: string): ShapeTree {
  const max: unknown = schema.maxByteLength
  if (typeof max !== 'number') failContract(where, '', 'bytes from a peer need { maxByteLength }')
  return { root: { kind: 'bytes', min: schema.minByteLength ?? 0, max }, definitions: new Map() }
}

function compileOutbound (settings: Settings, { type, where, schema }: DeclaredMessage): CompiledOutbound {
  const payload = schema as TSchema
  if (kindOf(payload) === 'Uint8Array') {
    const encodeBinary = compileBinaryEncoder(payload, where)
    return Object.freeze({ type, binary: true, encodeBinary, encode: () => failContract(where, '', 'a binary message has no JSON form; use encodeBinary') })
  }
  const tree = walkSchema(payload, { where, direction: 'outbound', adapters: settings.adapters })
  if (settings.envelope.data === null) checkFlatPayload(tree, where, [settings.envelope.type], true)
  return Object.freeze({ type, binary: false, encodeBinary: null, encode: compileMessageEncoder(type, payload, where, settings) })
}

function compileUrlPart (settings: Settings, part: DeclaredSchema | null): ((value: unknown) => unknown) | null {
  if (part === null) return null
  const { where, schema } = part
  const tree = walkSchema(schema, { where, direction: 'url', unknown: settings.unknown, adapters: settings.adapters })
  if (!isUrlShape(tree.root)) failContract(where, '', 'expected a Type.Object')
  const convert = compileUrlValues(tree)
  const accept = compileAccept(tree, schema as TSchema, where, settings)
  return value => accept(convert(value))
}
