import type { FastifyInstance } from 'fastify'
import { listenToStore } from '../foreign/session-store.js'
import { createAdviser } from '../gate/advice.js'
import { ClientAddresses, compileAddresses } from '../gate/client-address.js'
import { ADDRESS_SHARE, Gate } from '../gate/gate.js'
import { compileHosts, type HostPolicy } from '../gate/host.js'
import { Policies } from '../gate/policies.js'
import { createUpgradeLimiter } from '../gate/rate.js'
import { Life, type LifeParts } from '../life/life.js'
import { GuardedRoutes } from './guarded-routes.js'
import { judges } from './judges.js'
import { loadLimiters } from './limiters.js'
import { OpenSockets } from './open-sockets.js'
import type { ResolvedOptions } from './options.js'
import { ContractRoutes } from './routes.js'
import { routerOptions } from './url-patterns.js'

// Tested in test/plugin/plugin.test.ts and test/plugin/boot.test.ts.

/** One application's gate, sockets, life and routes. */
export interface Rooms {
  readonly host: HostPolicy
  readonly gate: Gate
  readonly sockets: OpenSockets
  readonly life: Life
  readonly policies: Policies
  readonly guarded: GuardedRoutes
  readonly routes: ContractRoutes
}

/**
 * Makes the rooms, which don't know each other: what one needs of another is handed in here. Throws
 * WSG_ERR_HOST_PATTERN, WSG_ERR_OPTION, WSG_ERR_OPTION_UNSAFE or WSG_ERR_ORIGIN_PATTERN.
 */
export async function joinRooms (fastify: FastifyInstance, options: ResolvedOptions): Promise<Rooms> {
  const { connections, development } = options
  const host = compileHosts(options.allowedHosts, { optionName: 'allowedHosts', development })
  const { ipv6Prefix, allowList } = connections
  const listed = allowList === undefined ? null : compileAddresses(allowList, 'options.connections.allowList')
  const sockets = new OpenSockets(fastify, options)
  const addresses = new ClientAddresses(ipv6Prefix, listed, sockets.log)
  const life = createLife(options, sockets, {
    underWaySince: () => gate.underWaySince,
    provenSince: () => guarded.ticketsSince,
  })
  sockets.follow(life)
  const gate: Gate = new Gate({
    host,
    requireTls: options.requireTls,
    // One address may hang in a slow store with its share of them, no more.
    caps: { ...connections, pendingPerAddress: Math.ceil(connections.pending / ADDRESS_SHARE) },
    unauthenticated: connections.unauthenticated,
    addresses,
    authTimeout: options.authTimeout,
    handshakeTimeout: options.handshakeTimeout,
    policies: () => guarded.policies,
    judges,
    hasEnded: handshake => life.endOf(handshake, handshake.policy?.url ?? '') !== null,
    makeRoom: sockets.makeRoom,
    events: sockets.events,
    advise: development ? createAdviser(() => guarded.urls) : null,
  })
  const limiters = await loadLimiters(fastify, options)
  const policies = new Policies(options, (limit, name) => {
    return createUpgradeLimiter(limiters, limit, name, addresses, sockets.events)
  })
  const guarded: GuardedRoutes = new GuardedRoutes(options, policies, gate, routerOptions(fastify))
  return { host, gate, sockets, life, policies, guarded, routes: new ContractRoutes(options, sockets, gate) }
}

function createLife (
  { sessions, authTimeout }: ResolvedOptions, { registry }: OpenSockets,
  since: Pick<LifeParts, 'underWaySince' | 'provenSince'>
): Life {
  return new Life({
    events: registry.events,
    now: registry.now,
    sockets: registry,
    listen: listenToStore,
    ...since,
    authTimeout,
    times: { ...sessions, readTimeout: authTimeout },
  })
}
