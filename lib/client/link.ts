import type { SUBPROTOCOL } from '../protocol/envelope.js'
import type { Address, AddressSource } from './address.js'
import type { AuthSource } from './auth.js'
import type { Frame } from './codec.js'
import type { Emitter } from './emitter.js'
import { ClientError } from './error.js'
import { refuseRest } from './refuse-rest.js'

/**
 * `idle`: not used yet. `connecting`: the handshake is under way. `open`: admitted. `waiting`: lost, and to be tried
 * again. `closed`: for good, until `connect()`.
 */
export type ClientState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** What the `state` event tells. */
export interface StateChange {
  readonly state: ClientState
  /** Close code of the connection that was lost; 1006 where it broke without one. */
  readonly code?: number
  readonly reason?: string
  /** `waiting`: milliseconds to the next attempt. */
  readonly delay?: number
}

/** The part of the WebSocket interface that is used. The browser's and that of `ws` fit. */
export interface WebSocketLike {
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send (data: Frame): void
  close (code?: number, reason?: string): void
}

/** A constructor of WebSockets: the global one, or that of `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** Options of the connection. Times are in milliseconds. */
export interface LinkOptions {
  /**
   * Where to connect: `wss://app.example.com/rooms/lobby`, or of the page's own site `/rooms/lobby`. A function is
   * asked before each attempt. `urlOf` fills in params and a query.
   */
  readonly url: AddressSource
  /**
   * Asked before each attempt. What it returns is offered as the subprotocol `bearer.<token>`; a function that only
   * renews a cookie returns nothing. `refused`: the server has just closed 4401, what was offered is of no use. Before
   * a token ends the next one is asked for, and takes its place over the open connection.
   */
  readonly auth?: AuthSource
  /** `cf-` and 16 hex digits of the contract that this client was built for. Another one on the server: `stale`. */
  readonly fingerprint?: string
  /** Overrides the table of close codes: may the client connect again? `undefined` leaves it to the table. */
  readonly retry?: (code: number, reason: string) => boolean | undefined
  /** The first wait is up to `backoff`, doubled with each failure. Default 500. */
  readonly backoff?: number
  /** The longest wait is up to this. Default 20000. */
  readonly maxBackoff?: number
  /** Silence after which the client asks if anybody is there; two fifths of it later it gives up. Default 25000. */
  readonly beat?: number
  /** What a call or an attempt to connect may take, waiting included. Default 15000. */
  readonly timeout?: number
  /** Where there is no global one (Node.js 20): `import { WebSocket } from 'ws'`. */
  readonly WebSocket?: WebSocketConstructor
}

/** One connection, made anew as long as that makes sense. */
export interface Link {
  state: ClientState
  /** The least wait before the next attempt, as the server asked for it. */
  retryAfter: number
  readonly send: (frame: Frame) => void
  readonly connect: () => void
  readonly close: (code?: number, reason?: string) => void
}

/** What is read of a close event. */
interface Lost { readonly code?: number, readonly reason?: string }

/** What browsers and workers have, and Node.js 22 the first of it. */
interface Surroundings {
  readonly WebSocket?: WebSocketConstructor
  readonly location?: { readonly href: string }
  addEventListener? (type: string, listener: () => void, options: AbortController): void
}

/**
 * Tells the events of `ClientEvents` by `emit`. `ping` is the frame that asks whether anybody is there; `onFrame` says
 * whether a frame does not admit us.
 */
