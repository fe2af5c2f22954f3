// Tested in test/socket/shared-group.test.ts.
import type { AnyContract } from '../../types/contract.js'
import type { WsRouteHandle } from '../../types/route.js'
import type { GroupKey, SharedGroup } from '../../types/socket.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import type { SocketRoute } from '../socket/route.js'
import { sharedGroup } from '../socket/shared-group.js'

interface Declared {
  readonly handle: WsRouteHandle<AnyContract>
  readonly route: SocketRoute
}

/** The routes of contracts, found by these. */
export class RouteHandles {
  // A list: one contract may be declared in several scopes.
  readonly #routes = new Map<object, Declared[]>()

  add (contract: AnyContract, route: SocketRoute, named: { readonly contract: string, readonly fingerprint: string }):
  WsRouteHandle<AnyContract> {
    // Its groups send what `contract` declares.
    const handle = { ...named, group: route.group, sockets: route.sockets } as WsRouteHandle<AnyContract>
    this.#routes.set(contract, [...this.#routes.get(contract) ?? [], { handle, route }])
    return handle
  }

  /** `app.wsGuard.route`. */
  handle (contract: AnyContract): WsRouteHandle<AnyContract> {
    return this.#find(contract, 'wsGuard.route').handle
  }

  /** `app.wsGuard.group`. */
  group (key: GroupKey, contracts: readonly AnyContract[]): SharedGroup<object> {
    if (!Array.isArray(contracts) || contracts.length === 0) {
      throw new WSG_ERR_SOCKET_ARGUMENT(`wsGuard.group: expected a list of contracts, got ${got(contracts)}`)
    }
    return sharedGroup(key, [...new Set(contracts)].map(contract => this.#find(contract, 'wsGuard.group').route))
  }

  #find (contract: AnyContract, where: string): Declared {
    const [found, ...others] = this.#routes.get(contract) ?? []
    if (found !== undefined && others.length === 0) return found
    throw new WSG_ERR_SOCKET_ARGUMENT(found === undefined
      ? `${where}: expected a contract that app.wsRoute was called with, got ${got(contract)}`
      : `${where}: expected a contract of one route, got ${contract.name}, which ${others.length + 1} routes have; ` +
        'keep what app.wsRoute returns')
  }
}
