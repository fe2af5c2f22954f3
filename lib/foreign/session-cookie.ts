import type { FastifyInstance } from 'fastify'
import { WSG_ERR_OPTION_UNSAFE, WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { warnChanged } from './changed.js'
import { probeSession, type ProbeCookie, type SessionProbe } from './session-probe.js'

function readAttributes (scope: FastifyInstance, protocol: SessionProbe['protocol']): ProbeCookie | null {
  try {
    return probeSession(scope, protocol).session?.cookie ?? null
  } catch {
    return null
  }
}

/** What the cookie check needs to know of the route and the options. */
export interface SessionCookieContext {
  readonly url: string
  readonly development: boolean
  /** Origins are written out and hold no `*`. */
  readonly hasOriginList: boolean
}

/**
 * Proves at boot that a route with session authentication has its plugins and a cookie that only the browser and only
 * TLS carries. Throws WSG_ERR_PLUGIN_ORDER or WSG_ERR_OPTION_UNSAFE; warns where the cookie can't be read.
 */
export function checkSession (scope: FastifyInstance, context: SessionCookieContext): void {
  for (const [decorator, plugin] of [['cookies', '@fastify/cookie'], ['session', '@fastify/session']] as const) {
    if (!scope.hasRequestDecorator(decorator)) {
      // @fastify/secure-session parses the cookie header by itself where @fastify/cookie is missing.
      if (isSecureSession(scope)) break
      throw new WSG_ERR_PLUGIN_ORDER(`route ${context.url} uses session authentication: expected ${plugin} in its ` +
        'scope, got none; register it before listening')
    }
  }
  if (isSecureSession(scope)) {
    throw new WSG_ERR_PLUGIN_ORDER(`route ${context.url} uses session authentication: expected @fastify/session in ` +
      'its scope, got @fastify/secure-session, whose sessions have no id and no expiry; write a strategy of your ' +
      'own that reads request.session.get(\'user\') (docs/gate.md)')
  }
  if (context.development) return
  const cookie = readAttributes(scope, 'https')
  const overHttp = readAttributes(scope, 'http')
  if (cookie === null || overHttp === null) {
    warnChanged(scope.log, 'session-cookie', `the session cookie's attributes on route ${context.url} could not be ` +
      'read; set secure, httpOnly and sameSite')
    return
  }
  const unsafe = (name: string, expected: string, value: unknown): never => {
    throw new WSG_ERR_OPTION_UNSAFE(`@fastify/session cookie.${name}: expected ${expected}, ` +
      `got ${got(value)} (route ${context.url}; development: true lifts this)`)
  }
  if (cookie.secure === true && overHttp.secure !== true) {
    unsafe('secure', 'true (a login over plain http would get a cookie without Secure, which every network on the ' +
      'way can read)', 'auto')
  }
  if (cookie.secure !== true) unsafe('secure', 'true', cookie.secure)
  if (cookie.httpOnly === false) unsafe('httpOnly', 'true', cookie.httpOnly)
  const sameSite = typeof cookie.sameSite === 'string' ? cookie.sameSite.toLowerCase() : cookie.sameSite
  if (sameSite === 'none' && !context.hasOriginList) {
    unsafe('sameSite', '\'lax\' or \'strict\' where origins are not listed', 'none')
  }
  if (sameSite !== 'lax' && sameSite !== 'strict' && sameSite !== true && sameSite !== 'none') {
    unsafe('sameSite', '\'lax\' or \'strict\' (browsers differ in what they do without it)', cookie.sameSite)
  }
}

function isSecureSession (scope: FastifyInstance): boolean {
  return scope.hasDecorator('decodeSecureSession') && !('decryptSession' in scope)
}
