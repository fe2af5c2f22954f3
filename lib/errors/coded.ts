import createError from '@fastify/error'

// Tested in test/house/errors-doc.test.ts.

// Every coded server error, grouped by room. docs/errors.md lists the same codes; a test holds both to each other.
// A message that reaches a peer is generic; what came is in the log.

/** Where the pages of docs/ are read. */
const DOCS = 'https://github.com/fastify-ws-guard/fastify-ws-guard/blob/main/docs'

/** An error of boot. Its `help` is the page that says what to do; Node.js and pino print it below the stack. */
const boot = <C extends string>(code: C, page: string, Base: ErrorConstructor = Error) =>
  class extends createError(code, '%s', 500, Base) {
    readonly help = `${DOCS}/${page}`
  }

/* ---- options and plugin order: boot ---- */

/** What an error about an option begins with, and the page that says more than options.md. */
const PAGES: readonly (readonly [RegExp, string])[] = [
  [/^sessionAuth/, 'sessions.md'], [/^ticketAuth/, 'tokens.md#tickets'], [/^tokenAuth/, 'tokens.md'],
  [/^anyOf/, 'authentication.md#several-on-one-route'], [/^options\.auth\b/, 'authentication.md'],
  [/^options\.policies/, 'options.md#routes-that-others-declare'], [/^sanitizeHtmlAdapter/, 'text.md#html'],
]

/**
 * An option of the plugin or of a route is not what its schema says. `%s` names it, what was expected and what it got.
 */
export class WSG_ERR_OPTION extends boot('WSG_ERR_OPTION', 'options.md', TypeError) {
  override readonly help = `${DOCS}/${PAGES.find(([beginning]) => beginning.test(this.message))?.[1] ?? 'options.md'}`
}
/** Two options together would be unsafe. */
export const WSG_ERR_OPTION_UNSAFE = boot('WSG_ERR_OPTION_UNSAFE', 'options.md')
/** An entry of `origins` could never match, or would match too much. */
export const WSG_ERR_ORIGIN_PATTERN = boot('WSG_ERR_ORIGIN_PATTERN', 'channels.md#forms-of-a-pattern', TypeError)
/** An entry of `allowedHosts` could never match, or would match too much. */
export const WSG_ERR_HOST_PATTERN = boot('WSG_ERR_HOST_PATTERN', 'channels.md#forms-of-a-pattern', TypeError)
/** Plugin order, encapsulation or a missing plugin. */
export const WSG_ERR_PLUGIN_ORDER = boot('WSG_ERR_PLUGIN_ORDER', 'gate.md#order-of-registration')
/** A dependency is older than what is known to be safe. */
export const WSG_ERR_DEPENDENCY = boot('WSG_ERR_DEPENDENCY', 'gate.md#order-of-registration')
/** A WebSocket route does not say who may connect, or says it twice. */
export const WSG_ERR_ROUTE_POLICY = boot('WSG_ERR_ROUTE_POLICY', 'options.md#route-options')

/* ---- contract: boot ---- */

export { WSG_ERR_CONTRACT } from './contract-error.js'
/** A handler is missing, misspelt or not a function. */
export const WSG_ERR_HANDLER = boot('WSG_ERR_HANDLER', 'contract.md', TypeError)

/* ---- generators: the command and its library call ---- */

/** Nothing can be generated: `%s` names the file or the option, and the cause. */
export const WSG_ERR_GENERATE = createError('WSG_ERR_GENERATE', '%s', 500)

/* ---- contract and socket: run time, thrown to our caller, never shown to the peer ---- */

/** Data given to `send`, or returned by a call handler, breaks the contract. */
export const WSG_ERR_OUTBOUND_INVALID = createError('WSG_ERR_OUTBOUND_INVALID', '%s', 500, TypeError)
/** What an adapter of an older contract made breaks the contract that it is for. `%s` names both, never a value. */
export const WSG_ERR_ADAPTER = createError('WSG_ERR_ADAPTER', '%s', 500, TypeError)
/** HTML that could not be sanitised safely; `%s` says why. The `html` policy refuses the value. */
export const WSG_ERR_HTML_REFUSED = createError('WSG_ERR_HTML_REFUSED', 'HTML refused: %s', 500)
/** An argument of the socket's API is not what it takes. */
export const WSG_ERR_SOCKET_ARGUMENT = createError('WSG_ERR_SOCKET_ARGUMENT', '%s', 500, TypeError)

/** A token was refused, or could not be judged; `%s` says why. In the log, never told to the peer. */
export const WSG_ERR_TOKEN = createError('WSG_ERR_TOKEN', 'Token: %s', 401)
/** A session cookie can't be believed; `%s` says why. In the log, never told to the peer. */
export const WSG_ERR_SESSION_COOKIE = createError('WSG_ERR_SESSION_COOKIE', 'Session cookie: %s', 401)
/** `authorize` is asked again of an open socket, and looks at the request for the first time; it was not kept. */
export const WSG_ERR_REQUEST_GONE = createError('WSG_ERR_REQUEST_GONE', 'authorize was asked again and looked at ' +
  'the handshake\'s request, which is kept only where it looks at it in the handshake as well', 500)