export function createLink (
  options: LinkOptions,
  ping: Frame,
  emit: Emitter['emit'],
  onFrame: (data: unknown) => unknown
): Link {
  const {
    auth, url, fingerprint, retry, backoff = 500, maxBackoff = 20_000, beat = 25_000, timeout = 15_000,
    WebSocket = (globalThis as Surroundings).WebSocket, ...rest
  } = options
  refuseRest(rest)
  let socket: WebSocketLike | null
  // Only one timer is ever needed: the handshake's, the heartbeat's or the back-off's.
  let timer: ReturnType<typeof setTimeout> | undefined
  let watching: AbortController | null
  // What comes late for an earlier turn is of no interest any more.
  let turn = 0
  let failures = 0
  let renewals = 0
  let provenAt = 0
  let notBefore = 0

  const after = (delay: number, what: () => unknown): void => {
    clearTimeout(timer)
    timer = setTimeout(what, delay)
  }

  const move = (state: ClientState, more?: Omit<StateChange, 'state'>): StateChange => {
    const change = { state: link.state = state, ...more }
    emit('state', change)
    return change
  }

  /** Forgets the socket without waiting for its end: on a dead path the closing handshake takes minutes. */
  const drop = (code?: number, reason?: string): void => {
    turn++
    clearTimeout(timer)
    socket?.close(code, reason)
    socket = null
  }

  const dial = async (refused?: unknown): Promise<void> => {
    drop()
    const own = turn
    const current = <A extends unknown[]> (handle: (...args: A) => void) => (...args: A) => {
      if (own === turn) handle(...args)
    }
    after(timeout, lost)
    move('connecting')
    try {
      const token = await auth?.({ refused: !!refused })
      // Throws where it is undefined, which would be an address of the page's site.
      const target = await ((url as Partial<CallableFunction>).call ? (url as () => Address)() : url as Address)
      if (own !== turn) return
      // Where there is none the error says so: this is its name.
      socket = new WebSocket!(
        new URL(target, (globalThis as Surroundings).location?.href).href.replace(/^http/, 'ws'),
        ['wsg.v1' satisfies typeof SUBPROTOCOL, fingerprint, token && (auth!.prefix ?? 'bearer.') + token]
          .filter(Boolean) as string[]
      )
      socket.binaryType = 'arraybuffer'
      socket.onopen = current(() => {
        provenAt = Date.now() + 5000
        // A server that refuses says so in the same breath (docs/protocol.md section 2): 20 ms of silence admit us.
        after(20, heard)
      })
      // Asked again after it: a listener may have closed.
      socket.onmessage = current((event: { readonly data: unknown }) => current(heard)(onFrame(event.data)))
      socket.onclose = current(lost)
      // `close` follows. Without a listener `ws` would throw.
      socket.onerror = () => {}
    } catch (cause) {
      current(emit)('error', new ClientError('connect_failed', { cause }))
      // A listener may have closed.
      current<[]>(lost)()
    }
  }

  const heard = (isRefused?: unknown): void => {
    // Armed by what arrives and not by the timer before it: a hidden tab's timers are held back.
    after(beat, () => probe(beat * 0.4))
    if (!(isRefused || link.state === 'open')) move('open')
  }

  const probe = (wait: number, isLast?: boolean): void => {
    socket?.send(ping)
    // A timer that is 3 s late means that the machine slept.
    const due = Date.now() + wait + 3000
    // Asleep, nobody could hear the answer: ask once more.
    after(wait, () => !isLast && Date.now() > due ? probe(3000, true) : lost())
  }

  const lost = ({ code = 1006, reason = '' }: Lost = {}): void => {
    // What lasted 5 s was a success: the next wait is the first again.
    if (link.state === 'open' && Date.now() >= provenAt) failures = renewals = 0
    drop()
    const renew = code === 4401 && auth && !renewals++
    // The rule behind the table of close codes, small enough for a page, and for codes that the table lacks: of a
    // proxy, of an application, of a later version. A pattern makes a text of the number by itself (ECMA-262).
    if (
      !url || !WebSocket ||
      !(retry?.(code, reason) ?? (renew || !/^(100[23789]|1010|44(?!08|29))/.test(code as never)))
    ) {
      return end(code, reason)
    }
    // Full jitter above a floor of a quarter, so that no luck of the dice makes a storm.
    const delay = renew
      ? 0
      : link.retryAfter + Math.min(maxBackoff, backoff * 2 ** failures++) * (1 + 3 * Math.random()) / 4
    // A wait is not cut short before a second.
    notBefore = Date.now() + (link.retryAfter || 1000)
    link.retryAfter = 0
    after(delay, () => dial(renew))
    move('waiting', { code, reason, delay })
  }

  // The network is back, the tab was shown (or hidden, which does no harm): what is true of the connection now?
  const wake = (): void => {
    if (link.state === 'open') probe(3000)
    if (link.state === 'waiting') after(notBefore - Date.now(), dial)
  }

  const end = (code: number, reason?: string): void => {
    drop(code, reason)
    watching?.abort()
    watching = null
    const change = move('closed', { code, reason })
    if (code === 4401) emit('unauthenticated', change)
    if (code === 4426) emit('stale', change)
    emit('closed', change)
  }

  const link: Link = {
    state: 'idle',
    retryAfter: 0,
    send: frame => socket?.send(frame),
    connect () {
      if (!watching) {
        failures = renewals = 0
        // As the options of a listener it is the signal that removes it.
        watching = new AbortController()
        for (const event of ['online', 'visibilitychange']) {
          (globalThis as Surroundings).addEventListener?.(event, wake, watching)
        }
        void dial()
      }
    },
    close (code = 1000, reason?: string) {
      if (link.state !== 'closed') end(code, reason)
    },
  }
  return link
}
