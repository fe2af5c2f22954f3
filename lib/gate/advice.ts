import { escapeForLog } from '../log/log-safe.js'
import { didYouMean } from '../errors/nearest.js'
import type { AuthStrategy, RefusalCode } from '../../types/gate.js'
import type { RoutePolicy } from './policy.js'

/** A refused handshake, as advice needs it. */
export interface Refused {
  readonly code: RefusalCode
  /** As it came; escaped here. */
  readonly value?: string | undefined
  /** What a strategy threw; the log line has it. */
  readonly cause?: unknown
  readonly policy: RoutePolicy | null
  /** Who was to judge its credential; left out or null: nobody, or it was not known yet. */
  readonly strategy?: AuthStrategy | null
  /** The path that was asked for, without its query. */
  readonly path: string
}

/** Says what to write so that a handshake is admitted. For development only: it tells what is in the options. */
export type Adviser = (refused: Refused) => string

interface About {
  /** Escaped. */
  readonly value: string
  readonly hasCause: boolean
  readonly policy: RoutePolicy | null
  readonly strategy: AuthStrategy | null
  readonly path: string
  readonly urls: readonly string[]
}

type Advice = string | ((about: About) => string)

/** An origin that can be written into a list as it is. */
const WRITABLE_ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[\w.:[\]-]+$/
/** A path that can be repeated to whoever sent it. */
const PLAIN_PATH = /^\/[\w./:@~-]*$/
const WRITABLE_HOST = /^[a-z0-9._-]+$|^\[[0-9a-f:.]+\]$/i

function onOrigin ({ value, policy }: About): string {
  if (!WRITABLE_ORIGIN.test(value) || policy === null) return 'the Origin is not one that a page of http or https has'
  if (policy.origin.ask !== null) return `the function in origins did not return true for '${value}'`
  const { name, derived } = policy.originsFrom
  if (derived === null) return `add '${value}' to ${name}`
  const all = [...derived, value].map(entry => `'${entry}'`).join(', ')
  return `origins are derived from allowedHosts, and '${value}' is not among them; write origins: [${all}]`
}

function onMissingOrigin ({ policy, strategy }: About): string {
  const others = strategiesOf(policy).some(({ needs }) => needs.credential === 'header')
  return (strategy ?? policy?.auth)?.needs.credential === 'cookie'
    ? 'send the Origin header of your page: beside a cookie nothing else proves which page asks' +
      (others ? '; a program that has a token sends no cookie' : '')
    : 'a browser always sends an Origin; for other clients set allowMissingOrigin: true, or have them send one'
}

function onHost ({ value }: About): string {
  const name = value.replace(/:\d+$/, '')
  return WRITABLE_HOST.test(name) ? `add '${name}' to allowedHosts` : 'the Host is not a host name'
}

function onRoute ({ path, urls }: About): string {
  const all = urls.length === 0 ? 'there are none yet' : `there are ${urls.slice(0, 10).join(', ')}`
  const asked = PLAIN_PATH.test(path) ? `'${path}'` : 'that was asked for'
  return `no WebSocket route has the URL ${asked}: ${all}${didYouMean(path, urls)}`
}

function strategiesOf (policy: RoutePolicy | null): readonly AuthStrategy[] {
  return policy?.auth?.alternatives ?? (policy?.auth ? [policy.auth] : [])
}

const takesFirstMessage = (policy: RoutePolicy | null): boolean =>
  strategiesOf(policy).some(({ firstMessage }) => firstMessage === true)

/** `value` is the name of the strategy that was asked, or why none was. */
function onCredential ({ value, hasCause, policy }: About): string {
  if (value === 'authorize') return 'authorize threw an error with status 401'
  const strategy = strategiesOf(policy).find(({ name }) => name === value)
  if (strategy === undefined && value !== policy?.auth?.name) {
    return value + (takesFirstMessage(policy)
      ? '; a token that comes in a message comes in the first one, {"type":"$auth","data":{"token":"…"}}, and ' +
        'nothing is sent before its answer (docs/protocol.md, section 10)'
      : '')
  }
  if (hasCause) return `the strategy ${value} refused the credential; the reason is in the log line, as err`
  if (strategy?.needs.credential === 'cookie') {
    return `the strategy ${value} found nobody: log in first, on the host that the page is on (the cookies of ` +
      'localhost are not those of 127.0.0.1)'
  }
  return `the strategy ${value} found nobody: ` + (strategy?.verifyToken === undefined
    ? 'send the credential that it reads'
    : 'no token came, verify knows nobody for it, or it has expired; docs/tokens.md has the ways to send one')
}

