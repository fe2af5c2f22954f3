import type { EventName, Events } from '../events/events.js'
import type {
  ClosedEvent, EventPayloads, HandlerFailedEvent, MessageRefusedEvent, SocketEvent,
} from '../../types/events.js'
import type { SafeLog } from '../log/log-safe.js'
import { logThrown } from '../log/log-thrown.js'
import { Repeats } from '../log/repeats.js'
import { placeOf } from './place-of.js'

/** A logger of pino's shape. */
export interface SocketLogger extends SafeLog {
  debug (record: object, message: string): void
}

interface Line<E> {
  readonly event: string
  readonly level: keyof SafeLog
  readonly message: string
  /** Who is to blame: a client, whose address then tells kinds apart, or the application. */
  readonly blame: 'peer' | 'application'
  /** What all of them have in common that is a word of the application or of ours, beside the route. */
  readonly common: (event: E) => object
  /** What else tells one kind from another. */
  readonly apart?: (event: E) => object
}

type Logged = Exclude<EventName,
  | 'opened' | 'closed' | 'refused' | 'refreshed' | 'join:refused' | 'message:handled' | 'drained'
  | 'store:unavailable' | 'store:available' | 'rate:unavailable'>

/** How each event is logged; docs/events.md has the table. */
const LINES: { readonly [N in Logged]: Line<EventPayloads[N]> } = {
  'message:refused': {
    event: 'ws.message.refused',
    level: 'info',
    message: 'a WebSocket message was refused',
    blame: 'peer',
    common: ({ code }) => ({ code }),
    // Over the rate most have no type, because they were not read: all of them are one flood.
    apart: ({ code, type, detail }) =>
      ({ ...(code === 'rate_limited' ? {} : { type }), ...(detail === undefined ? {} : { advice: detail }) }),
  },
  'handler:failed': {
    event: 'ws.handler.error',
    level: 'error',
    message: 'a WebSocket handler failed',
    blame: 'application',
    common: ({ type }) => ({ type }),
    apart: ({ error }) => ({ error: placeOf(error) }),
  },
  'handler:timeout': {
    event: 'ws.handler.timeout',
    level: 'warn',
    message: 'a WebSocket handler overran its deadline',
    blame: 'application',
    common: ({ type }) => ({ type }),
  },
  slow: {
    event: 'ws.socket.slow',
    level: 'info',
    message: 'a WebSocket client reads too slowly',
    blame: 'peer',
    common: () => ({}),
  },
  dropped: {
    event: 'ws.message.dropped',
    level: 'info',
    message: 'a WebSocket client missed messages',
    blame: 'peer',
    common: ({ type }) => ({ type }),
  },
  'protocol:violated': {
    event: 'ws.proto.violation',
    level: 'warn',
    message: 'a WebSocket client broke the protocol',
    blame: 'peer',
    common: ({ code }) => ({ code }),
  },
}

/** Closes that are somebody's fault or loss. */
const WARNED = new Set<ClosedEvent['cause']>(['policy', 'heartbeat', 'evicted'])
/** Those that one client can cause as often as it likes: like others of their kind they are counted. */
const COUNTED = new Set<ClosedEvent['cause']>([...WARNED, 'protocol'])
/** These it can cause as well, but that is what sockets end with: some of an address have a line each. */
const USUAL = new Set<ClosedEvent['cause']>(['peer', 'network', 'application'])
/** Lines that they may have in 10 s, of one address and route. */
const USUAL_LINES = 10

/** What is counted, each so that the others can't take its place. */
interface Counted {
  /** What a client is to blame for. */
  readonly ofPeers: Repeats
  readonly ofApplication: Repeats
  readonly usualCloses: Repeats
}

/** The key that an address is counted by. */
export type PeerOf = (ip: string) => string

/** Listens to a plugin's events and writes the log lines. What is returned ends it. */
export function logSockets (events: Events, log: SocketLogger, peerOf: PeerOf): () => void {
  const summary = (kind: string, count: number): void => {
    const { level, message, ...common } = JSON.parse(kind) as Kind
    log[level]({ ...common, count }, `${message}, repeated`)
  }
  const counted: Counted = {
    ofPeers: new Repeats(summary),
    ofApplication: new Repeats(summary),
    usualCloses: new Repeats(summary, USUAL_LINES),
  }
  const ends = [
    ...listenToSockets(events, log, counted, peerOf),
    ...listenToStores(events, log, counted),
    ...(Object.keys(LINES) as Logged[]).map(name => listenByTable(name, events, log, counted, peerOf)),
  ]
  return () => {
    for (const end of ends) end()
    for (const repeats of Object.values(counted) as Repeats[]) repeats.stop()
  }
}

