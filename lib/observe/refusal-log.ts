import type { RefusedEvent } from '../../types/gate.js'
import type { Events } from '../events/events.js'
import { logThrown, type SafeLog } from '../log/log-safe.js'
import { Repeats } from '../log/repeats.js'

type Kind = Pick<RefusedEvent, 'level' | 'event' | 'code'> & { readonly ip?: string, readonly advice?: string }

/**
 * Listens to refusals of handshakes and writes the log lines: the first of a kind at once, its repeats as a count. What
 * is returned ends it.
 */
export function logRefusals (events: Events, log: SafeLog): () => void {
  const repeats = new Repeats((kind, count) => {
    const { level, ...common } = JSON.parse(kind) as Kind
    log[level]({ ...common, count }, 'WebSocket handshakes refused, repeated')
  })
  const end = events.listen('refused', refused => {
    const { event, level, code, statusCode, reqId, route, ip, identity, value, error, detail: advice } = refused
    // Where there are too many addresses, a code has one line. Who develops wants each reason.
    const rest = { level, event, code }
    if (!repeats.isFirst(JSON.stringify({ ...rest, ip, advice }), JSON.stringify(rest))) return
    // What is turned away before Fastify sees it has no request yet.
    const record = { event, code, statusCode, reqId: reqId || undefined, route, ip, identity, value, count: 1, advice }
    const message = 'WebSocket handshake refused'
    if ('error' in refused) logThrown(log, level, record, error, message)
    else log[level](record, message)
  })
  return () => {
    end()
    repeats.stop()
  }
}
