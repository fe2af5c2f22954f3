import type { CompiledContract, ContractSpec } from '../../types/contract.js'
import type {
  CallModel, CloseCodeModel, ContractModel, OutboundModel, RouteModel, RulesModel,
} from '../../types/model.js'
import { compileContract } from '../contract/compile.js'
import { costlyFields } from '../contract/cost.js'
import { frameBytes } from '../contract/limits.js'
import { readContract, type CallPart, type ContractTree, type MessagePart } from '../contract/tree/contract-tree.js'
import type { SchemaTree } from '../contract/tree/nodes.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { CLOSES, errorCodes } from '../protocol/codes.js'
import { type Root, TypeTable } from './model-types.js'
import { Names, pascalCase } from './names.js'

/** What an application adds to a contract. */
export interface ReadModelOptions {
  /** The route's whole path, with its prefix. Default: the contract's `url`. */
  readonly url?: string
  readonly route?: RouteModel
}

/** Text is not generated from what it sanitises: any adapter will do. */
const HTML = { html: (text: string): string => text }

const CLOSE_CODES: readonly CloseCodeModel[] = Object.entries(CLOSES)
  .map(([name, { code, retryable }]) => ({ code, name, retryable }))
  .sort((a, b) => a.code - b.code || (a.name < b.name ? -1 : 1))

const byType = (a: { readonly type: string }, b: { readonly type: string }): number => a.type < b.type ? -1 : 1
const sorted = <E extends { readonly type: string }>(entries: readonly E[]): readonly E[] => [...entries].sort(byType)

/**
 * The neutral model of a contract, the same whatever the order of its declarations. Throws WSG_ERR_CONTRACT for what
 * would not boot, and WSG_ERR_GENERATE for an unknown option.
 */
export function readModel (contract: ContractSpec, options: ReadModelOptions = {}): ContractModel {
  checkKeys(options, ['url', 'route'], 'readModel: options', WSG_ERR_GENERATE)
  const { url, route } = options
  const burst = route === undefined ? {} : { burst: route.burst }
  const compiled = compileContract(contract, { htmlAdapter: HTML.html, ...burst })
  const tree = readContract(contract, HTML)
  const typeName = pascalCase(tree.name)
  const table = new TypeTable(new Names(typeName), rootsOf(tree, typeName))
  const source = { tree, compiled, table }
  return {
    model: 1,
    name: tree.name,
    typeName,
    url: url ?? tree.url,
    ...(tree.description === null ? {} : { description: tree.description }),
    fingerprint: compiled.fingerprint,
    envelope: { ...tree.envelope },
    ...(tree.params === null ? {} : { params: table.nameOf(tree.params) }),
    ...(tree.query === null ? {} : { query: table.nameOf(tree.query) }),
    inbound: sorted(tree.inbound).map(message => ({ ...messageOf(message, table), ...rulesOf(message, source) })),
    outbound: sorted(tree.outbound).map(message => outboundOf(message, table)),
    calls: sorted(tree.calls).map(call => callOf(call, source)),
    types: table.all(),
    limits: { ...compiled.limits },
    closeCodes: CLOSE_CODES,
    errorCodes: errorCodes().sort(),
    ...(route === undefined ? {} : { route }),
  }
}

/** What the messages of a contract are described by. */
interface Source {
  readonly tree: ContractTree
  readonly compiled: CompiledContract
  readonly table: TypeTable
}

function rulesOf (part: MessagePart, { tree, compiled }: Source): RulesModel {
  const { roles, deadline, unknownProperties, description } = part.rules
  const bytes = frameBytes(part, tree.envelope)
  const costly = costlyFields(part.payload, compiled.limits.maxPayload)
  return {
    ...(description === null ? {} : { description }),
    roles: [...roles ?? []].sort(),
    cost: compiled.inbound.get(part.type)!.cost,
    ...(deadline === null ? {} : { deadline }),
    unknownProperties,
    ...(Number.isFinite(bytes) ? { maxBytes: bytes } : {}),
    ...(costly.length === 0 ? {} : { costly }),
  }
}

function messageOf (
  { type, payload }: MessagePart, table: TypeTable
): Pick<OutboundModel, 'type' | 'payload' | 'binary'> {
  return { type, payload: table.nameOf(payload), binary: payload.root.kind === 'bytes' }
}

function outboundOf (message: MessagePart, table: TypeTable): OutboundModel {
  const { description, whenSlow } = message.rules
  return {
    ...messageOf(message, table),
    ...(description === null ? {} : { description }),
    ...(whenSlow === 'close' ? {} : { whenSlow }),
  }
}

function callOf (call: CallPart, source: Source): CallModel {
  const { table } = source
  return {
    type: call.type,
    request: table.nameOf(call.payload),
    reply: table.nameOf(call.reply),
    errors: errorsOf(call).map(([code, data]) => ({ code, data: table.nameOf(data) })),
    ...rulesOf(call, source),
  }
}

const errorsOf = (call: CallPart): (readonly [code: string, data: SchemaTree])[] =>
  [...call.errors].sort(([a], [b]) => a < b ? -1 : 1)

/** Every payload of a contract, sorted. A message that goes both ways has two types. */
function rootsOf (tree: ContractTree, typeName: string): Root[] {
  const namesOf = (messages: readonly MessagePart[]): Set<string> =>
    new Set(messages.map(({ type }) => pascalCase(type)))
  const [sent, received] = [namesOf(tree.outbound), namesOf(tree.inbound)]
  const message = (others: ReadonlySet<string>, ending: string) => ({ type, payload }: MessagePart): Root => {
    const wanted = pascalCase(type)
    return { tree: payload, wanted: others.has(wanted) ? wanted + ending : wanted }
  }
  return [
    ...(tree.params === null ? [] : [{ tree: tree.params, wanted: `${typeName}Params` }]),
    ...(tree.query === null ? [] : [{ tree: tree.query, wanted: `${typeName}Query` }]),
    ...sorted(tree.inbound).map(message(sent, 'Inbound')),
    ...sorted(tree.outbound).map(message(received, 'Outbound')),
    ...sorted(tree.calls).flatMap(call => {
      const wanted = pascalCase(call.type)
      return [
        { tree: call.payload, wanted: `${wanted}Request` },
        { tree: call.reply, wanted: `${wanted}Reply` },
        ...errorsOf(call).map(([code, data]) => ({ tree: data, wanted: wanted + pascalCase(code) })),
      ]
    }),
  ]
}
