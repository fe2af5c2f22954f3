import type { TSchema } from '@sinclair/typebox'
import type { CompiledContract, ContractSpec } from '../../types/contract.js'
import type { ContractModel, VersionModel } from '../../types/model.js'
import type { AdaptedContract } from '../../types/versions.js'
import { type CompileOptions, compileContract } from '../contract/compile.js'
import { kindOf } from '../contract/kind.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { breaksOldClients, diffModels } from '../model/diff.js'
import { readModel } from '../model/model.js'
import { adaptCompiled, type CallLink, type Links, type MessageLink } from './adapt-compiled.js'
import { LinkReader } from './version-links.js'

/** An older contract of a route: as it was written, compiled, and as generators see it. */
export interface CompiledVersion {
  readonly contract: ContractSpec
  readonly adapted: AdaptedContract
  readonly model: VersionModel
}

/**
 * Compiles the older contracts of a route. Throws WSG_ERR_OPTION for one that can't be served there, WSG_ERR_HANDLER
 * for adapters that are missing or would do nothing, WSG_ERR_CONTRACT.
 */
export function compileVersions (
  given: unknown, where: string, contract: ContractSpec, compiled: CompiledContract, options: CompileOptions
): readonly CompiledVersion[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw new WSG_ERR_OPTION(`${where}: versions: expected a list, got ${got(given)}`)
  const now = readModel(contract)
  const dropping = compileContract(dropUnknown(contract), options)
  const taken = new Map([[compiled.fingerprint, 'the route\'s contract']])
  return given.map((version: unknown, index) => {
    const at = `${where}: versions[${index}]`
    const { contract: older, adapters } = readVersion(version, at, contract)
    const old = compileContract(older, options)
    const twin = taken.get(old.fingerprint)
    if (twin !== undefined) {
      throw new WSG_ERR_OPTION(`${at}: expected another contract than ${twin}, got one of the same fingerprint ` +
        old.fingerprint)
    }
    taken.set(old.fingerprint, `versions[${index}]`)
    const before = readModel(older)
    checkHandshake(at, before, now)
    const links = new LinkReader(at, before, now).read(adapters)
    return { contract: older, adapted: adaptCompiled(old, dropping, links), model: modelOf(old, links) }
  })
}

function readVersion (
  version: unknown, at: string, contract: ContractSpec
): { readonly contract: ContractSpec, readonly adapters: unknown } {
  if (typeof version !== 'object' || version === null) {
    throw new WSG_ERR_OPTION(`${at}: expected what adaptContract returns, got ${got(version)}`)
  }
  checkKeys(version, ['contract', 'to', 'adapters'], at, WSG_ERR_OPTION)
  const { contract: older, to, adapters } = version as { readonly [key: string]: unknown }
  if (to !== contract) {
    throw new WSG_ERR_OPTION(`${at}: expected adaptContract(…, ${contract.name}, …), the contract of the route, got ` +
      'another one')
  }
  return { contract: older as ContractSpec, adapters }
}

/** Clients of both connect to one path, with the same envelope; no adapter has what is in the URL. */
function checkHandshake (at: string, old: ContractModel, now: ContractModel): void {
  const changes = diffModels(old, now).filter(({ where }) => /^(?:route|envelope|params|query)(?: |$)/.test(where))
  const broken = changes.find(change => breaksOldClients([change]))
  if (broken === undefined) return
  const part = broken.where.startsWith('route') ? 'url' : broken.where
  throw new WSG_ERR_OPTION(`${at}: ${part}: expected what clients of the older contract send to fit, ` +
    `got a change that breaks them: ${broken.what}`)
}

/** The same contract; properties that it does not know are left out, as those that it no longer has. */
function dropUnknown (contract: ContractSpec): ContractSpec {
  const unknownProperties = 'drop'
  const { inbound = {}, calls = {} } = contract
  const each = <E, S>(table: { readonly [type: string]: E }, spec: (entry: E) => S): { [type: string]: S } =>
    Object.fromEntries(Object.entries(table).map(([type, entry]) => [type, spec(entry)]))
  return {
    ...contract,
    inbound: each(inbound, entry =>
      ({ ...(kindOf(entry) !== undefined ? { payload: entry as TSchema } : entry), unknownProperties })),
    calls: each(calls, call => ({ ...call, unknownProperties })),
  }
}

function modelOf ({ name, fingerprint, limits }: CompiledContract, links: Links): VersionModel {
  const adapted = [...links.on, ...links.outbound, ...links.calls].filter((link: MessageLink | CallLink) =>
    link.old !== link.now || link.adapt !== null || ('reply' in link && (link.reply !== null || link.errors.size > 0)))
  return {
    name,
    fingerprint,
    limits,
    adapted: [...new Set(adapted.map(({ old }) => old))].sort(),
    gone: [...links.gone].sort(),
  }
}
