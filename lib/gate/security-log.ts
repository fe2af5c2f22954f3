import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { RefusalCode, RefusedEvent } from '../../types/gate.js'
import { REFUSALS } from './refusals.js'

/** Longest piece of a peer's bytes that a log line repeats. */
const VALUE_LIMIT = 256
const WINDOW = 10_000
/** Distinct (code, address) pairs per window that get a line of their own; past that a code gets one line. */
const MAX_KEYS = 500

// pino escapes C0 controls but neither bidi overrides nor line separators, which reorder or split a line on a terminal.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]/g

/** Cuts a peer's value at 256 characters and escapes what could disturb a log reader. */
export function escapeForLog (value: string): string {
  const cut = value.length > VALUE_LIMIT ? `${value.slice(0, VALUE_LIMIT)}…` : value
  return cut.replace(UNSAFE, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * What a log line says of an upgrade request: Fastify's own fields, with the query string left out, because browsers
 * can pass a token nowhere else.
 */
export function serializeUpgrade (request: FastifyRequest): Record<string, unknown> {
  const url = request.url ?? ''
  const query = url.search(/[?#;]/)
  return {
    method: request.method,
    url: escapeForLog(query === -1 ? url : `${url.slice(0, query + 1)}[redacted]`),
    host: typeof request.host === 'string' ? escapeForLog(request.host) : undefined,
    remoteAddress: request.raw?.socket?.remoteAddress,
    remotePort: request.raw?.socket?.remotePort,
  }
}

/** Logs a record with what was thrown as its `err`, or without it where it can't be read. Never throws. */
export function logThrown (log: FastifyBaseLogger, level: 'error' | 'warn' | 'info', record: object, thrown: unknown, message: string): void {
  try {
    log[level]({ ...record, err: thrown }, message)
  } catch {
    // The log reads what was thrown, and a getter or a proxy may throw again.
    log[level](record, message)
  }
}

const refused = channel('fastify-ws-guard:refused')

/** One refused handshake, before its value is escaped. `cause` stays in the log: it may name hosts and queries. */
export type SecurityEvent = Omit<RefusedEvent, 'event' | 'value'> & { readonly value: string | undefined, readonly cause?: unknown }

interface Repeats {
  count: number
  readonly code: RefusalCode
}

/** Where every refusal goes: one log line, repeats aggregated, and the diagnostics channel `fastify-ws-guard:refused`. */
export class SecurityLog {
  readonly #log: FastifyBaseLogger
  readonly #repeats = new Map<string, Repeats>()
  readonly #timer: NodeJS.Timeout

  constructor (log: FastifyBaseLogger) {
    this.#log = log
    this.#timer = setInterval(() => { this.flush() }, WINDOW)
    this.#timer.unref()
  }

  /** Called once per refused handshake. The first of a kind is logged at once, its repeats by a counter every 10 s. */
  refused ({ cause, ...event }: SecurityEvent, log: FastifyBaseLogger = this.#log): void {
    const { event: name, level } = REFUSALS[event.code]
    const value = event.value === undefined ? undefined : escapeForLog(event.value)
    if (refused.hasSubscribers) refused.publish({ ...event, event: name, value } satisfies RefusedEvent)

    const own = `${event.code} ${event.ip ?? ''}`
    const key = this.#repeats.has(own) || this.#repeats.size < MAX_KEYS ? own : event.code
    const repeats = this.#repeats.get(key)
    if (repeats !== undefined) {
      repeats.count++
      return
    }
    this.#repeats.set(key, { count: 0, code: event.code })
    const { code, statusCode, route, ip } = event
    const record = { event: name, code, statusCode, route, ip, value, count: 1 }
    if (cause === undefined) log[level](record, 'WebSocket handshake refused')
    else logThrown(log, level, record, cause, 'WebSocket handshake refused')
  }

  /** Logs how often each kind was repeated since its line, and forgets them. */
  flush (): void {
    for (const [key, { count, code }] of this.#repeats) {
      if (count === 0) continue
      const ip = key.slice(code.length + 1)
      const { event, level } = REFUSALS[code]
      this.#log[level]({ event, code, ip: ip === '' ? undefined : ip, count }, 'WebSocket handshakes refused, repeated')
    }
    this.#repeats.clear()
  }

  stop (): void {
    clearInterval(this.#timer)
    this.flush()
  }
}
