import type { FastifyInstance } from 'fastify'
import type { AnyContract } from '../../types/wire.js'
import { type Codec, type EnvelopeFormat, envelope } from '../client/codec.js'
import { ClientError } from '../client/error.js'
import type { ConnectOptions } from './types.js'

// Tested in test/testing/connect.test.ts.

interface Route {
  /** Prefixes included. */
  readonly url: string
  /** What a client of an older contract has to name. */
  readonly fingerprint?: string
}

/**
 * The contract's route, also where the contract is an older one that the route serves; the one at `url`, where that is
 * given. Throws where there is none, or more than one.
 */
export function routeOf (app: FastifyInstance, contract: AnyContract, url: string | undefined): Route {
  if (typeof contract !== 'object') {
    const message = `connect: expected connect(app, contract, options), got ${JSON.stringify(contract)}`
    throw new ClientError('connect_failed', { message })
  }
  const routes = app.wsGuard.contracts.flatMap(({ contract: current, versions, url }): Route[] => current === contract
    ? [{ url }]
    : versions.filter(older => older.contract === contract).map(({ fingerprint }) => ({ url, fingerprint })))
  if (url !== undefined) return routes.find(route => route.url === url) ?? { url }
  if (routes.length === 1) return routes[0]!
  const urls = routes.map(route => route.url).join(', ')
  const found = urls === '' ? `none; ${adviceOn(app, contract)}` : `${urls}: say which with the option url`
  throw new ClientError('connect_failed', { message: `contract "${contract.name}": expected one route, got ${found}` })
}

function adviceOn (app: FastifyInstance, { name }: AnyContract): string {
  const other = app.wsGuard.contracts.find(({ contract }) => contract.name === name)
  return other === undefined
    ? 'declare it with app.wsRoute(contract, …)'
    : `${other.url} has another contract of that name: import the one that the application uses`
}

interface Declared {
  readonly type?: unknown
  readonly payload?: Declared
}

/** The codec of the contract's envelope, and of its binary message. */
export function codecOf (contract: AnyContract): Codec {
  const { envelope: format } = contract as { readonly envelope?: EnvelopeFormat }
  const outbound = Object.entries(contract.outbound ?? {}) as [string, Declared][]
  const binary = outbound.find(([, message]) => (message.payload ?? message).type === 'Uint8Array')
  return envelope({ ...format, binary: binary?.[0] })
}

type Given = Pick<ConnectOptions<AnyContract>, 'headers' | 'origin' | 'cookies'>

/** Header fields of the handshake. */
export function headersOf ({ headers, origin, cookies = [] }: Given): { readonly [name: string]: string } {
  const named = Object.entries(cookies).map(([name, cookie]: [string, string | { name: string, value: string }]) =>
    typeof cookie === 'string' ? { name, value: cookie } : cookie)
  const cookie = named.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ')
  return { ...cookie && { cookie }, ...origin && { origin }, ...headers }
}
