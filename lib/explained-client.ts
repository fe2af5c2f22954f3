// 'fastify-ws-guard/client' where bytes don't count: in Node.js, Deno and Bun, and in a page under development
// (package.json, `exports`). An unknown name is an error everywhere; here the error says which name was meant.
import { createClient as create, envelope as envelopeOf, eventsOf as events, urlOf as urlFrom } from './client.js'
import { ClientError } from './client/error.js'
import type { EnvelopeFormat } from './client/codec.js'
import type { IterateOptions } from './client/iterate.js'
import type { Pace } from './client/outbox.js'
import type { CallOptions, Client, ClientEvents, ClientOptions } from './client/types.js'
import type { Address, AddressSource, UrlParts } from './client/address.js'
import { didYouMean } from './errors/nearest.js'
import type { AnyContract } from '../types/wire.js'

export * from './client.js'

/** Every name that `T` has. */
type Names<T> = { readonly [K in keyof Required<T>]: true }

const OPTIONS: Names<ClientOptions<AnyContract>> = {
  WebSocket: true,
  auth: true,
  backoff: true,
  beat: true,
  codec: true,
  fingerprint: true,
  idempotent: true,
  maxBackoff: true,
  offline: true,
  pace: true,
  queue: true,
  retry: true,
  timeout: true,
  url: true,
}
const PACE: Names<Pace> = { rate: true, burst: true }
const CALL: Names<CallOptions> = { timeout: true, signal: true }
const EVENTS: Names<ClientEvents> = { state: true, error: true, unauthenticated: true, stale: true, closed: true }
const PARTS: Names<UrlParts<AnyContract>> = { params: true, query: true }
const ITERATE: Names<IterateOptions> = { signal: true, buffer: true }
const FORMAT: Names<EnvelopeFormat> = { type: true, data: true, id: true, binary: true }

function check (where: string, given: object | undefined, known: object): void {
  for (const name of Object.keys(given ?? {})) {
    if (Object.hasOwn(known, name)) continue
    const names = Object.keys(known)
    throw new ClientError('unknown_option', {
      message: `${where}: expected ${names.join(', ')}, got ${JSON.stringify(name)}${didYouMean(name, names)}`,
    })
  }
}

/** No attempt would mend it. A page in production is told by its server, again and again. */
function checkFilled (url: AddressSource): void {
  const [, name] = (typeof url !== 'function' && /\/:(\w+)/.exec(`${url}`)) || []
  if (name === undefined) return
  throw new ClientError('connect_failed', {
    message: `createClient: url: expected a value for ":${name}"; ` +
      `write urlOf("${url as Address}", { params: { ${name} } })`,
  })
}

type Method = (...args: never[]) => unknown
interface Methods { [type: string]: Method }

/** The same methods, whose argument `at` is looked at first. Each is made once. */
function looked<M extends object> (where: string, methods: M, at: number, known: object): M {
  return new Proxy({} as Methods, {
    get (made, type: string) {
      return (made[type] ??= (...args) => {
        check(`${where}.${type}`, args[at], known)
        return (methods as Methods)[type]!(...args)
      })
    },
  }) as object as M
}

export function createClient<C extends AnyContract> (options: ClientOptions<C>): Client<C> {
  for (const name of Object.keys(PARTS)) {
    if (!Object.hasOwn(options, name)) continue
    const message = `createClient: expected ${name} in the url, got it beside; write url: urlOf(…, { ${name} })`
    throw new ClientError('unknown_option', { message })
  }
  check('createClient', options, OPTIONS)
  check('createClient: pace', options.pace, PACE)
  checkFilled(options.url)
  const client = create(options)
  const { calls, listen } = client
  return Object.assign(client, {
    calls: looked('calls', calls, 1, CALL),
    listen <K extends keyof ClientEvents> (event: K, listener: (data: ClientEvents[K]) => unknown) {
      check('listen', { [event]: true }, EVENTS)
      return listen(event, listener)
    },
  })
}

export const urlOf: typeof urlFrom = (address: AddressSource, parts: object) => {
  check('urlOf', parts, PARTS)
  return urlFrom<unknown>(address as string, parts)
}

export const eventsOf: typeof events = client => looked('eventsOf', events(client), 0, ITERATE)

export function envelope (format: EnvelopeFormat): ReturnType<typeof envelopeOf> {
  check('envelope', format, FORMAT)
  return envelopeOf(format)
}
