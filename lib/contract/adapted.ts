import type { CompiledContract, CompiledInbound, CompiledOutbound } from '../../types/contract.js'
import type { AdaptedContract } from '../../types/versions.js'
import { WSG_ERR_ADAPTER } from '../errors/coded.js'
import { REFUSED } from '../protocol/refused.js'

// Tested in test/plugin/contract-versions.test.ts.

export type Adapter = (data: unknown) => unknown

/** A message of the older contract, and what it is in the route's. An adapter that is null changes nothing. */
export interface MessageLink {
  readonly old: string
  readonly now: string
  readonly adapt: Adapter | null
}

export interface CallLink {
  readonly old: string
  readonly now: string
  readonly request: Adapter | null
  readonly reply: Adapter | null
  /** By code; those that are not here change nothing. */
  readonly errors: ReadonlyMap<string, Adapter>
}

/** How one contract becomes another. */
export interface Links {
  readonly on: readonly MessageLink[]
  readonly outbound: readonly MessageLink[]
  readonly calls: readonly CallLink[]
  readonly gone: ReadonlySet<string>
}

/**
 * Makes of two compiled contracts one that speaks the older one and is handled as the newer. What comes in fits the
 * older contract, then the adapter has it, then it fits the newer one; what goes out, the other way round. `now` drops
 * properties that it does not know.
 */
export function adaptCompiled (old: CompiledContract, now: CompiledContract, links: Links): AdaptedContract {
  const label = `an adapter of ${old.fingerprint}`
  const messages = links.on.map(link => [link.old, inbound(label, link, old, now, link.adapt)] as const)
  const calls = links.calls.map(link => [
    link.old, { ...inbound(label, link, old, now, link.request), ...answers(label, link, old, now) },
  ] as const)
  const outbound = links.outbound.map(link => [link.now, outboundOf(label, link, old, now)] as const)
  return Object.freeze({
    ...old, inbound: new Map([...messages, ...calls]), outbound: new Map(outbound), gone: links.gone,
  })
}

function inbound (
  label: string, { old: oldType, now: type }: Pick<MessageLink, 'old' | 'now'>, old: CompiledContract,
  now: CompiledContract, adapt: Adapter | null
): CompiledInbound {
  const [was, is] = [old.inbound.get(oldType)!, now.inbound.get(type)!]
  return {
    ...is,
    binary: was.binary,
    accept (value, plain) {
      const given = was.accept(value, plain)
      if (given === REFUSED) return REFUSED
      const data = adapt === null ? given : adapt(given)
      const clean = is.accept(data)
      if (clean !== REFUSED) return clean
      const issues = is.explain(data).map(({ path, message }) => `${path} ${message}`.trimStart()).join('; ')
      throw new WSG_ERR_ADAPTER(`${label}: contract ${JSON.stringify(now.name)}, ${is.kind} ` +
        `${JSON.stringify(type)}: ${issues}`)
    },
    explain: was.explain,
  }
}

type Answers = Pick<CompiledInbound, 'encodeReply' | 'errors'>

function answers (label: string, link: CallLink, old: CompiledContract, now: CompiledContract): Answers {
  const [was, is] = [old.inbound.get(link.old)!, now.inbound.get(link.now)!]
  const errors = [...is.errors ?? []].map(([code, encode]) => {
    const older = was.errors?.get(code)
    // A client has to take codes that it does not know.
    if (older === undefined) return [code, encode] as const
    return [code, both(label, encode, link.errors.get(code) ?? null, older)] as const
  })
  return {
    encodeReply: (id, data) =>
      both(label, reply => is.encodeReply!(id, reply), link.reply, reply => was.encodeReply!(id, reply))(data),
    errors: new Map(errors),
  }
}

function outboundOf (
  label: string, link: MessageLink, old: CompiledContract, now: CompiledContract
): CompiledOutbound {
  const [was, is] = [old.outbound.get(link.old)!, now.outbound.get(link.now)!]
  const check = is.encodeBinary ?? is.encode
  const adapted = <T>(encode: (data: unknown) => T): ((data: unknown) => T) =>
    both(label, check, link.adapt, encode)
  return {
    type: is.type,
    binary: was.binary,
    whenSlow: is.whenSlow,
    encode: adapted(was.encode),
    encodeBinary: was.encodeBinary === null ? null : adapted(was.encodeBinary),
  }
}

/**
 * Data of the newer contract, written by the older one. The newer one judges it as well, so that what may be sent does
 * not depend on who listens.
 */
function both<T> (
  label: string, check: (data: unknown) => unknown, adapt: Adapter | null, encode: (data: unknown) => T
): (data: unknown) => T {
  return data => {
    check(data)
    const older = adapt === null ? data : adapt(data)
    try {
      return encode(older)
    } catch (error) {
      throw new WSG_ERR_ADAPTER(`${label}: ${(error as Error).message}`)
    }
  }
}
