import type { CompiledContract } from '../../types/contract.js'
import type { Group, GroupKey, GuardedSocket, Senders } from '../../types/socket.js'
import type { MessageOptions } from '../../types/options.js'
import type { Deadlines, Expiring } from './deadlines.js'
import type { ErrorText } from './error-text.js'
import type { Groups } from './groups.js'
import type { Entry } from './handlers.js'
import type { Outbox } from './outbox.js'
import type { Registry } from './registry.js'

/** Message limits of a route; every number is needed. */
export type SocketLimits = Required<MessageOptions>

/** The part of a pino logger that the socket room uses. */
export interface SocketLog {
  info (record: object, message: string): void
  warn (record: object, message: string): void
  error (record: object, message: string): void
}

/** A socket, as groups and senders see it. */
export interface Member {
  readonly open: boolean
  readonly outbox: Outbox
  close (code?: number, reason?: string): void
}

/** What the sockets of a route share. */
export interface RouteParts {
  readonly contract: CompiledContract
  readonly entries: ReadonlyMap<string, Entry>
  /** Tokens of the dearest message. */
  readonly maxCost: number
  /** The one message whose frames are binary. */
  readonly binary: Entry | null
  /** Milliseconds, for the limiters. */
  readonly now: () => number
  readonly limits: SocketLimits
  readonly direct: boolean
  readonly registry: Registry
  readonly groups: Groups<Member>
  readonly deadlines: Deadlines<Expiring>
  readonly errors: ErrorText
  readonly rolesOf: (identity: unknown) => readonly string[] | undefined
  readonly onOpen: ((socket: GuardedSocket) => unknown) | null
  readonly onClose: ((socket: GuardedSocket, code: number, reason: string) => unknown) | null
  readonly sendersOf: (member: Member) => Senders<object>
  readonly groupOf: (key: GroupKey) => Group<object>
}