type Ends = (() => void)[]

function listenToSockets (events: Events, log: SocketLogger, counted: Counted, peerOf: PeerOf): Ends {
  const isTold = ({ ip, route, code, cause }: ClosedEvent, level: keyof SafeLog, message: string): boolean => {
    const isUsual = USUAL.has(cause)
    if (!isUsual && !COUNTED.has(cause)) return true
    const common = { event: 'ws.socket.closed', route, cause }
    const peer = peerOf(ip)
    // The code of a usual one is what the client likes.
    const kind = { ...common, ip: peer, ...(isUsual ? {} : { code }) }
    return (isUsual ? counted.usualCloses : counted.ofPeers)
      .isFirst(kindOf(level, message, kind), kindOf(level, message, common), peer)
  }
  return [
    // Field by field, these two: each socket comes by here, and leaving one field out of a copy costs ten times as
    // much.
    events.listen('opened', ({ connId, reqId, identity, ip, route, fingerprint }) => {
      const event = 'ws.socket.opened'
      log.debug({ event, connId, reqId, identity, ip, route, fingerprint }, 'a WebSocket was opened')
    }),
    events.listen('closed', closed => {
      const { connId, reqId, identity, ip, route, code, reason, cause, duration } = closed
      const event = 'ws.socket.closed'
      const level = WARNED.has(cause) ? 'warn' : 'info'
      const message = 'a WebSocket was closed'
      if (!isTold(closed, level, message)) return
      log[level]({ event, connId, reqId, identity, ip, route, code, reason, cause, duration }, message)
    }),
    events.listen('refreshed', ({ app, ...event }) => {
      log.debug({ ...event, event: 'ws.identity.refreshed' }, 'the identity of a WebSocket was replaced')
    }),
    events.listen('join:refused', ({ app, ...event }) => {
      log.debug({ ...event, event: 'ws.join.refused' }, 'mayJoin kept a WebSocket out of a group')
    }),
    events.listen('drained', ({ app, ...event }) => {
      if (event.sockets === 0) return
      log[event.cut > 0 ? 'warn' : 'info']({ event: 'ws.drained', ...event }, 'all WebSockets were closed')
    }),
  ]
}

function listenToStores (events: Events, log: SocketLogger, { ofApplication }: Counted): Ends {
  const isFirst = (level: keyof SafeLog, message: string, event: string): boolean => {
    const kind = kindOf(level, message, { event })
    return ofApplication.isFirst(kind, kind)
  }
  return [
    events.listen('store:unavailable', ({ app, error, ...event }) => {
      const record = { event: 'ws.store.unavailable', ...event }
      const message = 'a session store does not answer; its sessions live on for a while'
      if (isFirst('error', message, record.event)) logThrown(log, 'error', record, error, message)
    }),
    events.listen('store:available', ({ app, ...event }) => {
      const record = { event: 'ws.store.available', ...event }
      const message = 'the session store answers again'
      if (isFirst('info', message, record.event)) log.info(record, message)
    }),
    // Published as seldom as it is to be logged.
    events.listen('rate:unavailable', ({ app, error, ...event }) => {
      const record = { event: 'ws.backend.unavailable', ...event }
      if (error === undefined) log.error(record, 'an upgrade rate store did not answer')
      else logThrown(log, 'error', record, error, 'an upgrade rate store failed')
    }),
  ]
}

function listenByTable<N extends Logged> (
  name: N, events: Events, log: SocketLogger, { ofPeers, ofApplication }: Counted, peerOf: PeerOf
): () => void {
  const { level, message, event: line, blame, common, apart }: Line<EventPayloads[N]> = LINES[name]
  return events.listen(name, event => {
    const peer = blame === 'peer' ? peerOf(event.ip) : undefined
    const rest = { event: line, route: event.route, ...common(event) }
    const kind = { ...rest, ip: peer, ...apart?.(event) }
    const repeats = blame === 'peer' ? ofPeers : ofApplication
    if (!repeats.isFirst(kindOf(level, message, kind), kindOf(level, message, rest), peer)) return
    const { app, error, detail, ...fields } = event as SocketEvent & Partial<HandlerFailedEvent & MessageRefusedEvent>
    const record = { ...fields, event: line, ...(detail === undefined ? {} : { advice: detail }) }
    if (error === undefined && !('error' in event)) log[level](record, message)
    else logThrown(log, level, record, error, message)
  })
}

interface Kind {
  readonly event: string
  readonly level: keyof SafeLog
  readonly message: string
}

function kindOf (level: keyof SafeLog, message: string, common: object): string {
  return JSON.stringify({ level, message, ...common })
}
