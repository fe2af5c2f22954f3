import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { AnyContract, CompiledContract, ContractSpec } from '../../types/contract.js'
import type { MessageOptions } from '../../types/message-options.js'
import { compileContract } from '../contract/compile.js'
import { warnAtBoot } from '../log/boot-warning.js'
import type { ContractPart } from '../gate/policies.js'
import type { RouteInput } from '../gate/policy.js'
import { SUBPROTOCOL } from '../protocol/envelope.js'
import { REFUSED } from '../protocol/refused.js'
import { type CompiledVersion, compileVersions } from './contract-versions.js'
import type { ResolvedOptions } from './options.js'

// Tested in test/plugin/plugin.test.ts and test/plugin/contract-versions.test.ts.

/** Bytes of one message above which boot warns. */
const LARGE_PAYLOAD = 1024 * 1024

/** A route's contract and the older ones that it serves. */
export interface CompiledRoute {
  /** As it was written. */
  readonly spec: ContractSpec
  readonly contract: CompiledContract
  readonly versions: readonly CompiledVersion[]
  /** Its own contract first. */
  readonly spoken: readonly [CompiledContract, ...CompiledContract[]]
  /** Where it is, with the prefix of its scope. */
  readonly url: string
  readonly limits: ResolvedOptions['messages']
}

/** What of `wsRoute`'s second argument is compiled. */
export interface RouteDeclaration {
  readonly messages?: MessageOptions
  readonly public?: boolean
  readonly versions?: unknown
}

/**
 * Compiles the contracts of a route, and warns of what they let through. Throws WSG_ERR_CONTRACT, WSG_ERR_OPTION,
 * WSG_ERR_HANDLER.
 */
export function compileRoute (
  scope: FastifyInstance, given: AnyContract, declared: RouteDeclaration, options: ResolvedOptions
): CompiledRoute {
  const { messages, versions, public: isPublic } = declared
  // Loose outside so that interfaces and generated stubs fit; what is no contract is refused by the compiler.
  const spec = given as ContractSpec
  const { prefix, log } = scope
  const { htmlAdapter } = options
  const limits = { ...options.messages, ...messages }
  const compile = { prefix, burst: limits.burst, ...(htmlAdapter === null ? {} : { htmlAdapter }) }
  const contract = compileContract(spec, compile)
  const older = compileVersions(versions, `route ${String(spec.url)}`, spec, contract, compile)
  const spoken = [contract, ...older.map(({ adapted }) => adapted)] as const
  const { name } = contract
  const maxPayload = maxPayloadOf(spoken)
  if (maxPayload > LARGE_PAYLOAD) {
    warnAtBoot(log, { contract: name, maxPayload }, `the contract ${name} lets each socket send more than 1 MiB at ` +
      'once; the report on level debug names the message')
  }
  if (isPublic === true) warnOfRoles(contract, log)
  return { spec, contract, versions: older, spoken, url: prefix.replace(/\/$/, '') + contract.url, limits }
}

/** A rule that refuses everybody is a slip. */
function warnOfRoles ({ name, inbound }: CompiledContract, log: FastifyBaseLogger): void {
  for (const [type, { roles }] of inbound) {
    if (roles === null) continue
    warnAtBoot(log, { contract: name, type }, `the contract ${name} asks for a role in ${type}, but its route is ` +
      'public, where nobody has one: it is refused to everybody')
  }
}

/** What the gate has to know of it. */
export function contractPart ({ contract, spoken }: CompiledRoute): ContractPart {
  return {
    subprotocol: SUBPROTOCOL,
    fingerprints: spoken.map(({ fingerprint }) => fingerprint),
    typeKey: contract.envelope.type,
    readInput: inputReader(contract),
    maxPayload: maxPayloadOf(spoken),
  }
}

function maxPayloadOf (spoken: readonly CompiledContract[]): number {
  return Math.max(...spoken.map(({ limits }) => limits.maxPayload))
}

function inputReader (contract: CompiledContract): ((request: FastifyRequest) => RouteInput | null) | null {
  const { params: acceptParams, query: acceptQuery } = contract
  if (acceptParams === null && acceptQuery === null) return null
  return request => {
    const params = acceptParams === null ? request.params : acceptParams(request.params)
    const query = acceptQuery === null ? request.query : acceptQuery(request.query)
    return params === REFUSED || query === REFUSED ? null : { params, query }
  }
}
