// Tested in test/socket/groups.test.ts and test/socket/slow.test.ts.
import type { CompiledContract, CompiledOutbound } from '../../types/contract.js'
import type { Member } from './parts.js'
import { SharedMessage } from './shared-message.js'
import type { Lossy } from './shared-message.js'

/**
 * Encodes a message of a route's contract, as `spoken` says it to clients of another version. `group`: whom it is for;
 * null: one socket. Throws WSG_ERR_OUTBOUND_INVALID.
 */
export function sharedMessage (
  message: CompiledOutbound, data: unknown, group: string | null, spoken: CompiledOutbound = message
): SharedMessage {
  const payload = spoken.encodeBinary === null ? spoken.encode(data) : spoken.encodeBinary(data)
  return new SharedMessage(payload, lossyOf(message, data, group))
}

function lossyOf ({ type, whenSlow }: CompiledOutbound, data: unknown, group: string | null): Lossy | null {
  if (whenSlow === 'close') return null
  if (whenSlow === 'drop') return { type, key: null, group }
  // The encoder has proven that there is such a property, and the contract's compiler that it is no object.
  return { type, key: JSON.stringify((data as { readonly [key: string]: unknown })[whenSlow.latest]), group }
}

/** Sends to all it was made for, but not to the member with the id `except`. Returns how many were reached. */
export type Broadcast = (except: string | null) => number

/**
 * One message, encoded and framed once for all members that speak the same contract. All of them before the first is
 * sent: what breaks the route's contract reaches nobody. Throws WSG_ERR_OUTBOUND_INVALID. What the adapter of an older
 * one can't say is missed by all who speak that; one of them tells it.
 */
export function prepareBroadcast (
  members: ReadonlySet<Member>, contract: CompiledContract, message: CompiledOutbound, data: unknown, group: string
): Broadcast {
  const current = sharedMessage(message, data, group)
  const older = new Map<CompiledContract, SharedMessage | null>()
  for (const member of members) {
    const { contract: spoken } = member
    if (spoken === contract || older.has(spoken)) continue
    const adapted = spoken.outbound.get(message.type)
    try {
      older.set(spoken, adapted === undefined ? null : sharedMessage(message, data, group, adapted))
    } catch (error) {
      older.set(spoken, null)
      member.handlerFailed(message.type, error)
    }
  }
  return except => {
    let reached = 0
    // A member that is closed as too slow leaves later, in its close event: the set does not change here.
    for (const member of members) {
      const shared = member.contract === contract ? current : older.get(member.contract) ?? null
      if (shared !== null && member.open && member.id !== except && member.outbox.sendShared(shared)) reached++
    }
    return reached
  }
}
