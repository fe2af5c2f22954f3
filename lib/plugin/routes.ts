import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'
import { REFUSED } from '../protocol/refused.js'
import type { AnyContract, CompiledContract, ContractSpec } from '../../types/contract.js'
import type { RouteGuardOptions } from '../../types/options.js'
import type { DeclaredContract, WsRouteHandle, WsRouteHandlers } from '../../types/route.js'
import { compileContract } from '../contract/compile.js'
import { warnAtBoot } from '../log/boot-warning.js'
import { WSG_ERR_OPTION, WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import type { Gate } from '../gate/gate.js'
import type { RouteInput } from '../gate/policy.js'
import type { ContractPart } from '../gate/policies.js'
import { checkOptions } from './check-options.js'
import { compileVersions } from './contract-versions.js'
import { CONTRACT } from './guarded-routes.js'
import type { OpenSockets } from './open-sockets.js'
import type { ResolvedOptions } from './options.js'
import { RouteHandles } from './route-handles.js'
import { checkHandlerKeys, FASTIFY_KEYS, guardPart, pick } from './route-keys.js'
import { renewToken } from './renew-token.js'
import { optionsSchema } from './schema.js'
import { TokenSockets } from './token-sockets.js'
import { SUBPROTOCOL } from '../protocol/envelope.js'
import { selfCheck } from '../foreign/ws-internals.js'
import { createSocketRoute } from '../socket/route.js'

// Tested in test/plugin/keys.test.ts and test/plugin/plugin.test.ts.

type AnyHandlers = WsRouteHandlers<AnyContract, never>

const MESSAGES = optionsSchema.properties['messages']!

/** What joins gate, contract and socket on one route; only `plugin` uses it. */
export interface WsRoutes {
  /** `app.wsRoute`. Throws WSG_ERR_CONTRACT, WSG_ERR_HANDLER, WSG_ERR_ROUTE_POLICY. */
  declare: (scope: FastifyInstance, contract: AnyContract, handlers: AnyHandlers) => WsRouteHandle<AnyContract>
  /** In the order of their declaration. */
  readonly declared: readonly DeclaredContract[]
  readonly handles: RouteHandles
}

function inputReader (contract: CompiledContract): ((request: FastifyRequest) => RouteInput | null) | null {
  const { params: acceptParams, query: acceptQuery } = contract
  if (acceptParams === null && acceptQuery === null) return null
  return request => {
    const params = acceptParams === null ? request.params : acceptParams(request.params)
    const query = acceptQuery === null ? request.query : acceptQuery(request.query)
    return params === REFUSED || query === REFUSED ? null : { params, query }
  }
}

/** Bytes of one message above which boot warns. */
const LARGE_PAYLOAD = 1024 * 1024

/** True when messages may be written past ws's own sender. */
function writesDirectly (scope: FastifyInstance): boolean {
  const isKnown = selfCheck(scope.websocketServer.constructor as typeof WebSocketServer)
  if (!isKnown) {
    warnAtBoot(scope.log, { code: 'WSG_WARN_WS_INTERNALS' },
      'this version of ws is not known: messages are written by its own sender, one by one')
  }
  return isKnown
}

function warnOfPayload (scope: FastifyInstance, contract: string, maxPayload: number): void {
  warnAtBoot(scope.log, { contract, maxPayload }, `the contract ${contract} lets each socket send more than 1 MiB at ` +
    'once; the report on level debug names the message')
}

export function createWsRoutes (options: ResolvedOptions, sockets: OpenSockets, gate: Gate): WsRoutes {
  let direct: boolean | undefined
  const declared: DeclaredContract[] = []
  const handles = new RouteHandles()

  return {
    declared,
    handles,
    declare (scope, contract, handlers) {
      if (typeof contract !== 'object' || contract === null) {
        const why = typeof contract === 'string' ? '; the contract has the url' : ''
        throw new WSG_ERR_OPTION(`wsRoute: expected wsRoute(contract, handlers), got ${got(contract)}${why}`)
      }
      const where = `route ${String(contract.url)}`
      if (!scope.hasDecorator('websocketServer')) {
        throw new WSG_ERR_PLUGIN_ORDER(`${where}: expected @fastify/websocket to be registered before wsRoute ` +
          '(websocket: false), got none')
      }
      // Once per application: the check runs a handshake in memory.
      direct ??= writesDirectly(scope)
      checkHandlerKeys(handlers, where, contract)
      if (handlers.messages !== undefined) checkOptions(MESSAGES, handlers.messages, `${where}: messages`)
      // Loose outside so that interfaces and generated stubs fit; what is no contract is refused by the compiler.
      const adapters = options.htmlAdapter === null ? {} : { htmlAdapter: options.htmlAdapter }
      const limits = { ...options.messages, ...handlers.messages }
      const { burst } = limits
      const spec = contract as ContractSpec
      const compile = { prefix: scope.prefix, burst, ...adapters }
      const compiled = compileContract(spec, compile)
      const versions = compileVersions(handlers.versions, where, spec, compiled, compile)
      const all = [compiled, ...versions.map(({ adapted }) => adapted)] as const
      for (const one of all) scope.log.debug({ contract: one.name }, one.report())
      const maxPayload = Math.max(...all.map(({ limits }) => limits.maxPayload))
      if (maxPayload > LARGE_PAYLOAD) warnOfPayload(scope, compiled.name, maxPayload)

      const url = scope.prefix.replace(/\/$/, '') + compiled.url
      const route = createSocketRoute({
        contract: compiled,
        versions: versions.map(({ adapted }) => adapted),
        handlers,
        limits,
        ownLimits: handlers.messages ?? {},
        budgetStore: sockets.budgets,
        url,
        registry: sockets.registry,
        renew: renewToken,
        direct,
        development: options.development,
      })
      const tokens = new TokenSockets(all, { gate, sockets, deadline: options.authTimeout })
      const { fingerprint } = compiled
      const part: ContractPart = {
        subprotocol: SUBPROTOCOL,
        fingerprints: all.map(one => one.fingerprint),
        typeKey: compiled.envelope.type,
        readInput: inputReader(compiled),
        maxPayload,
      }
      scope.get(compiled.url, {
        ...pick(handlers, FASTIFY_KEYS),
        websocket: true,
        wsGuard: guardPart(handlers) as RouteGuardOptions,
        config: { ...handlers.config as object | undefined, [CONTRACT]: part } as object,
      }, (socket: WebSocket, request: FastifyRequest) => {
        // @fastify/websocket's listener would keep the request and the reply; the connection brings one of its own.
        socket.removeAllListeners('error')
        const open = (hasAsked: boolean): void => {
          const admission = sockets.admissionOf(request)
          tokens.tell(socket, admission, hasAsked)
          route.open(socket, request.raw.socket, admission, request)
        }
        if (gate.isWaiting(request.raw)) tokens.wait(socket, request, () => { open(true) })
        else open(false)
      })
      declared.push({
        contract: spec,
        versions: versions.map(({ contract, model: { fingerprint } }) => ({ contract, fingerprint })),
        url,
        route: {
          public: (handlers as RouteGuardOptions).public === true,
          rate: limits.rate,
          burst: limits.burst,
          handlerTimeout: limits.handlerTimeout,
          ...(versions.length === 0 ? {} : { versions: versions.map(({ model }) => model) }),
        },
      })
      return handles.add(contract, route, { contract: compiled.name, fingerprint })
    },
  }
}