function onParams ({ path, policy }: About): string {
  const url = policy?.url ?? 'this route'
  const asked = path.split('/')
  const unfilled = url.split('/').find(segment => segment.startsWith(':') && asked.includes(segment))
  return unfilled === undefined
    ? `path parameters or query do not fit params or query of the contract of ${url}`
    : `the client asked for ${url} with ${unfilled} in it: give it a value there, by urlOf for example`
}

const FAILED: Advice = ({ value, hasCause }) => !hasCause && value.includes(': expected an identity, ')
  ? `${value}; return an object such as { id: 'ada' }`
  : `${value === '' ? 'a hook' : value} failed; the error is in the log line`

/** What to write, by the code of the refusal. */
const ADVICE: { readonly [C in RefusalCode]: Advice } = {
  WSG_ERR_HANDSHAKE_MALFORMED: 'this is no WebSocket handshake; the line in the log says what is wrong with it',
  WSG_ERR_HANDSHAKE_METHOD: 'a handshake is a GET',
  WSG_ERR_HANDSHAKE_VERSION: 'Sec-WebSocket-Version has to be 13',
  WSG_ERR_HANDSHAKE_TIMEOUT: 'a hook of the application did not answer within handshakeTimeout',
  WSG_ERR_UPGRADE_REQUIRED: 'open this URL with new WebSocket(…), not as a page; a proxy in between has to pass ' +
    'Upgrade on (docs/proxy-tls.md)',
  WSG_ERR_ROUTE_NOT_FOUND: onRoute,
  WSG_ERR_TLS_REQUIRED: 'connect to wss://, list your proxy\'s address in trustProxy, or set requireTls: false',
  WSG_ERR_HOST_MALFORMED: 'Host has to be a name and perhaps a port',
  WSG_ERR_HOST_NOT_ALLOWED: onHost,
  WSG_ERR_ORIGIN_NOT_ALLOWED: onOrigin,
  WSG_ERR_ORIGIN_MISSING: onMissingOrigin,
  WSG_ERR_ORIGIN_NULL: 'the page is a file or in a sandboxed frame: serve it over http',
  WSG_ERR_SUBPROTOCOL: ({ value }) => `Sec-WebSocket-Protocol: ${value}`,
  WSG_ERR_CONTRACT_MISMATCH: 'the client was built for another contract: reload the page, or build the client again',
  WSG_ERR_CONNECTIONS_PER_ADDRESS: ({ value }) =>
    `${value}: raise ${value.endsWith('identity') ? 'connections.anonymous' : 'connections.perAddress'}, or close ` +
    'sockets that nobody uses',
  WSG_ERR_CONNECTIONS_TOTAL: 'raise connections.total, or close sockets that nobody uses',
  WSG_ERR_CONNECTIONS_PENDING: 'raise connections.pending, or answer handshakes faster',
  WSG_ERR_CONNECTIONS_PER_IDENTITY: 'raise connections.perIdentity, or close sockets that nobody uses',
  WSG_ERR_UPGRADE_RATE: 'does the page connect in a loop? else raise upgradeRate.max',
  WSG_ERR_UNAUTHENTICATED: onCredential,
  WSG_ERR_AUTH_TIMEOUT: ({ policy }) => 'the strategy, a hook or authorize did not answer within authTimeout' +
    (takesFirstMessage(policy) ? ', or no token came in a first message ($auth)' : ''),
  WSG_ERR_AUTH_UNAVAILABLE: FAILED,
  WSG_ERR_FORBIDDEN: ({ value }) => value === '' ? 'authorize returned false' : value,
  WSG_ERR_PARAMS_INVALID: onParams,
  WSG_ERR_DRAINING: 'the server is shutting down: connect again',
  WSG_ERR_HOOK_FAILED: FAILED,
  WSG_ERR_HOOK_REFUSED: ({ value }) => `a hook of the application has answered: ${value}`,
  WSG_ERR_TICKET_REQUEST: 'POST application/json with the path of the WebSocket: {"path":"/chat"}',
  WSG_ERR_TICKETS_WAITING: 'fetch a ticket when it is needed; perOwner of ticketAuth says how many may wait',
  WSG_ERR_NOT_ADMITTED: 'the handshake did not pass the gate: see docs/gate.md, order of registration',
}

/** `urls`: the WebSocket routes that there are. */
export function createAdviser (urls: () => readonly string[]): Adviser {
  return ({ code, value = '', cause, policy, strategy = null, path }) => {
    const advice = ADVICE[code]
    if (typeof advice === 'string') return advice
    return advice({ value: escapeForLog(value), hasCause: cause !== undefined, policy, strategy, path, urls: urls() })
  }
}
