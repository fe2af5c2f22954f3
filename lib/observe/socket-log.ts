import type { EventName, Events } from '../events/events.js'
import type {
  ClosedEvent, EventPayloads, HandlerFailedEvent, MessageRefusedEvent, SocketEvent,
} from '../../types/events.js'
import { readThrown } from '../callbacks/read-thrown.js'
import { escapeForLog, logThrown } from '../log/log-safe.js'
import type { SafeLog } from '../log/log-safe.js'
import { Repeats } from '../log/repeats.js'

/** A logger of pino's shape. */
export interface SocketLogger extends SafeLog {
  debug (record: object, message: string): void
}

interface Line<E> {
  readonly event: string
  readonly level: keyof SafeLog
  readonly message: string
  /** What the first line of a kind and its repeats have in common, beside the route. */
  readonly kind: (event: E) => object
}

type Logged = Exclude<EventName,
  | 'opened' | 'closed' | 'refused' | 'refreshed' | 'join:refused' | 'message:handled' | 'drained'
  | 'store:unavailable' | 'store:available'>

/** How each event is logged; docs/events.md has the table. */
const LINES: { readonly [N in Logged]: Line<EventPayloads[N]> } = {
  'message:refused': {
    event: 'ws.message.refused',
    level: 'info',
    message: 'a WebSocket message was refused',
    // Over the rate most have no type, because they were not read: all of them are one flood.
    kind: ({ ip, code, type, detail }) =>
      ({ ip, code, ...(code === 'rate_limited' ? {} : { type }), ...(detail === undefined ? {} : { advice: detail }) }),
  },
  'handler:failed': {
    event: 'ws.handler.error',
    level: 'error',
    message: 'a WebSocket handler failed',
    kind: ({ type, error }) => ({ type, error: placeOf(error) }),
  },
  'handler:timeout': {
    event: 'ws.handler.timeout',
    level: 'warn',
    message: 'a WebSocket handler overran its deadline',
    kind: ({ type }) => ({ type }),
  },
  slow: {
    event: 'ws.socket.slow',
    level: 'info',
    message: 'a WebSocket client reads too slowly',
    kind: ({ ip }) => ({ ip }),
  },
  dropped: {
    event: 'ws.message.dropped',
    level: 'info',
    message: 'a WebSocket client missed messages',
    kind: ({ ip, type }) => ({ ip, type }),
  },
  'protocol:violated': {
    event: 'ws.proto.violation',
    level: 'warn',
    message: 'a WebSocket client broke the protocol',
    kind: ({ ip, code }) => ({ ip, code }),
  },
}

/** Closes that are somebody's fault or loss. */
const WARNED = new Set<ClosedEvent['cause']>(['policy', 'heartbeat', 'evicted'])
/** Those that one client can cause as often as it likes: like others of their kind they are counted. */
const COUNTED = new Set<ClosedEvent['cause']>([...WARNED, 'protocol'])

/** Listens to a plugin's events and writes the log lines. What is returned ends it. */
export function logSockets (events: Events, log: SocketLogger): () => void {
  const repeats = new Repeats((kind, count) => {
    const { level, message, ...common } = kind === '' ? REST : JSON.parse(kind) as Kind
    log[level]({ ...common, count }, `${message}, repeated`)
  })
  const ends = [
    ...listenToSockets(events, log, repeats),
    ...listenToStores(events, log, repeats),
    ...(Object.keys(LINES) as Logged[]).map(name => listenByTable(name, events, log, repeats)),
  ]
  return () => {
    for (const end of ends) end()
    repeats.stop()
  }
}

type Ends = (() => void)[]

function listenToSockets (events: Events, log: SocketLogger, repeats: Repeats): Ends {
  return [
    // Field by field, these two: each socket comes by here, and leaving one field out of a copy costs ten times as
    // much.
    events.listen('opened', ({ connId, reqId, identity, ip, route, fingerprint }) => {
      const event = 'ws.socket.opened'
      log.debug({ event, connId, reqId, identity, ip, route, fingerprint }, 'a WebSocket was opened')
    }),
    events.listen('closed', ({ connId, reqId, identity, ip, route, code, reason, cause, duration }) => {
      const event = 'ws.socket.closed'
      const level = WARNED.has(cause) ? 'warn' : 'info'
      const message = 'a WebSocket was closed'
      if (COUNTED.has(cause) && !repeats.isFirst(kindOf(level, message, { event, ip, route, code, cause }))) return
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

function listenToStores (events: Events, log: SocketLogger, repeats: Repeats): Ends {
  return [
    events.listen('store:unavailable', ({ app, error, ...event }) => {
      const record = { event: 'ws.store.unavailable', ...event }
      const message = 'a session store does not answer; its sessions live on for a while'
      if (!repeats.isFirst(kindOf('error', message, { event: record.event }))) return
      logThrown(log, 'error', record, error, message)
    }),
    events.listen('store:available', ({ app, ...event }) => {
      const record = { event: 'ws.store.available', ...event }
      const message = 'the session store answers again'
      if (repeats.isFirst(kindOf('info', message, { event: record.event }))) log.info(record, message)
    }),
  ]
}

function listenByTable<N extends Logged> (name: N, events: Events, log: SocketLogger, repeats: Repeats): () => void {
  const { level, message, event: line, kind }: Line<EventPayloads[N]> = LINES[name]
  return events.listen(name, event => {
    if (!repeats.isFirst(kindOf(level, message, { event: line, route: event.route, ...kind(event) }))) return
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

/** What is said of kinds beyond those that are told apart. */
const REST: Kind = { event: 'ws.repeated', level: 'warn', message: 'further WebSocket events' }

function kindOf (level: keyof SafeLog, message: string, common: object): string {
  return JSON.stringify({ level, message, ...common })
}

/** What was thrown, and where: not its message, in which may be what a client has sent. */
function placeOf (thrown: unknown): string {
  return readThrown(() => {
    if (!(thrown instanceof Error)) return typeof thrown
    const { name, message, stack = '' } = thrown
    const said = message === '' ? name : `${name}: ${message}`
    const place = stack.startsWith(`${said}\n`) ? stack.slice(said.length + 1).split('\n', 1)[0] ?? '' : ''
    return escapeForLog(`${name} ${place.trim()}`.trimEnd())
  }, 'unreadable')
}
