import type { FastifyError } from '@fastify/error'
import type { Refusal, RefusalCode } from '../../types/gate.js'
import * as errors from '../errors/coded.js'

/** What all refusals of one code have in common. */
export interface RefusalKind {
  /** A fresh coded error, to be thrown in a Fastify hook. Its message is generic. */
  readonly error: () => FastifyError
  readonly statusCode: number
  readonly message: string
  readonly event: string
  /** Of the log line: `warn` for what an attack looks like, `info` for what a mistaken client does. */
  readonly level: 'warn' | 'info'
}

const kind = (Make: new () => FastifyError, event: string, level: RefusalKind['level'] = 'warn'): RefusalKind => {
  const { statusCode = 500, message } = new Make()
  return { error: () => new Make(), statusCode, message, event, level }
}

/** One row per code: its error, its event in the log, its level. */
export const REFUSALS: { readonly [C in RefusalCode]: RefusalKind } = {
  WSG_ERR_HANDSHAKE_MALFORMED: kind(errors.WSG_ERR_HANDSHAKE_MALFORMED, 'ws.handshake.malformed'),
  WSG_ERR_HANDSHAKE_METHOD: kind(errors.WSG_ERR_HANDSHAKE_METHOD, 'ws.handshake.malformed'),
  WSG_ERR_HANDSHAKE_VERSION: kind(errors.WSG_ERR_HANDSHAKE_VERSION, 'ws.handshake.malformed', 'info'),
  WSG_ERR_HANDSHAKE_TIMEOUT: kind(errors.WSG_ERR_HANDSHAKE_TIMEOUT, 'ws.handshake.timeout'),
  WSG_ERR_UPGRADE_REQUIRED: kind(errors.WSG_ERR_UPGRADE_REQUIRED, 'ws.upgrade.required', 'info'),
  WSG_ERR_ROUTE_NOT_FOUND: kind(errors.WSG_ERR_ROUTE_NOT_FOUND, 'ws.route.not_found', 'info'),
  WSG_ERR_TLS_REQUIRED: kind(errors.WSG_ERR_TLS_REQUIRED, 'ws.tls.required'),
  WSG_ERR_HOST_MALFORMED: kind(errors.WSG_ERR_HOST_MALFORMED, 'ws.host.rejected'),
  WSG_ERR_HOST_NOT_ALLOWED: kind(errors.WSG_ERR_HOST_NOT_ALLOWED, 'ws.host.rejected'),
  WSG_ERR_ORIGIN_NOT_ALLOWED: kind(errors.WSG_ERR_ORIGIN_NOT_ALLOWED, 'ws.origin.rejected'),
  WSG_ERR_ORIGIN_MISSING: kind(errors.WSG_ERR_ORIGIN_MISSING, 'ws.origin.rejected'),
  WSG_ERR_ORIGIN_NULL: kind(errors.WSG_ERR_ORIGIN_NULL, 'ws.origin.rejected'),
  WSG_ERR_SUBPROTOCOL: kind(errors.WSG_ERR_SUBPROTOCOL, 'ws.subprotocol.rejected', 'info'),
  WSG_ERR_CONTRACT_MISMATCH: kind(errors.WSG_ERR_CONTRACT_MISMATCH, 'ws.contract.mismatch', 'info'),
  WSG_ERR_CONNECTIONS_PER_ADDRESS: kind(errors.WSG_ERR_CONNECTIONS_PER_ADDRESS, 'ws.conn.cap'),
  WSG_ERR_CONNECTIONS_TOTAL: kind(errors.WSG_ERR_CONNECTIONS_TOTAL, 'ws.conn.cap'),
  WSG_ERR_CONNECTIONS_PENDING: kind(errors.WSG_ERR_CONNECTIONS_PENDING, 'ws.conn.cap'),
  WSG_ERR_CONNECTIONS_PER_IDENTITY: kind(errors.WSG_ERR_CONNECTIONS_PER_IDENTITY, 'ws.conn.cap'),
  WSG_ERR_UPGRADE_RATE: kind(errors.WSG_ERR_UPGRADE_RATE, 'ws.rate.exceeded'),
  WSG_ERR_UNAUTHENTICATED: kind(errors.WSG_ERR_UNAUTHENTICATED, 'ws.auth.rejected'),
  WSG_ERR_AUTH_TIMEOUT: kind(errors.WSG_ERR_AUTH_TIMEOUT, 'ws.auth.timeout'),
  WSG_ERR_AUTH_UNAVAILABLE: kind(errors.WSG_ERR_AUTH_UNAVAILABLE, 'ws.backend.unavailable'),
  WSG_ERR_FORBIDDEN: kind(errors.WSG_ERR_FORBIDDEN, 'ws.authz.rejected'),
  WSG_ERR_PARAMS_INVALID: kind(errors.WSG_ERR_PARAMS_INVALID, 'ws.params.invalid', 'info'),
  WSG_ERR_TICKET_REQUEST: kind(errors.WSG_ERR_TICKET_REQUEST, 'ws.ticket.rejected', 'info'),
  WSG_ERR_TICKETS_WAITING: kind(errors.WSG_ERR_TICKETS_WAITING, 'ws.ticket.rejected'),
  WSG_ERR_DRAINING: kind(errors.WSG_ERR_DRAINING, 'ws.draining', 'info'),
  WSG_ERR_HOOK_FAILED: kind(errors.WSG_ERR_HOOK_FAILED, 'ws.hook.failed'),
  WSG_ERR_HOOK_REFUSED: kind(errors.WSG_ERR_HOOK_REFUSED, 'ws.hook.refused', 'info'),
  WSG_ERR_NOT_ADMITTED: kind(errors.WSG_ERR_NOT_ADMITTED, 'ws.not_admitted'),
}

/** The status that a refusal is answered with: its own, as a hook has set it, or that of its code. */
export const statusOf = ({ code, statusCode }: Refusal): number => statusCode ?? REFUSALS[code].statusCode
