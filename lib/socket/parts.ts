import type { Group, GroupKey, GuardedSocket, Senders } from '../../types/socket.js'
import type { MessageOptions } from '../../types/options.js'
import type { Operation } from './calls.js'
import type { Deadlines } from './deadlines.js'
import type { ErrorText } from './error-text.js'
import type { Groups } from './groups.js'
import type { InboxShared } from './inbox.js'
import type { Outbox } from './outbox.js'
import type { Registry } from './registry.js'

/** Message limits of a route; every number is needed. */
export type SocketLimits = Required<MessageOptions> & {
  /** Milliseconds between our close frame and termination. */
  readonly closeTimeout: number
}

/** A socket, as groups and senders see it. */
export interface Member {
  readonly open: boolean
  readonly outbox: Outbox
}

/** What the sockets of a route share. */
export interface RouteParts extends InboxShared {
  readonly limits: SocketLimits
  readonly direct: boolean
  readonly registry: Registry
  readonly groups: Groups<Member>
  readonly deadlines: Deadlines<Operation>
  readonly errors: ErrorText
  readonly rolesOf: (identity: unknown) => readonly string[] | undefined
  readonly onOpen: ((socket: GuardedSocket) => unknown) | null
  readonly onClose: ((socket: GuardedSocket, code: number, reason: string) => unknown) | null
  readonly sendersOf: (member: Member) => Senders<object>
  readonly groupOf: (key: GroupKey) => Group<object>
}
