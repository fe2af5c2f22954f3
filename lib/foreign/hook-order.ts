import type { FastifyInstance } from 'fastify'
import { warnChanged } from './changed.js'
import { memberOf } from './instance-symbol.js'

type Hook = (...args: never[]) => unknown

function moveFirst (instance: FastifyInstance, name: string, hook: Hook): boolean {
  const hooks = (memberOf(instance, 'fastify.hooks') as Record<string, unknown> | undefined)?.[name]
  const children = memberOf(instance, 'fastify.children')
  if (!Array.isArray(hooks) || !Array.isArray(children)) return false
  const at = hooks.indexOf(hook)
  if (at < 0) return false
  hooks.splice(at, 1)
  hooks.unshift(hook)
  // Scopes have copies; of hooks that run once per application they have none.
  for (const child of children) moveFirst(child as FastifyInstance, name, hook)
  return true
}

/**
 * Puts hooks that were added with `addHook` before those of plugins that were registered earlier, in this instance
 * and in the scopes it has already. Fastify copies these lists into later scopes and, once all is loaded, into
 * routes. Called in `after`, when the hooks have arrived in the lists.
 */
export function runFirst (fastify: FastifyInstance, hooks: Readonly<Record<string, Hook>>): void {
  for (const [name, hook] of Object.entries(hooks)) {
    if (moveFirst(fastify, name, hook)) continue
    const effect = `${name} of the guard runs late: a session's store is asked for handshakes that are then refused`
    warnChanged(fastify.log, 'hook-order', effect)
  }
}
