// Tested in test/socket/shared-group.test.ts.
import type { GroupKey, SharedGroup } from '../../types/socket.js'
import { prepareBroadcast } from './broadcast.js'
import { encodeGroupKey } from './groups.js'
import type { SocketRoute } from './route.js'

/** The members of one key on several routes: what each of their contracts declares can be sent to all of them. */
export function sharedGroup (key: GroupKey, routes: readonly SocketRoute[]): SharedGroup<object> {
  const name = encodeGroupKey(key)
  const send: { [type: string]: (data: unknown) => number } = {}
  for (const type of routes[0]?.contract.outbound.keys() ?? []) {
    if (!routes.every(({ contract }) => contract.outbound.has(type))) continue
    // All are encoded before one is sent: data that breaks one of the contracts reaches nobody.
    send[type] = data => {
      const broadcasts = routes.map(({ contract, groups }) =>
        prepareBroadcast(groups.of(name), contract, contract.outbound.get(type)!, data, name))
      return broadcasts.reduce((sum, broadcast) => sum + broadcast(null), 0)
    }
  }
  return {
    get size () { return routes.reduce((sum, { groups }) => sum + groups.of(name).size, 0) },
    send: Object.freeze(send) as SharedGroup<object>['send'],
  }
}
