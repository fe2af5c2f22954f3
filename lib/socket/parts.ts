import type { FastifyRequest } from 'fastify'
import type { CompiledContract } from '../../types/contract.js'
import type { Identity } from '../../types/gate.js'
import type { Group, GroupKey, GuardedSocket, JoinContext, Senders } from '../../types/socket.js'
import type { Renew } from './auth-message.js'
import type { Budgets } from './budgets.js'
import type { Deadlines } from './deadlines.js'
import type { Groups } from './groups.js'
import type { Entry } from './handlers.js'
import type { Hints } from './hints.js'
import type { SocketLimits } from './limits.js'
import type { Outbox } from './outbox.js'
import type { ProtocolText } from './protocol-text.js'

/** A socket, as groups and senders see it. */
export interface Member {
  /** The contract that it speaks: its route's, or an older one. */
  readonly contract: CompiledContract
  readonly id: string
  /** Null on a public route. */
  readonly identity: Identity | null
  readonly open: boolean
  readonly outbox: Outbox
  close (code?: number, reason?: string): void
  /** Code of the application failed. */
  handlerFailed (type: string, error: unknown): void
  /** Leaves the group of an encoded key. */
  leaveNamed (name: string): void
}

/** What the sockets of a route share that speak one contract. */
export interface RouteParts {
  readonly contract: CompiledContract
  readonly entries: ReadonlyMap<string, Entry>
  /** Types of an older contract that nobody handles any more. */
  readonly gone: ReadonlySet<string>
  /** Tokens of the dearest message. */
  readonly maxCost: number
  /** The one message whose frames are binary. */
  readonly binary: Entry | null
  readonly limits: SocketLimits
  readonly budgets: Budgets
  readonly direct: boolean
  readonly groups: Groups<Member>
  readonly deadlines: Deadlines
  readonly text: ProtocolText
  /** Null where no strategy takes tokens. */
  readonly renew: Renew | null
  /** Null in production. */
  readonly hints: Hints | null
  readonly onOpen: ((socket: GuardedSocket, request: FastifyRequest) => unknown) | null
  readonly onClose: ((socket: GuardedSocket, code: number, reason: string) => unknown) | null
  readonly state: (() => unknown) | null
  readonly mayJoin: ((context: JoinContext<GuardedSocket>) => unknown) | null
  readonly sendersOf: (member: Member) => Senders<object>
  readonly groupOf: (key: GroupKey) => Group<object>
}
