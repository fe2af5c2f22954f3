import type { FastifyInstance, RouteOptions } from 'fastify'
import type { AuthStrategy, TicketIssue } from '../../types/gate.js'
import type { RouteGuardOptions } from '../../types/options.js'
import { warnAtBoot } from '../log/boot-warning.js'
import { WSG_ERR_OPTION, WSG_ERR_OPTION_UNSAFE, WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import { checkDeclaredRoutes } from '../foreign/declared-routes.js'
import { checkSession } from '../foreign/session-cookie.js'
import { sessionCookieName } from '../foreign/session-cookie-name.js'
import type { Gate } from '../gate/gate.js'
import { POLICY, type RoutePolicy } from '../gate/policy.js'
import type { ContractPart, Policies } from '../gate/policies.js'
import { serializeUpgrade } from '../gate/serialize-upgrade.js'
import { type ResolvedOptions, resolveRouteOptions } from './options.js'
import { isWebSocketRoute, type PlainWsRoute } from './route-keys.js'
import { declareTicketRoute } from './ticket-route.js'
import { refuseUndecided } from './undecided-routes.js'
import { type RouterOptions, UrlPatterns, WITHOUT_SLASH } from './url-patterns.js'

// Tested in test/plugin/policies.test.ts and test/plugin/boot.test.ts.

/** `config` key by which `wsRoute` hands the gate its contract's part. */
export const CONTRACT = Symbol('fastify-ws-guard.contract')

/** Key of a scope under which `wsPolicy` leaves what its routes, and those of the scopes in it, begin with. */
const SCOPE = Symbol('fastify-ws-guard.scope')

interface GuardedRoute {
  readonly url: string
  readonly policy: RoutePolicy
  readonly scope: FastifyInstance
  readonly hasOriginList: boolean
}

/**
 * A nearer word about who may connect stands for the whole of it: `public: true` of a route undoes the `auth` of its
 * scope.
 */
function over (far: RouteGuardOptions, near: RouteGuardOptions): RouteGuardOptions {
  if (near.auth === undefined && near.public === undefined) return { ...far, ...near }
  const { auth: _auth, public: _public, ...others } = far
  return { ...others, ...near }
}

/**
 * Every WebSocket route of the application, whoever declares it: gets its policy in `onRoute`, is proven in `onReady`.
 */
export class GuardedRoutes {
  readonly #options: ResolvedOptions
  readonly #policies: Policies
  readonly #gate: Gate
  readonly #patterns: UrlPatterns
  readonly #theirs: UrlPatterns
  // A list: with constraints several routes have one URL.
  readonly #routes: GuardedRoute[] = []
  /** Those that do not say who may connect: told all at once, when the whole application is there. */
  readonly #undecided: { readonly url: string, readonly scope: FastifyInstance, readonly hasContract: boolean }[] = []
  /** Whose route is there. */
  readonly #issues = new Set<TicketIssue>()
  readonly #seen = new WeakSet<object>()

  constructor (options: ResolvedOptions, policies: Policies, gate: Gate, router: RouterOptions = {}) {
    this.#options = options
    this.#policies = policies
    this.#gate = gate
    this.#patterns = new UrlPatterns(options.policies.map(({ url }) => url), router)
    this.#theirs = new UrlPatterns(options.otherUpgrades ?? [], { ...router, ...WITHOUT_SLASH })
  }

  /** `scope.wsPolicy(…)`. Throws WSG_ERR_OPTION, and WSG_ERR_PLUGIN_ORDER where it comes after a route it is for. */
  setScopePolicy (scope: FastifyInstance, given: unknown): void {
    const holder = scope as FastifyInstance & { [SCOPE]?: RouteGuardOptions }
    const name = `wsPolicy of the scope ${scope.prefix === '' ? '/' : scope.prefix}`
    if (given === undefined) throw new WSG_ERR_OPTION(`${name}: expected an object of options, got undefined`)
    // Scopes are made by Object.create.
    const isWithin = (inner: object): boolean => inner === scope || Object.prototype.isPrototypeOf.call(scope, inner)
    const late = [...this.#routes, ...this.#undecided].find(route => isWithin(route.scope))
    if (late !== undefined) {
      throw new WSG_ERR_PLUGIN_ORDER(`${name}: expected before the first WebSocket route of the scope, got it after ` +
        `route ${late.url}, which it would not reach`)
    }
    const own = resolveRouteOptions(given, name)
    holder[SCOPE] = over(holder[SCOPE] ?? {}, own)
  }

  /**
   * When the oldest ticket was asked for that may still be used, at the earliest, in milliseconds of
   * `performance.now()`; Infinity: nobody hands tickets out.
   */
  get ticketsSince (): number {
    // -Infinity of none.
    const longest = Math.max(...[...this.#issues].map(({ lifetime }) => lifetime))
    return performance.now() - longest - this.#options.authTimeout
  }

  /** URLs of all WebSocket routes. */
  get urls (): string[] {
    return this.#routes.map(({ url }) => url)
  }

  /** The same of those that answer nothing but handshakes. */
  get plainUrls (): string[] {
    return this.#routes.filter(({ policy }) => !policy.hasHttpHandler).map(({ url }) => url)
  }

  get policies (): RoutePolicy[] {
    return this.#routes.map(({ policy }) => policy)
  }

  /**
   * Instance-level `onRoute`. Throws WSG_ERR_ROUTE_POLICY, WSG_ERR_OPTION, WSG_ERR_OPTION_UNSAFE or
   * WSG_ERR_ORIGIN_PATTERN.
   */
  add (scope: FastifyInstance, route: PlainWsRoute): void {
    if (!isWebSocketRoute(route)) return
    // Fastify adds a HEAD route to each GET route. @fastify/websocket before 11.3.6 would run the WebSocket's handler.
    if (route.method === 'HEAD') {
      if (route.websocket === true) route.handler = (_request, reply) => { reply.code(404).send() }
      return
    }
    const { url } = route
    const theirs = this.#theirs.find(url) ?? this.#theirs.findServed(url)
    if (theirs !== null) {
      throw new WSG_ERR_OPTION_UNSAFE(`route ${url}: expected a path that is not in otherUpgrades, ` +
        `got one that ${JSON.stringify(theirs)} covers; its handshakes would go past the guard`)
    }
    const config: Readonly<Record<symbol, unknown>> = { ...route.config }
    const contract = (config[CONTRACT] as ContractPart | undefined) ?? null
    const own = this.#optionsOf(scope, route)
    this.#seen.add(route)
    const policy = this.#policies.compile(own, { url, hasHttpHandler: route.websocket !== true, contract })
    if (policy === null) {
      // Without a policy it is no WebSocket route to the gate. Nothing boots with one of these.
      this.#undecided.push({ url, scope, hasContract: contract !== null })
      return
    }
    if (policy.auth !== null) this.#declareTickets(scope, policy.auth, own.origins)
    const isListed = own.origins !== undefined || this.#options.origins !== null
    this.#routes.push({ url, policy, scope, hasOriginList: isListed && !policy.origin.any })
    route.config = { ...config, [POLICY]: policy } as typeof route.config
    // A proxy that drops Upgrade turns handshakes into plain requests, tokens and all.
    if (route.websocket === true) route.logSerializers = { req: serializeUpgrade as never, ...route.logSerializers }
    const before = route.onRequest === undefined ? [] : [route.onRequest].flat()
    // Last of the route's own: a strategy may read what the route's other hooks have loaded. Once, also where the
    // route is the copy of one that has it.
    const { admit } = this.#gate
    route.onRequest = [...before.filter(hook => hook !== admit), admit] as RouteOptions['onRequest']
  }

  /** What the strategy hands out by a route of its own: that is declared beside the first route that takes it. */
  #declareTickets (scope: FastifyInstance, auth: AuthStrategy, origins: RouteGuardOptions['origins']): void {
    const { authTimeout } = this.#options
    for (const { issues } of auth.alternatives ?? [auth]) {
      if (issues === undefined || this.#issues.has(issues)) continue
      this.#issues.add(issues)
      const own = { auth: issues.auth, ...(origins === undefined ? {} : { origins }) }
      const policy = this.#policies.compile(own, { url: issues.url, hasHttpHandler: true, contract: null })!
      declareTicketRoute(scope, issues, { gate: this.#gate, policy, authTimeout })
    }
  }

  // What is nearer to the route wins: its own, its scope's, that of the first pattern.
  #optionsOf (scope: FastifyInstance, { wsGuard, url }: PlainWsRoute): RouteGuardOptions {
    const own = resolveRouteOptions(wsGuard, `route ${url}: wsGuard`)
    const ofScope = (scope as FastifyInstance & { readonly [SCOPE]?: RouteGuardOptions })[SCOPE] ?? {}
    const pattern = this.#patterns.find(url)
    const { url: _pattern, ...ofPattern } = this.#options.policies.find(policy => policy.url === pattern) ?? { url }
    const all = over(over(ofPattern, ofScope), own)
    const idle = all.public === true ? 'perIdentity' : 'anonymous'
    if (own.connections?.[idle] !== undefined) {
      throw new WSG_ERR_OPTION(`route ${url}: wsGuard.connections: expected no ${idle}, because ` +
        `${all.public === true ? 'nobody has' : 'everybody has'} an identity here, got ${own.connections[idle]}`)
    }
    return all
  }

  /** The scopes of routes that authenticate by a session. */
  get sessionScopes (): Set<FastifyInstance> {
    return new Set(this.#routes.filter(({ policy }) => policy.auth?.needs.session === true).map(({ scope }) => scope))
  }

  /**
   * `onReady`: what only the whole application shows. Throws WSG_ERR_PLUGIN_ORDER, WSG_ERR_ROUTE_POLICY,
   * WSG_ERR_OPTION_UNSAFE or WSG_ERR_OPTION.
   */
  prove (fastify: FastifyInstance): void {
    checkDeclaredRoutes(fastify, this.#seen)
    refuseUndecided(this.#undecided)
    const [unused] = this.#patterns.unused()
    if (unused !== undefined) {
      const all = this.urls.length === 0 ? 'none' : this.urls.slice(0, 10).join(', ')
      throw new WSG_ERR_OPTION('options.policies: expected the url of a WebSocket route, ' +
        `got ${got(unused)}${didYouMean(unused, this.urls) || `; there is ${all}`}`)
    }
    const { development, allowMissingOrigin } = this.#options
    const admitsMissing = this.#routes.some(({ policy }) => policy.headerOrigin.check(undefined) === null)
    if (allowMissingOrigin && !admitsMissing && this.#routes.length > 0) {
      throw new WSG_ERR_OPTION('options.allowMissingOrigin: expected false, because the credential of every ' +
        'WebSocket route is a cookie, and there Origin is always asked for, got true')
    }
    for (const { url, policy, scope, hasOriginList } of this.#routes) {
      if (policy.auth?.needs.session === true) {
        checkSession(scope, { url, development, hasOriginList })
        // Asked now, so that what it has to say is said at boot.
        if (policy.auth.alternatives !== undefined) sessionCookieName(scope)
      }
      if (policy.auth?.needs.credential === 'cookie' && policy.origin.wildcard) {
        const record = { route: url, origins: policy.origin.entries }
        warnAtBoot(fastify.log, record, `route ${url}: whole domains are allowed beside cookie authentication: ` +
          'whoever holds any subdomain can act as your users')
      }
    }
  }
}
