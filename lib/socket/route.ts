// Tested in test/socket/groups.test.ts and test/socket/messages.test.ts.
import type { FastifyRequest } from 'fastify'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import type { CompiledContract } from '../../types/contract.js'
import type { AdaptedContract } from '../../types/versions.js'
import type { MessageOptions } from '../../types/message-options.js'
import type { Group, GroupKey, GuardedSocket } from '../../types/socket.js'
import type { WebSocket } from 'ws'
import type { Duplex } from 'node:stream'
import type { Renew } from './auth-message.js'
import { Connection } from './connection.js'
import { Deadlines } from './deadlines.js'
import { groupFactory } from './group.js'
import { Groups } from './groups.js'
import { adaptHandlers, checkHooks, compileHandlers } from './handlers.js'
import type { RouteHandlers } from './handlers.js'
import { Hints } from './hints.js'
import type { Admission } from './home.js'
import type { OpenSocket } from './open-socket.js'
import type { SocketLimits } from './limits.js'
import type { Member, RouteParts } from './parts.js'
import { ProtocolText } from './protocol-text.js'
import type { Registry } from './registry.js'
import { senderFactory } from './senders.js'
import type { BudgetStore } from './budget-store.js'
import { Budgets } from './budgets.js'

const NONE: ReadonlySet<string> = new Set()

/** What a route's sockets are made from. */
export interface SocketRouteSpec {
  readonly contract: CompiledContract
  /** Older contracts that it serves as well. */
  readonly versions: readonly AdaptedContract[]
  readonly handlers: RouteHandlers
  readonly limits: SocketLimits
  /** Of `limits`, what the route says itself. */
  readonly ownLimits: MessageOptions
  readonly budgetStore: BudgetStore
  /** Where it is, for budgets that are its own. */
  readonly url: string
  readonly registry: Registry
  /** What a new token on an open socket comes to; left out: there are none. */
  readonly renew?: Renew
  /** The result of `selfCheck`: frames may be written past ws's sender. */
  readonly direct: boolean
  /** Error replies say more. */
  readonly development: boolean
}

export interface SocketRoute {
  /**
   * Takes over a WebSocket in the tick of its 101: every listener is attached when this returns. `request` is for
   * `onOpen` and not kept. Never throws.
   */
  open (ws: WebSocket, stream: Duplex, admission: Admission, request: FastifyRequest): Connection
  /** Sends to a group from outside of a handler. */
  group (key: GroupKey): Group<object>
  /** Who is in which group; a socket that is gone is in none. */
  readonly groups: Groups<Member>
  readonly contract: CompiledContract
  /** Those that are open, as handlers see them. */
  sockets (): GuardedSocket[]
}

/**
 * Compiles a route. Throws WSG_ERR_HANDLER when handlers and contract don't match, WSG_ERR_OPTION for limits under a
 * cost.
 */
export function createSocketRoute (spec: SocketRouteSpec): SocketRoute {
  const { contract, handlers, registry } = spec
  const entries = compileHandlers(contract, handlers, spec.limits.handlerTimeout)
  checkHooks(contract, handlers)
  const shared = sharedParts(spec)
  const { groups, groupOf } = shared
  const partsOf = (spoken: CompiledContract, read: RouteParts['entries'], gone: RouteParts['gone']): RouteParts =>
    ({ ...shared, ...ownParts(spec, spoken, read), gone })
  const current = partsOf(contract, entries, NONE)
  const versions = new Map(spec.versions.map(older =>
    [older.fingerprint, partsOf(older, adaptHandlers(entries, older), older.gone)] as const))
  return {
    open (ws, stream, admission, request) {
      const parts = versions.get(admission.fingerprint ?? '') ?? current
      const connection = new Connection(ws, stream, parts, admission, registry)
      connection.begin(request)
      return connection
    },
    group: groupOf,
    groups,
    contract,
    sockets () {
      const isOurs = (one: OpenSocket): one is Connection => one instanceof Connection && one.isIn(groups) && one.open
      return [...registry].filter(isOurs).map(({ face }) => face)
    },
  }
}

/** What of a contract's parts is its own, where a route serves several. */
type Own = 'contract' | 'entries' | 'gone' | 'binary' | 'text' | 'hints' | 'sendersOf'

function sharedParts ({ contract, handlers, limits, ...spec }: SocketRouteSpec): Omit<RouteParts, Own> {
  const groups = new Groups<Member>()
  const maxCost = maxCostOf(contract, limits)
  return {
    maxCost,
    budgets: new Budgets(spec.budgetStore, limits, { own: spec.ownLimits, url: spec.url, maxCost }),
    limits,
    direct: spec.direct,
    groups,
    deadlines: new Deadlines(() => performance.now()),
    renew: spec.renew ?? null,
    // Typed by the contract where the application wrote them; here every contract is the same.
    onOpen: (handlers.onOpen ?? null) as RouteParts['onOpen'],
    onClose: (handlers.onClose ?? null) as RouteParts['onClose'],
    state: (handlers.state ?? null) as RouteParts['state'],
    mayJoin: (handlers.mayJoin ?? null) as RouteParts['mayJoin'],
    groupOf: groupFactory(contract, groups),
  }
}

/** `spoken`: what its clients speak, the route's contract or an older one. */
function ownParts (
  { contract, limits, development }: SocketRouteSpec, spoken: CompiledContract, entries: RouteParts['entries']
): Omit<Pick<RouteParts, Own>, 'gone'> {
  return {
    contract: spoken,
    entries,
    binary: [...entries.values()].find(entry => entry.inbound.binary) ?? null,
    text: new ProtocolText(spoken.envelope),
    hints: development ? new Hints(spoken, limits) : null,
    sendersOf: senderFactory(contract, spoken),
  }
}

function maxCostOf (contract: CompiledContract, { burst, budgets = [] }: SocketLimits): number {
  const named = budgets.map(budget => [`the burst of the budget ${budget.name}`, budget.burst] as const)
  let max = 1
  for (const { kind, type, cost } of contract.inbound.values()) {
    for (const [name, most] of [['messages.burst', burst] as const, ...named]) {
      if (typeof most === 'function' || cost <= most) continue
      const part = kind === 'call' ? 'calls' : 'inbound'
      throw new WSG_ERR_OPTION(`contract ${contract.name}: ${part}.${type}.cost: ` +
        `expected at most ${name}, which is ${most}, got ${cost}`)
    }
    max = Math.max(max, cost)
  }
  return max
}
