import type { FastifyInstance } from 'fastify'
import type { AnyContract } from '../../types/wire.js'
import { addressOf } from '../client/address.js'
import { createClient } from '../client/create-client.js'
import type { Client } from '../client/types.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { ERROR_TYPE } from '../protocol/envelope.js'
import { Arrivals } from './arrivals.js'
import { codecOf, headersOf, routeOf } from './handshake.js'
import { memorySockets } from './memory-socket.js'
import type { ConnectOptions, ConnectRest, NextOptions, TestClient, WaitOptions } from './types.js'

const KEYS: readonly (keyof ConnectOptions<AnyContract>)[] = [
  'as', 'auth', 'fingerprint', 'params', 'query', 'url', 'origin', 'cookies', 'headers', 'address', 'timeout', 'pace',
]

/**
 * Opens a typed client of `contract` on a connection in memory: no port, no network, and the whole gate. Resolves when
 * it is admitted. Rejects with the code of the refusal: `forbidden`, `unauthenticated` … where the server tells it
 * (docs/protocol.md section 2), else the error of `app.injectWS`, with `statusCode` and `code`. It and its waits reject
 * with WSG_ERR_OPTION for an unknown option.
 */
export async function connect<const C extends AnyContract> (
  app: FastifyInstance, contract: C, ...rest: ConnectRest<C>
): Promise<TestClient<C>> {
  const options: ConnectOptions<C> = rest[0] ?? {}
  checkKeys(options, KEYS, 'connect: options', WSG_ERR_OPTION)
  await app.ready()
  const route = routeOf(app, contract, options.url)
  const { as: identity, origin, auth, address = '127.0.0.1', timeout: patience = 2000 } = options
  const { params, query, fingerprint = route.fingerprint } = options
  const codec = codecOf(contract)
  const arrivals = new Arrivals<C>(patience)
  const WebSocket = memorySockets(
    app,
    { headers: headersOf(options), address, identity, isOwnPage: origin === undefined },
    {
      frame (data) {
        if (client.state !== 'connecting') return
        const { type, error } = codec.decode(data)
        if (type === ERROR_TYPE) arrivals.refusal = error
      },
      refused (error) { arrivals.refusal = error },
      gone () { arrivals.gone() },
    }
  )
  const client: Client<C> = createClient<C>({
    url: addressOf(`ws://memory${route.url}`, params as object, query as object),
    codec,
    auth,
    fingerprint,
    WebSocket,
    timeout: patience,
    // A test says itself when it comes back, and how fast it sends.
    retry: () => false,
    pace: options.pace ?? { rate: 1e6, burst: 1e6 },
  })
  arrivals.listen(client, Object.keys(contract.outbound ?? {}))
  client.connect()
  await arrivals.admitted(client)
  return Object.setPrototypeOf(waitsOf(client, arrivals), client) as TestClient<C>
}

/** What a test's client has beside those of a client. */
function waitsOf<C> (client: Client<C>, arrivals: Arrivals<C>): object {
  return {
    next: new Proxy({}, {
      get: (_, type: string) => (options?: NextOptions<unknown>) => arrivals.next(type, options),
    }),
    unread: arrivals.unread,
    error: (options?: WaitOptions) => arrivals.error(options),
    closed: (options?: WaitOptions) => arrivals.closed(options),
    async close (code?: number, reason?: string) {
      client.close(code, reason)
      await arrivals.left()
    },
  }
}
