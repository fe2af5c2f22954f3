import type { FastifyInstance } from 'fastify'
import { WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { warnChanged } from './changed.js'

const WEBSOCKET_PLUGIN = '@fastify/websocket'

/** Where Fastify keeps the names of the plugins that an instance and its parents have. */
const NAMES = Symbol.for('registered-plugin')

/**
 * From here on a further @fastify/websocket, in any scope, awaited or not, fails the boot with WSG_ERR_PLUGIN_ORDER;
 * with `expected` one more is let through first. That plugin would throw while it is called, which Fastify does not
 * catch: the process would end with FST_ERR_DEC_ALREADY_PRESENT and no word about why.
 */
export function refuseSecondServer (fastify: FastifyInstance, expected: boolean): void {
  // Fastify adds each plugin's name to this list, or to one that inherits from it, before it calls the plugin, and
  // takes a throw here for a failed registration. No public hook runs between the two: onRegister skips such plugins.
  const names = (fastify as unknown as Record<symbol, unknown>)[NAMES]
  // While it is called, our own name stands there already.
  if (!Array.isArray(names) || !names.includes('fastify-ws-guard')) {
    warnChanged(fastify.log, 'registered-plugins', 'registering @fastify/websocket twice ends the process without a ' +
      'coded error')
    return
  }
  let awaited = expected
  const push = function (this: string[], ...added: string[]): number {
    if (added.includes(WEBSOCKET_PLUGIN)) {
      if (!awaited) {
        throw new WSG_ERR_PLUGIN_ORDER('@fastify/websocket: expected one registration, got a second; ' +
          'fastify-ws-guard registers it unless it is there before: leave yours out, or give websocket: false and ' +
          'register it once yourself')
      }
      awaited = false
    }
    return Array.prototype.push.apply(this, added)
  }
  Object.defineProperty(names, 'push', { value: push, configurable: true, writable: true })
}
