import type { FastifyInstance } from 'fastify'
import { WSG_ERR_DEPENDENCY, WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { declaredRoutes } from './declared-routes.js'

/** Smallest versions without known holes that this plugin relies on being closed. */
export const FLOORS = { fastify: '5.8.5', node: ['20.20.2', '22.22.2'] } as const

function compare (a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('-', 1)[0]!.split('.').map(Number)) as [number[], number[]]
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Throws WSG_ERR_DEPENDENCY for a Fastify or a Node below its floor. */
export function checkVersions (fastify: string, node: string): void {
  if (compare(fastify, FLOORS.fastify) < 0) {
    throw new WSG_ERR_DEPENDENCY(`fastify: expected ${FLOORS.fastify} or later, got ${fastify} (CVE-2026-3635: forged X-Forwarded headers were believed)`)
  }
  const floor = FLOORS.node.find(version => version.split('.', 1)[0] === node.split('.', 1)[0]) ?? FLOORS.node[1]
  if (compare(node, floor) < 0) {
    throw new WSG_ERR_DEPENDENCY(`node: expected ${FLOORS.node.join(' or ')} or later, got ${node} (CVE-2025-59466, CVE-2026-21710, CVE-2026-21717)`)
  }
}

/** Throws WSG_ERR_PLUGIN_ORDER unless `fastify` is the root instance, unguarded so far. */
export function checkScope (fastify: FastifyInstance): void {
  // Children are made by Object.create; only the root owns its server. A guard of a child scope would leave every
  // upgrade that is routed outside of it unguarded, and its sockets open for ever.
  if (!Object.hasOwn(fastify, 'server')) {
    throw new WSG_ERR_PLUGIN_ORDER('fastify-ws-guard: expected to be registered on the root instance, got an encapsulated scope; routes of every scope are guarded from there')
  }
  if (fastify.hasDecorator('wsGuard')) {
    throw new WSG_ERR_PLUGIN_ORDER('fastify-ws-guard: expected one registration, got a second')
  }
}

const WEBSOCKET_PLUGIN = '@fastify/websocket'

/**
 * From here on a further @fastify/websocket, in any scope, awaited or not, fails the boot with WSG_ERR_PLUGIN_ORDER;
 * with `expected` one more is let through first. That plugin would throw while it is called, which Fastify does not
 * catch: the process would end with FST_ERR_DEC_ALREADY_PRESENT and no word about why.
 */
export function refuseSecondServer (fastify: FastifyInstance, expected: boolean): void {
  // Fastify adds each plugin's name to this list, or to one that inherits from it, before it calls the plugin, and
  // takes a throw here for a failed registration. No public hook runs between the two: onRegister skips such plugins.
  const names = (fastify as unknown as Record<symbol, unknown>)[Symbol.for('registered-plugin')]
  if (!Array.isArray(names)) return
  let awaited = expected
  const push = function (this: string[], ...added: string[]): number {
    if (added.includes(WEBSOCKET_PLUGIN)) {
      if (!awaited) {
        throw new WSG_ERR_PLUGIN_ORDER('@fastify/websocket: expected one registration, got a second; fastify-ws-guard registers it unless it is there before: leave yours out, or give websocket: false and register it once yourself')
      }
      awaited = false
    }
    return Array.prototype.push.apply(this, added)
  }
  Object.defineProperty(names, 'push', { value: push, configurable: true, writable: true })
}

/** Throws WSG_ERR_PLUGIN_ORDER for a WebSocket route that was declared before the plugin could see it. */
export function checkDeclaredRoutes (fastify: FastifyInstance, guarded: ReadonlySet<string>): void {
  for (const { url } of declaredRoutes(fastify)) {
    if (guarded.has(url)) continue
    throw new WSG_ERR_PLUGIN_ORDER(`route ${url}: declared before fastify-ws-guard was loaded, so nothing guards it; write "await app.register(guard, …)" before the first WebSocket route, or declare routes in a plugin of their own`)
  }
}

/** The value given to Fastify's `trustProxy`, false where none was; undefined where it can't be seen. */
export function readTrustProxy (fastify: FastifyInstance): unknown {
  const key = Object.getOwnPropertySymbols(fastify).find(symbol => symbol.description === 'fastify.options')
  const options = key === undefined ? undefined : (fastify as unknown as Record<symbol, { trustProxy?: unknown } | undefined>)[key]
  return options === undefined ? undefined : options.trustProxy ?? false
}
