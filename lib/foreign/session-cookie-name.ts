import type { FastifyInstance } from 'fastify'
import { warnChanged } from './changed.js'
import { memberOf } from './instance-symbol.js'
import { probeSession } from './session-probe.js'

/** What @fastify/session calls its cookie when nobody says otherwise. */
const DEFAULT = 'sessionId'

type Hook = (request: object, reply: object, done: () => void) => void

const names = new WeakMap<FastifyInstance, string>()

function hooksOf (scope: FastifyInstance): readonly unknown[] {
  const { onRequest } = (memberOf(scope, 'fastify.hooks') ?? {}) as { readonly onRequest?: unknown }
  return Array.isArray(onRequest) ? onRequest : []
}

/** Which cookie the plugin's own hook looks for. */
function watch (scope: FastifyInstance): string | null {
  const isOurs = (one: unknown): one is Hook => typeof one === 'function' && one.name === 'handleSession'
  const hook = hooksOf(scope).find(isOurs)
  const probe = probeSession(scope)
  const asked: string[] = []
  const cookies = new Proxy({}, {
    get (_, name) {
      if (typeof name === 'string') asked.push(name)
      return undefined
    },
  })
  hook?.({ ...probe, raw: { url: probe.session?.cookie?.path ?? '/' }, cookies }, {}, () => {})
  return asked.length === 1 ? asked[0]! : null
}

/**
 * The name of the session's cookie in a scope, which @fastify/session keeps to itself. Asked first when the
 * application is whole, then remembered. Where it can't be found out it is the package's own, with a warning.
 */
export function sessionCookieName (scope: FastifyInstance): string {
  const known = names.get(scope)
  if (known !== undefined) return known
  let found: string | null = null
  if (scope.hasRequestDecorator('session')) {
    try {
      found = watch(scope)
    } catch {
      // Another version, another inside.
    }
    if (found === null) {
      warnChanged(scope.log, 'session-cookie-name', 'anyOf takes "sessionId" for the name of the session\'s cookie')
    }
  }
  const name = found ?? DEFAULT
  names.set(scope, name)
  return name
}
