import type { FastifyInstance } from 'fastify'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { WebSocket } from 'ws'
import type { Identity } from '../../types/gate.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_INJECT_REFUSED, WSG_ERR_OPTION } from '../errors/coded.js'
import { INJECTED, type InjectedHandshake } from '../protocol/injected.js'

/** What an injected handshake is when it does not say so itself. */
export interface InjectDefaults {
  /** The Host allow-list; its first entry is the handshake's host. */
  readonly hosts: readonly string[]
  /** Entries of `origins` where they are written; the first that is one page's is the handshake's own page. */
  readonly origins: readonly string[]
  /** It counts as having come over TLS. */
  readonly encrypted: boolean
}

/** Second argument of `app.injectWS`: header fields, and members of the socket such as `remoteAddress`. */
interface InjectContext {
  readonly headers?: IncomingHttpHeaders
  readonly socket?: { readonly remoteAddress?: string, readonly encrypted?: boolean, readonly [name: string]: unknown }
  readonly [INJECTED]?: InjectedHandshake
}

/** Third argument: called with the client's end before and after the handshake. */
interface InjectHooks {
  readonly onInit?: (ws: WebSocket) => void
  readonly onOpen?: (ws: WebSocket) => void
}

/** Of handshakes in memory only: no socket of a network ever gets in here. */
const identities = new WeakMap<object, Identity | null>()

/** Who a test says opens this socket; `undefined`: nobody has said so. */
export function injectedIdentity (socket: object): Identity | null | undefined {
  return identities.get(socket)
}

/** The page of that host which browsers have: pages of this machine are rarely on https. */
function pageOf (host: string, encrypted: boolean): string {
  const isHere = /^(?:[^:]*\.)?localhost(?::|$)|^127\.|^\[::1\]/.test(host)
  return `${encrypted || !isHere ? 'https' : 'http'}://${host}`
}

/** An entry that stands for one page's origin: no pattern, no domain and what is under it. */
const LITERAL = /^https?:\/\/[^.*][^*]*$/i

/** Two streams, each the other's far end; what destroys one destroys the other, as a connection does. */
function streamPair (): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex => new Duplex({
    read () {},
    write (chunk: Buffer, _encoding, callback) {
      // As from a network: an answer never comes before the call that asked for it has returned.
      setImmediate(() => {
        other().push(chunk)
        callback()
      })
    },
    final (callback) {
      setImmediate(() => {
        other().push(null)
        callback()
      })
    },
    destroy (error, callback) {
      setImmediate(() => other().destroy())
      callback(error)
    },
  })
  const server: Duplex = make(() => client)
  const client: Duplex = make(() => server)
  return [server, client]
}

async function textOf (message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of message) text += String(chunk)
  return text
}

async function refusal (response: IncomingMessage, how: string): Promise<Error> {
  const statusCode = response.statusCode ?? 0
  try {
    const { code, detail } = JSON.parse(await textOf(response)) as { readonly [K in 'code' | 'detail']?: unknown }
    // What a hook of the application has answered is said as @fastify/websocket says it: its tests compare the text.
    if (typeof code === 'string' && !code.startsWith('WSG_ERR_HOOK_')) {
      const advice = code.startsWith('WSG_ERR_ORIGIN_') ? `; pass ${how} argument` : ''
      const reason = typeof detail === 'string' ? `; ${detail}` : ''
      const error = new WSG_ERR_INJECT_REFUSED(`${statusCode}, ${code}${advice}${reason}`)
      return Object.assign(error, { statusCode, code })
    }
  } catch {
    // An answer that is no JSON, as an application's own may be.
  }
  return Object.assign(new WSG_ERR_INJECT_REFUSED(String(statusCode)), { statusCode, name: 'Error' })
}

/** Resolves with the socket once it is open. Rejects with what came instead; `how`: where a page would be named. */
function opened (ws: WebSocket, near: Duplex, { onOpen }: InjectHooks, how: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    ws.once('open', () => {
      onOpen?.(ws)
      resolve(ws)
    })
    ws.once('unexpected-response', (_request, response) => {
      void refusal(response, how).then(error => {
        reject(error)
        near.destroy()
      })
    })
    ws.on('error', reject)
  })
}

/**
 * Puts an `injectWS` in the place of @fastify/websocket's, whose handshakes have no socket: no address, no Host, an
 * error without a code, and streams that never close. This one opens a connection in memory on the application's own
 * server, so what is injected passes what a client passes. It rejects with the answer's `statusCode` and `code`.
 */
export function replaceInjectWS (fastify: FastifyInstance, defaults: InjectDefaults): void {
  const { server } = fastify
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  const [listed = '*'] = defaults.hosts
  const host = listed === '*' ? 'localhost' : listed.replace(/^\./, '')
  const literal = defaults.origins.find(entry => LITERAL.test(entry))
  const ownPage = literal === undefined ? pageOf(host, defaults.encrypted) : new URL(literal).origin
  const injectWS = async (path = '/', given: InjectContext = {}, hooks: InjectHooks = {}): Promise<WebSocket> => {
    const { [INJECTED]: injected = {}, ...context } = given
    const how = INJECTED in given ? '{ origin } as the third' : '{ headers: { origin } } as the second'
    checkKeys(context, ['headers', 'socket'], 'injectWS: second argument', WSG_ERR_OPTION)
    await fastify.ready()
    const page = injected.isOwnPage ? { origin: ownPage } : {}
    const { 'sec-websocket-protocol': offers, ...headers } = { host, ...page, ...context.headers }
    const [far, near] = streamPair()
    const { encrypted } = defaults
    const members = { server, remoteAddress: '127.0.0.1', remotePort: 0, encrypted, alpnProtocol: 'http/1.1' }
    Object.assign(far, members, context.socket)
    if (injected.identity !== undefined) identities.set(far, injected.identity)
    server.emit(event as 'connection', far as never)
    const ws = new WebSocket(`ws://injected${path}`, offers?.split(',').map(offer => offer.trim()) ?? [], {
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      perMessageDeflate: false,
      // A handshake that says it has no Host has none.
      setHost: false,
      createConnection: () => near as never,
    })
    hooks.onInit?.(ws)
    return await opened(ws, near, hooks, how)
  }
  fastify.injectWS = injectWS as FastifyInstance['injectWS']
}
