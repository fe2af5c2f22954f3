import type { RefusalCode, RefusedEvent } from '../../types/gate.js'
import type { Events } from '../events/events.js'
import type { SafeLog } from '../log/log-safe.js'
import { logThrown } from '../log/log-thrown.js'
import { Repeats } from '../log/repeats.js'
import { placeOf } from './place-of.js'
import type { PeerOf } from './socket-log.js'

type Kind = Pick<RefusedEvent, 'level' | 'event' | 'code' | 'route'> & {
  readonly ip?: string
  readonly advice?: string
  readonly error?: string
}

/** The application is to blame, or what it asks. */
const OF_APPLICATION = new Set<RefusalCode>(['WSG_ERR_AUTH_UNAVAILABLE', 'WSG_ERR_HOOK_FAILED'])

/**
 * Listens to refusals of handshakes and writes the log lines: the first of a kind at once, its repeats as a count. What
 * is returned ends it.
 */
export function logRefusals (events: Events, log: SafeLog, peerOf: PeerOf): () => void {
  const summary = (kind: string, count: number): void => {
    const { level, ...common } = JSON.parse(kind) as Kind
    log[level]({ ...common, count }, 'WebSocket handshakes refused, repeated')
  }
  // Clients can't take the place of what the application did wrong.
  const ofPeers = new Repeats(summary)
  const ofApplication = new Repeats(summary)
  const end = events.listen('refused', refused => {
    const { event, level, code, statusCode, reqId, route, ip, identity, value, error, detail: advice } = refused
    const isOurs = OF_APPLICATION.has(code)
    const peer = isOurs ? undefined : peerOf(ip ?? '')
    const rest: Kind = { level, event, code, route }
    // Who develops wants each reason.
    const apart = isOurs ? { error: placeOf(error) } : { ip: ip === undefined ? undefined : peer }
    const kind = { ...rest, ...apart, advice }
    if (!(isOurs ? ofApplication : ofPeers).isFirst(JSON.stringify(kind), JSON.stringify(rest), peer)) return
    // What is turned away before Fastify sees it has no request yet.
    const record = { event, code, statusCode, reqId: reqId || undefined, route, ip, identity, value, count: 1, advice }
    const message = 'WebSocket handshake refused'
    if ('error' in refused) logThrown(log, level, record, error, message)
    else log[level](record, message)
  })
  return () => {
    end()
    ofPeers.stop()
    ofApplication.stop()
  }
}
