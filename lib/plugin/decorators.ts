import type { FastifyInstance } from 'fastify'
import { corsOrigin } from '../gate/origin.js'
import { handshakeOf } from '../gate/record.js'
import type { Rooms } from './rooms.js'
import { usageOf } from './usage.js'

// Tested in test/plugin/plugin.test.ts and test/attack/revoke.test.ts.

/** What the application gets: `request.wsIdentity`, `app.wsGuard`, `app.wsRoute` and `app.wsPolicy`. */
export function decorate (fastify: FastifyInstance, { gate, guarded, life, policies, routes, sockets }: Rooms): void {
  const corsPolicy = policies.origins(undefined, 'options.origins', null)
  fastify.decorateRequest('wsIdentity', { getter () { return handshakeOf(this.raw)?.identity ?? null } })
  fastify.decorate('wsGuard', {
    corsOrigin: corsOrigin(corsPolicy),
    get sockets () { return gate.connections.total },
    get pending () { return gate.pending },
    revoke: whom => life.revoke(whom),
    refresh: (given: unknown, change?: unknown) => life.refresh(given, change),
    route: contract => routes.handles.handle(contract) as never,
    group: (key, contracts) => routes.handles.group(key, contracts) as never,
    usage: of => usageOf(sockets, of),
    contracts: routes.declared,
  })
  fastify.decorate('wsRoute', function (this: FastifyInstance, contract, handlers) {
    return routes.declare(this, contract, handlers as never) as never
  })
  fastify.decorate('wsPolicy', function (this: FastifyInstance, policy) { guarded.setScopePolicy(this, policy) })
}
