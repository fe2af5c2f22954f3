import { subscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'

/** A WebSocket route seen by the earliest hook there is. */
export interface DeclaredRoute {
  readonly url: string
}

const declared = new WeakMap<object, DeclaredRoute[]>()

// `onRoute` does not fire for routes declared before a plugin was loaded, and such a WebSocket route would be open (or
// hang). Fastify announces each new instance here, so that one hook is in place before the first route.
subscribe('fastify.initialization', message => {
  const { fastify } = message as { fastify: FastifyInstance }
  const routes: DeclaredRoute[] = []
  declared.set(fastify, routes)
  fastify.addHook('onRoute', options => {
    const { websocket, wsHandler } = options as { websocket?: boolean, wsHandler?: unknown }
    if ((websocket === true || wsHandler !== undefined) && options.method !== 'HEAD') routes.push({ url: options.url })
  })
})

/**
 * WebSocket routes of `root` so far, whoever declared them. Empty where this module was loaded after the instance was
 * made; their upgrades are then refused at run time instead of at boot.
 */
export function declaredRoutes (root: FastifyInstance): readonly DeclaredRoute[] {
  return declared.get(root) ?? []
}
