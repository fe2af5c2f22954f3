import type { ConnectionOptions, PluginUpgradeRateOptions } from '../../types/connection-options.js'
import type { GuardOptions, RouteGuardOptions, RoutePolicyOptions } from '../../types/options.js'
import type { AuthStrategy } from '../../types/gate.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import type { PolicyDefaults } from '../gate/policies.js'
import type { SocketLimits } from '../socket/limits.js'
import { checkOptions, fillOptions } from './check-options.js'
import { optionsSchema, routeOptionsSchema } from './schema.js'

/** Each key is there; what has no default is as it was given. */
type Filled<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> }

type UpgradeRate =
  Filled<Pick<PluginUpgradeRateOptions, 'max' | 'timeWindow'>> & Omit<PluginUpgradeRateOptions, 'max' | 'timeWindow'>
type Connections = Filled<Omit<ConnectionOptions, 'allowList'>> & Pick<ConnectionOptions, 'allowList'>

/** The plugin's options with every default filled in, frozen. */
export interface ResolvedOptions extends PolicyDefaults {
  readonly requireTls: boolean
  readonly authTimeout: number
  readonly handshakeTimeout: number
  readonly connections: Connections
  readonly upgradeRate: UpgradeRate | null
  readonly policies: readonly RoutePolicyOptions[]
  readonly otherUpgrades: readonly string[] | null
  readonly htmlAdapter: GuardOptions['htmlAdapter'] | null
  readonly messages: SocketLimits
  readonly heartbeat: Filled<NonNullable<GuardOptions['heartbeat']>>
  readonly sessions: Filled<NonNullable<GuardOptions['sessions']>>
  readonly drainTimeout: number
  readonly registerWebSocket: boolean
  readonly websocket: Filled<Exclude<NonNullable<GuardOptions['websocket']>, false>>
}

/** A socket that may wait for a token which nobody can judge would wait for nothing. */
function checkFirstMessage (auth: AuthStrategy | undefined, where: string): void {
  if (auth?.firstMessage === true && auth.verifyToken === undefined) {
    throw new WSG_ERR_OPTION(`${where}.verifyToken: expected a function (token, signal) => identity beside ` +
      'firstMessage: true, got nothing')
  }
  for (const [index, one] of (auth?.alternatives ?? []).entries()) {
    checkFirstMessage(one, `${where}.alternatives[${index}]`)
  }
}

/** Validates, copies and freezes the plugin's options. Throws WSG_ERR_OPTION. */
export function resolveOptions (given: unknown = {}): ResolvedOptions {
  checkOptions(optionsSchema, given, 'options')
  const { websocket, ...options } = given as GuardOptions
  checkFirstMessage(options.auth, 'options.auth')
  for (const [index, { auth }] of (options.policies ?? []).entries()) {
    checkFirstMessage(auth, `options.policies[${index}].auth`)
  }
  // `false` switches the registration off, not the limits of whatever is registered instead.
  const limits = websocket === false ? undefined : websocket
  const filled = fillOptions(optionsSchema, { ...options, websocket: limits }) as ResolvedOptions
  const { development } = filled
  if (!development && options.allowedHosts === undefined) {
    throw new WSG_ERR_OPTION('options.allowedHosts: required unless development is true; expected the host names ' +
      'this service answers to, such as [\'.example.com\'], got undefined')
  }
  return Object.freeze({
    ...filled,
    allowedHosts: filled.allowedHosts ?? [],
    origins: filled.origins ?? null,
    requireTls: options.requireTls ?? !development,
    auth: options.auth ?? null,
    upgradeRate: options.upgradeRate === false ? null : filled.upgradeRate,
    subprotocols: filled.subprotocols ?? [],
    policies: filled.policies ?? [],
    otherUpgrades: filled.otherUpgrades ?? null,
    htmlAdapter: options.htmlAdapter ?? null,
    registerWebSocket: websocket !== false,
  })
}

/**
 * Validates, copies and freezes a route's `wsGuard`. Throws WSG_ERR_OPTION that begins with `where`, e.g. `route /ws:
 * wsGuard`.
 */
export function resolveRouteOptions (given: unknown = {}, where: string): RouteGuardOptions {
  checkOptions(routeOptionsSchema, given, where)
  checkFirstMessage((given as RouteGuardOptions).auth, `${where}.auth`)
  return fillOptions(routeOptionsSchema, given) as RouteGuardOptions
}
