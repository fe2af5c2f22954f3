import type { CompiledContract, CompiledInbound } from '../../types/contract.js'
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

/** The same of a call, of which `adapt` has the request. */
export interface CallLink extends MessageLink {
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
  const inbound = [...links.on, ...links.calls].map((link: MessageLink | CallLink) => {
    const [was, is] = [old.inbound.get(link.old)!, now.inbound.get(link.now)!]
    const where = `${label}: contract ${JSON.stringify(now.name)}, ${is.kind} ${JSON.stringify(link.now)}`
    const accept = accepting(where, was, is, link.adapt)
    const answers = 'reply' in link ? answersOf(label, was, is, link) : {}
    return [link.old, { ...is, ...answers, binary: was.binary, accept, explain: was.explain }] as const
  })
  const outbound = links.outbound.map(link => {
    const [was, is] = [old.outbound.get(link.old)!, now.outbound.get(link.now)!]
    const adapted = <T>(encode: Encode<T>): Encode<T> => both(label, is.encodeBinary ?? is.encode, link.adapt, encode)
    const encodeBinary = was.encodeBinary && adapted(was.encodeBinary)
    return [link.now, { ...is, binary: was.binary, encode: adapted(was.encode), encodeBinary }] as const
  })
  return Object.freeze({ ...old, inbound: new Map(inbound), outbound: new Map(outbound), gone: links.gone })
}

function accepting (
  where: string, was: CompiledInbound, is: CompiledInbound, adapt: Adapter | null
): CompiledInbound['accept'] {
  return (value, plain) => {
    const given = was.accept(value, plain)
    if (given === REFUSED) return REFUSED
    const data = adapt === null ? given : adapt(given)
    const clean = is.accept(data)
    if (clean !== REFUSED) return clean
    const issues = is.explain(data).map(({ path, message }) => `${path} ${message}`.trimStart()).join('; ')
    throw new WSG_ERR_ADAPTER(`${where}: ${issues}`)
  }
}

function answersOf (
  label: string, was: CompiledInbound, is: CompiledInbound, link: CallLink
): Pick<CompiledInbound, 'encodeReply' | 'errors'> {
  const errors = [...is.errors!].map(([code, encode]) => {
    const older = was.errors!.get(code)
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

type Encode<T> = (data: unknown) => T

/**
 * Data of the newer contract, written by the older one. The newer one judges it as well, so that what may be sent does
 * not depend on who listens.
 */
function both<T> (label: string, check: Encode<unknown>, adapt: Adapter | null, encode: Encode<T>): Encode<T> {
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