/** An injected handshake was refused. It carries the answer's status and code; `%s` is the status. */
export const WSG_ERR_INJECT_REFUSED = createError('WSG_ERR_INJECT_REFUSED', 'Unexpected server response: %s')

/* ---- gate: refusals of a handshake, answered before the 101 ---- */

/** Without a stack: it would say only that the gate refused, and collecting it is a good part of a refusal's cost. */
const refusal = <C extends string, S extends number>(code: C, message: string, statusCode: S) =>
  createError(code, message, statusCode, Error, false)

export const WSG_ERR_HANDSHAKE_MALFORMED = refusal('WSG_ERR_HANDSHAKE_MALFORMED', 'Malformed WebSocket handshake', 400)
export const WSG_ERR_HANDSHAKE_METHOD =
  refusal('WSG_ERR_HANDSHAKE_METHOD', 'A WebSocket handshake is a GET request', 405)
export const WSG_ERR_HANDSHAKE_VERSION = refusal('WSG_ERR_HANDSHAKE_VERSION', 'WebSocket version 13 is required', 426)
export const WSG_ERR_UPGRADE_REQUIRED = refusal('WSG_ERR_UPGRADE_REQUIRED', 'This route is a WebSocket', 426)
export const WSG_ERR_ROUTE_NOT_FOUND = refusal('WSG_ERR_ROUTE_NOT_FOUND', 'No WebSocket route here', 404)
export const WSG_ERR_TLS_REQUIRED = refusal('WSG_ERR_TLS_REQUIRED', 'TLS is required', 403)
export const WSG_ERR_HOST_MALFORMED = refusal('WSG_ERR_HOST_MALFORMED', 'Malformed Host', 400)
export const WSG_ERR_HOST_NOT_ALLOWED = refusal('WSG_ERR_HOST_NOT_ALLOWED', 'Host not served here', 421)
export const WSG_ERR_ORIGIN_NOT_ALLOWED = refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', 'Origin not allowed', 403)
export const WSG_ERR_ORIGIN_MISSING = refusal('WSG_ERR_ORIGIN_MISSING', 'Origin missing', 403)
export const WSG_ERR_ORIGIN_NULL = refusal('WSG_ERR_ORIGIN_NULL', 'Opaque origin not allowed', 403)
export const WSG_ERR_CONNECTIONS_PER_ADDRESS = refusal('WSG_ERR_CONNECTIONS_PER_ADDRESS', 'Too many connections', 429)
export const WSG_ERR_CONNECTIONS_TOTAL = refusal('WSG_ERR_CONNECTIONS_TOTAL', 'Server is full', 503)
export const WSG_ERR_CONNECTIONS_PENDING = refusal('WSG_ERR_CONNECTIONS_PENDING', 'Too many handshakes under way', 503)
export const WSG_ERR_CONNECTIONS_PER_IDENTITY = refusal('WSG_ERR_CONNECTIONS_PER_IDENTITY', 'Too many connections', 429)
export const WSG_ERR_UPGRADE_RATE = refusal('WSG_ERR_UPGRADE_RATE', 'Too many handshakes', 429)
export const WSG_ERR_UNAUTHENTICATED = refusal('WSG_ERR_UNAUTHENTICATED', 'Authentication required', 401)
export const WSG_ERR_AUTH_TIMEOUT = refusal('WSG_ERR_AUTH_TIMEOUT', 'Authentication unavailable', 503)
export const WSG_ERR_AUTH_UNAVAILABLE = refusal('WSG_ERR_AUTH_UNAVAILABLE', 'Authentication unavailable', 503)
export const WSG_ERR_FORBIDDEN = refusal('WSG_ERR_FORBIDDEN', 'Forbidden', 403)
export const WSG_ERR_PARAMS_INVALID = refusal('WSG_ERR_PARAMS_INVALID', 'Invalid path parameters or query', 400)
export const WSG_ERR_SUBPROTOCOL = refusal('WSG_ERR_SUBPROTOCOL', 'Malformed subprotocol list', 400)
export const WSG_ERR_CONTRACT_MISMATCH =
  refusal('WSG_ERR_CONTRACT_MISMATCH', 'Client and server disagree about the contract', 426)
export const WSG_ERR_TICKET_REQUEST = refusal('WSG_ERR_TICKET_REQUEST', 'Malformed request for a ticket', 400)
export const WSG_ERR_TICKETS_WAITING = refusal('WSG_ERR_TICKETS_WAITING', 'Too many unused tickets', 429)
export const WSG_ERR_DRAINING = refusal('WSG_ERR_DRAINING', 'Server is shutting down', 503)
export const WSG_ERR_HANDSHAKE_TIMEOUT = refusal('WSG_ERR_HANDSHAKE_TIMEOUT', 'Handshake took too long', 503)
export const WSG_ERR_HOOK_FAILED = refusal('WSG_ERR_HOOK_FAILED', 'Internal error', 500)
export const WSG_ERR_HOOK_REFUSED = refusal('WSG_ERR_HOOK_REFUSED', 'Refused', 503)
export const WSG_ERR_NOT_ADMITTED = refusal('WSG_ERR_NOT_ADMITTED', 'Not admitted', 500)
