import type { FastifyInstance } from 'fastify'
import type { AnyContract } from '../../types/wire.js'
import { type Codec, type EnvelopeFormat, envelope } from '../client/codec.js'
import { ClientError } from '../client/error.js'
import type { ConnectOptions } from './types.js'

// Tested in test/testing/connect.test.ts.

/** The path of the contract's route, prefixes included. Throws where there is none, or more than one. */
export function routeOf (app: FastifyInstance, contract: AnyContract): string {
  const urls = app.wsGuard.contracts.filter(declared => declared.contract === contract).map(({ url }) => url)
  if (urls.length === 1) return urls[0]!
  const found = urls.length === 0 ? 'none' : `${urls.join(', ')}: say which with the option url`
  throw new ClientError('connect_failed', { message: `contract "${contract.name}": expected one route, got ${found}` })
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
