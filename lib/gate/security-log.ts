import type { FastifyRequest } from 'fastify'
import type { RefusalCode, RefusedEvent } from '../../types/gate.js'
import { escapeForLog, logThrown } from '../log/log-safe.js'
import type { SafeLog } from '../log/log-safe.js'
import { Repeats } from '../log/repeats.js'
import type { Events } from '../events/events.js'
import { clientAddress } from './client-address.js'
import { REFUSALS } from './refusals.js'

/**
 * What a log line says of an upgrade request: Fastify's own fields, with the query string left out, because browsers
 * can pass a token nowhere else.
 */
export function serializeUpgrade (request: FastifyRequest): Record<string, unknown> {
  const url = request.url ?? ''
  const query = url.search(/[?#;]/)
  const address = clientAddress(request) ?? request.raw?.socket?.remoteAddress
  return {
    method: request.method,
    url: escapeForLog(query === -1 ? url : `${url.slice(0, query + 1)}[redacted]`),
    host: typeof request.host === 'string' ? escapeForLog(request.host) : undefined,
    // Behind a proxy the peer is the proxy. What that passes on may be what its client wrote.
    remoteAddress: address === undefined ? undefined : escapeForLog(address),
    remotePort: request.raw?.socket?.remotePort,
  }
}

/** One refused handshake, before its value is escaped. `cause` stays in the log: it may name hosts and queries. */
export type SecurityEvent = Omit<RefusedEvent, 'event' | 'app'> & {
  readonly cause?: unknown
  /** In development: what to write so that it is admitted. */
  readonly advice?: string | undefined
}

/**
 * Where every refusal goes: one log line, repeats aggregated, and the event `refused`.
 */
export class SecurityLog {
  readonly #log: SafeLog
  readonly #events: Events
  readonly #repeats: Repeats

  constructor (log: SafeLog, events: Events) {
    this.#log = log
    this.#events = events
    this.#repeats = new Repeats((kind, count) => {
      const [who = '', advice] = kind.split('\n')
      const [code = '', ...ip] = who.split(' ')
      const { event, level } = REFUSALS[code as RefusalCode]
      const record = { event, code, ip: ip.length === 0 ? undefined : ip.join(' '), count, advice }
      log[level](record, 'WebSocket handshakes refused, repeated')
    })
  }

  /** Called once per refused handshake. The first of a kind is logged at once, its repeats by a counter every 10 s. */
  refused (refusal: SecurityEvent, log: SafeLog = this.#log): void {
    const { code, statusCode, reqId, route, identity, cause, advice } = refusal
    const { event, level } = REFUSALS[code]
    const value = refusal.value === undefined ? undefined : escapeForLog(refusal.value)
    // A proxy that is believed may still pass on what its client wrote.
    const ip = refusal.ip === undefined ? undefined : escapeForLog(refusal.ip)
    const { app } = this.#events
    this.#events.publish('refused', () => ({ app, event, code, statusCode, reqId, route, ip, identity, value }))

    // Where there are too many addresses, a code has one line. Who develops wants each reason.
    const who = ip === undefined ? code : `${code} ${ip}`
    if (!this.#repeats.isFirst(advice === undefined ? who : `${who}\n${advice}`, code)) return
    const record = { event, code, statusCode, route, ip, identity, value, count: 1, advice }
    if (cause === undefined) log[level](record, 'WebSocket handshake refused')
    else logThrown(log, level, record, cause, 'WebSocket handshake refused')
  }

  /** Logs how often each kind was repeated since its line, and forgets them. */
  flush (): void {
    this.#repeats.flush()
  }

  stop (): void {
    this.#repeats.stop()
  }
}
