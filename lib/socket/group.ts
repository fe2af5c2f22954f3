// Tested in test/socket/groups.test.ts.
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import type { CompiledContract } from '../../types/contract.js'
import type { Identity } from '../../types/gate.js'
import type { Group, GroupKey } from '../../types/socket.js'
import { CLOSES } from '../protocol/codes.js'
import { prepareBroadcast } from './broadcast.js'
import { checkClose } from './close-arguments.js'
import { readEvictTarget } from './evict-target.js'
import { encodeGroupKey } from './groups.js'
import type { Groups } from './groups.js'
import type { Member } from './parts.js'

type GroupSenders = new (name: string, except: string | null) => Group<object>['send']

/** Senders to a group by its name: one per use instead of one per message, as a group is asked for anew each time. */
function groupSenders (contract: CompiledContract, groups: Groups<Member>): GroupSenders {
  class Senders {
    readonly #name: string
    readonly #except: string | null

    constructor (name: string, except: string | null) {
      this.#name = name
      this.#except = except
    }

    static {
      for (const message of contract.outbound.values()) {
        Object.defineProperty(this.prototype, message.type, {
          get (this: Senders) {
            const name = this.#name
            const except = this.#except
            return (data: unknown) => prepareBroadcast(groups.of(name), contract, message, data, name)(except)
          },
        })
      }
    }
  }
  return Senders as GroupSenders
}

/** Makes the groups of a route. */
export function groupFactory (contract: CompiledContract, groups: Groups<Member>): (key: GroupKey) => Group<object> {
  const Senders = groupSenders(contract, groups)
  return key => {
    const name = encodeGroupKey(key)
    return {
      get size () { return groups.of(name).size },
      send: new Senders(name, null),
      except: socket => ({ send: new Senders(name, idOf(socket)) }),
      members: () => identitiesOf(groups.of(name)),
      evict (whom) {
        const id = readEvictTarget(whom)
        const evicted = [...groups.of(name)].filter(({ identity }) => identity !== null && String(identity.id) === id)
        for (const member of evicted) member.leaveNamed(name)
        return evicted.length
      },
      close (code = CLOSES.normal.code, reason = '') {
        // Also where nobody is there to be closed: the mistake would wait for the first member.
        checkClose(code, reason)
        const open = [...groups.of(name)].filter(member => member.open)
        for (const member of open) member.close(code, reason)
        return open.length
      },
    }
  }
}

function idOf (socket: { readonly id: string }): string {
  const id: unknown = (socket as { readonly id: string } | null | undefined)?.id
  if (typeof id === 'string') return id
  throw new WSG_ERR_SOCKET_ARGUMENT(`except: expected a socket, got ${got(socket)}`)
}

/** Each once, whatever number of sockets it has. */
function identitiesOf (members: ReadonlySet<Member>): Identity[] {
  const found = new Map<string | number, Identity>()
  for (const { open, identity } of members) if (open && identity !== null) found.set(identity.id, identity)
  return [...found.values()]
}
