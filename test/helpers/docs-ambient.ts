/**
 * What code blocks of the pages marked `check` may use without importing it: the names a reader has met before, typed as
 * they were introduced. Declarations of a global script, relative to the folder that the blocks are written to.
 */
export const DOCS_AMBIENT = `
declare const app: import('fastify').FastifyInstance
declare const auth: import('fastify-ws-guard').AuthStrategy
declare const deviceToken: import('fastify-ws-guard').AuthStrategy
declare const secret: string
declare const handler: import('@fastify/websocket').WebsocketHandler
declare const chat: typeof import('./contract/chat.contract.js').chat
declare const rooms: import('fastify-ws-guard').WsRouteHandle<typeof chat>
declare const Said: import('@sinclair/typebox').TObject<{ from: import('@sinclair/typebox').TString, text: import('@sinclair/typebox').TString }>
declare const store: { last: (limit: number) => Wire<typeof Said>[] }
declare const mayEnter: (user: import('fastify-ws-guard').Identity, room: string) => boolean
declare const show: (from: string, text: string) => void
declare const Fastify: typeof import('fastify').default
declare const cookie: typeof import('@fastify/cookie').default
declare const session: typeof import('@fastify/session').default
declare const guard: typeof import('fastify-ws-guard').default
declare const sessionAuth: typeof import('fastify-ws-guard').sessionAuth
declare const tokenAuth: typeof import('fastify-ws-guard').tokenAuth
declare const ticketAuth: typeof import('fastify-ws-guard').ticketAuth
declare const anyOf: typeof import('fastify-ws-guard').anyOf
declare const verifyToken: (token: string) => import('fastify-ws-guard').Identity | null
declare const Type: typeof import('@sinclair/typebox').Type
declare const defineContract: typeof import('fastify-ws-guard/contract').defineContract
declare const identifier: typeof import('fastify-ws-guard/contract').identifier
declare const line: typeof import('fastify-ws-guard/contract').line
declare const text: typeof import('fastify-ws-guard/contract').text
type GuardedSocket<C extends import('fastify-ws-guard').AnyContract> = import('fastify-ws-guard').GuardedSocket<C>
type Identity = import('fastify-ws-guard').Identity
type Wire<S> = import('fastify-ws-guard').Wire<S>
declare const ws: WebSocket
`

/**
 * Loaded before a block marked `browser`: the page of ORIGIN, logged in as ada where there is a login. WebSocket sends the
 * page's Origin and cookies, as a browser does.
 */
export const DOCS_BROWSER = `
import { WebSocket } from 'ws'
const { ORIGIN } = process.env
const login = await fetch(ORIGIN + '/login/ada')
const cookie = login.headers.getSetCookie().map(one => one.split(';')[0]).join('; ')
globalThis.location = new URL(ORIGIN)
globalThis.WebSocket = class extends WebSocket {
  constructor (url, protocols) { super(url, protocols, { origin: ORIGIN, headers: { cookie } }) }
}
globalThis.show = (...what) => { console.log(...what) }
/** As much of a document as prints what is written to it. */
const element = () => ({ set textContent (text) { console.log(text) }, append () {} })
globalThis.document = { createElement: element, querySelector: element }
`
