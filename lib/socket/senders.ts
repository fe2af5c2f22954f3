// Tested in test/socket/messages.test.ts and test/plugin/contract-versions.test.ts.
import type { CompiledContract } from '../../types/contract.js'
import type { Senders } from '../../types/socket.js'
import { sharedMessage } from './broadcast.js'
import type { Member } from './parts.js'

/** Senders of the route's messages to a member that speaks `spoken`. */
export function senderFactory (
  contract: CompiledContract, spoken: CompiledContract
): (member: Member) => Senders<object> {
  const messages = [...contract.outbound.values()].map(message => [message, spoken.outbound.get(message.type)] as const)
  return ({ outbox }) => {
    const senders: { [type: string]: (data: unknown) => boolean } = {}
    for (const [current, message] of messages) {
      const { type } = current
      if (message === undefined) {
        senders[type] = data => {
          sharedMessage(current, data, null)
          return false
        }
        continue
      }
      const { encode } = message
      // What is for one socket and may not be missed needs no more than its text.
      senders[type] = message.encodeBinary === null && message.whenSlow === 'close'
        ? data => outbox.send(encode(data))
        : data => outbox.sendShared(sharedMessage(current, data, null, message))
    }
    return Object.freeze(senders) as Senders<object>
  }
}
