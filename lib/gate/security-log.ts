import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { RefusalCode, RefusedEvent } from '../../types/gate.js'
import { escapeForLog, logThrown } from '../errors/log-safe.js'
import { REFUSALS } from './refusals.js'

const WINDOW = 10_000
/** Distinct (code, address) pairs per window that get a line of their own; past that a code gets one line. */
const MAX_KEYS = 500

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

const refused = channel('fastify-ws-guard:refused')

/** One refused handshake, before its value is escaped. `cause` stays in the log: it may name hosts and queries. */
export type SecurityEvent = Omit<RefusedEvent, 'event'> & { readonly cause?: unknown }

interface Repeats {
  count: number
  readonly code: RefusalCode
}

/**
 * Where every refusal goes: one log line, repeats aggregated, and the diagnostics channel `fastify-ws-guard:refused`.
 */
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
  refused ({ cause, ip: said, ...event }: SecurityEvent, log: FastifyBaseLogger = this.#log): void {
    const { event: name, level } = REFUSALS[event.code]
    const value = event.value === undefined ? undefined : escapeForLog(event.value)
    // A proxy that is believed may still pass on what its client wrote.
    const ip = said === undefined ? undefined : escapeForLog(said)
    if (refused.hasSubscribers) refused.publish({ ...event, event: name, ip, value } satisfies RefusedEvent)

    const own = `${event.code} ${ip ?? ''}`
    const key = this.#repeats.has(own) || this.#repeats.size < MAX_KEYS ? own : event.code
    const repeats = this.#repeats.get(key)
    if (repeats !== undefined) {
      repeats.count++
      return
    }
    this.#repeats.set(key, { count: 0, code: event.code })
    const { code, statusCode, route, identity } = event
    const record = { event: name, code, statusCode, route, ip, identity, value, count: 1 }
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
