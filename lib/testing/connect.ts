import type { FastifyInstance } from 'fastify'
import type { AnyContract } from '../../types/wire.js'
import { addressOf } from '../client/address.js'
import { createClient } from '../client/create-client.js'
import { ClientError } from '../client/error.js'
import type { Client } from '../client/types.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { CLOSES, ERRORS } from '../protocol/codes.js'
import { ERROR_TYPE, type WireError } from '../protocol/envelope.js'
import { codecOf, headersOf, routeOf } from './handshake.js'
import { memorySockets } from './memory-socket.js'
import type { ConnectOptions, ConnectRest, NextOptions, TestClient, Unread, WaitOptions } from './types.js'
import { createWaiting } from './waiting.js'

const KEYS: readonly (keyof ConnectOptions<AnyContract>)[] = [
  'as', 'auth', 'fingerprint', 'params', 'query', 'url', 'origin', 'cookies', 'headers', 'address', 'timeout',
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
  const { changed, until } = createWaiting()
  const unread: Unread<C>[] = []
  const errors: ClientError[] = []
  let refusal: Error | WireError | undefined
  let end: { readonly code: number, readonly reason: string } | undefined
  let isGone = false

  const WebSocket = memorySockets(
    app,
    { headers: headersOf(options), address, identity, isOwnPage: origin === undefined },
    {
      frame (data) {
        if (client.state !== 'connecting') return
        const { type, error } = codec.decode(data)
        if (type === ERROR_TYPE) refusal = error
      },
      refused (error) { refusal = error },
      gone () {
        isGone = true
        changed()
      },
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
    pace: { rate: 1e6, burst: 1e6 },
  })
  const on = client.on as object as { readonly [type: string]: (listener: (data: never) => void) => void }
  for (const type of Object.keys(contract.outbound ?? {})) {
    on[type]!(data => {
      unread.push({ type, data } as never)
      changed()
    })
  }
  client.listen('error', error => {
    errors.push(error)
    changed()
  })
  client.listen('state', ({ state, code = 1006, reason = '' }) => {
    if (state === 'closed') end = { code, reason }
    changed()
  })

  const closedBefore = (what: string): void => {
    if (end) throw new ClientError('closed', { message: `closed ${end.code} ${end.reason}`.trim() + ` before ${what}` })
  }
  const arrived = (): string => {
    const refused = errors.map(({ code, type }) => type === undefined ? code : `${code} (${type})`).join(', ')
    return `unread: ${unread.map(({ type }) => String(type)).join(', ') || 'none'}${refused && `; errors: ${refused}`}`
  }
  const next = (type: string) => async (options: NextOptions<unknown> = {}) => {
    checkKeys(options, ['where', 'timeout'], `next.${type}: options`, WSG_ERR_OPTION)
    const { where = () => true, timeout = patience } = options
    return await until(() => {
      const at = unread.findIndex(message => message.type === type && where(message.data))
      if (at >= 0) return { found: unread.splice(at, 1)[0]!.data }
      closedBefore(type)
      return undefined
    }, timeout, () => `no ${type} within ${timeout} ms; ${arrived()}`)
  }
  const patienceOf = (options: WaitOptions, name: string): number => {
    checkKeys(options, ['timeout'], `${name}: options`, WSG_ERR_OPTION)
    return options.timeout ?? patience
  }

  client.connect()
  await until(() => {
    if (client.state === 'open') return { found: true }
    if (refusal instanceof Error) throw refusal
    if (end && refusal) throw new ClientError(refusal.code, refusal)
    // Who waits for a token is told by the close code alone.
    const { message } = ERRORS.unauthenticated
    if (end?.code === CLOSES.unauthenticated.code) throw new ClientError('unauthenticated', { message })
    closedBefore('it was admitted')
    return undefined
  }, patience, () => `not admitted within ${patience} ms`)

  const own = {
    next: new Proxy({}, { get: (_, type: string) => next(type) }),
    unread,
    async error (options: WaitOptions = {}) {
      const timeout = patienceOf(options, 'error')
      return await until(() => {
        if (errors.length > 0) return { found: errors.shift()! }
        closedBefore('an error')
        return undefined
      }, timeout, () => `no error within ${timeout} ms`)
    },
    async closed (options: WaitOptions = {}) {
      const timeout = patienceOf(options, 'closed')
      return await until(() => end && { found: end }, timeout, () => `not closed within ${timeout} ms; ${arrived()}`)
    },
    async close (code?: number, reason?: string) {
      client.close(code, reason)
      await until(() => isGone ? { found: undefined } : undefined, patience, () => `not gone within ${patience} ms`)
    },
  }
  return Object.setPrototypeOf(own, client) as TestClient<C>
}
