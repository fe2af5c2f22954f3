import { IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BootLog } from '../log/boot-warning.js'
import { warnChanged } from './changed.js'

/**
 * True when a request before this one still waits for its answer on the same connection (pipelining). Node keeps the
 * response that a socket is written by in `_httpMessage`, and hands the socket over without a word about it.
 */
export function hasOpenAnswer (socket: Duplex): boolean {
  const { _httpMessage: response } = socket as { _httpMessage?: object | null }
  return response !== undefined && response !== null
}

/** Warns where this version of Node keeps a socket's response elsewhere. */
export function checkOpenAnswer (log: BootLog): void {
  const socket = new Socket()
  const response = new ServerResponse(new IncomingMessage(socket))
  response.assignSocket(socket)
  if (!hasOpenAnswer(socket)) {
    warnChanged(log, 'http-server', 'an upgrade behind a request that is not answered yet is answered itself')
  }
  response.detachSocket(socket)
  socket.destroy()
}

/** `server.shouldUpgradeCallback` of Node 22.21, 24.9 and later. */
interface UpgradeDecider {
  shouldUpgradeCallback?: (request: { readonly headers: { readonly upgrade?: string } }) => boolean
}

/**
 * Lets Node serve a request that offers `Upgrade: h2c` as the plain HTTP/1.1 it also is (RFC 9110 section 7.8). Returns
 * false where Node can't (before 22.21, and in 24 before 24.9): there it makes an upgrade of every such request.
 */
export function declineH2c (server: Server): boolean {
  const decider = server as UpgradeDecider
  const { shouldUpgradeCallback } = decider
  if (typeof shouldUpgradeCallback !== 'function') return false
  decider.shouldUpgradeCallback = function (request) {
    return !/^\s*h2c\s*$/i.test(request.headers.upgrade ?? '') && shouldUpgradeCallback.call(this, request)
  }
  return true
}
