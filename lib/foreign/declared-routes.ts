import { subscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { warnChanged } from './changed.js'

const declared = new WeakMap<object, RouteOptions[]>()

// `onRoute` does not fire for routes declared before a plugin was loaded, and such a WebSocket route would be open (or
// hang). Fastify announces each new instance here, so that one hook is in place before the first route.
subscribe('fastify.initialization', message => {
  const { fastify } = message as { fastify: FastifyInstance }
  const routes: RouteOptions[] = []
  declared.set(fastify, routes)
  fastify.addHook('onRoute', options => {
    const { websocket, wsHandler } = options as { websocket?: unknown, wsHandler?: unknown }
    if ((Boolean(websocket) || Boolean(wsHandler)) && options.method !== 'HEAD') routes.push(options)
  })
})

/**
 * For an instance that was made before this module was loaded, as fastify-cli and @fastify/autoload have it: where it
 * has no route yet, none was missed. Called when the plugin is registered.
 */
export function noteFreshInstance (fastify: FastifyInstance): void {
  if (!declared.has(fastify) && fastify.printRoutes() === '(empty tree)') declared.set(fastify, [])
}

/**
 * Throws WSG_ERR_PLUGIN_ORDER for all WebSocket routes that were declared before the plugin could see them. Routes
 * are told apart by the object that Fastify hands to every hook: with constraints several have one URL. Warns where
 * this module was loaded after the instance was made; upgrades to such routes are then refused at run time instead of
 * at boot.
 */
export function checkDeclaredRoutes (fastify: FastifyInstance, guarded: WeakSet<object>): void {
  const routes = declared.get(fastify)
  if (routes === undefined) {
    warnChanged(fastify.log, 'declared-routes', 'a WebSocket route that was declared before fastify-ws-guard is ' +
      'refused at run time, not at boot; import fastify-ws-guard before Fastify() is called')
    return
  }
  const early = routes.filter(route => !guarded.has(route)).map(({ url, constraints }) => {
    const names = Object.keys(constraints ?? {})
    return names.length === 0 ? url : `${url} (constraints ${names.join(', ')})`
  })
  if (early.length === 0) return
  throw new WSG_ERR_PLUGIN_ORDER(`route${early.length === 1 ? '' : 's'} ${early.join(', ')}: declared before ` +
    'fastify-ws-guard was loaded, so nothing guards it; write "await app.register(guard, …)" before the first ' +
    'WebSocket route, or declare routes in a plugin of their own')
}
