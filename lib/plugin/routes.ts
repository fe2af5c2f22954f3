import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'
import type { AnyContract } from '../../types/contract.js'
import type { MessageBudget } from '../../types/message-options.js'
import type { BudgetModel } from '../../types/model.js'
import type { RouteGuardOptions } from '../../types/options.js'
import type { DeclaredContract, WsRouteHandle, WsRouteHandlers } from '../../types/route.js'
import { WSG_ERR_OPTION, WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { selfCheck } from '../foreign/ws-internals.js'
import type { Gate } from '../gate/gate.js'
import { warnAtBoot } from '../log/boot-warning.js'
import { readModel } from '../model/model.js'
import { report } from '../model/report.js'
import type { Admission } from '../socket/home.js'
import { createSocketRoute, type SocketRoute } from '../socket/route.js'
import { checkOptions } from './check-options.js'
import { type CompiledRoute, compileRoute, contractPart } from './compiled-route.js'
import { CONTRACT } from './guarded-routes.js'
import type { OpenSockets } from './open-sockets.js'
import type { ResolvedOptions } from './options.js'
import { renewToken } from './renew-token.js'
import { RouteHandles } from './route-handles.js'
import { checkHandlerKeys, FASTIFY_KEYS, guardPart, pick } from './route-keys.js'
import { optionsSchema } from './schema.js'
import { TokenSockets } from './token-sockets.js'

// Tested in test/plugin/keys.test.ts and test/plugin/plugin.test.ts.

type AnyHandlers = WsRouteHandlers<AnyContract, never>

const MESSAGES = optionsSchema.properties['messages']!

/** The routes of contracts: what joins gate, contract and socket on each. */
export class ContractRoutes {
  /** In the order of their declaration. */
  readonly declared: DeclaredContract[] = []
  readonly handles = new RouteHandles()
  readonly #options: ResolvedOptions
  readonly #sockets: OpenSockets
  readonly #gate: Gate
  #writesDirectly: boolean | null = null

  constructor (options: ResolvedOptions, sockets: OpenSockets, gate: Gate) {
    this.#options = options
    this.#sockets = sockets
    this.#gate = gate
  }

  /**
   * `app.wsRoute`. Throws WSG_ERR_CONTRACT, WSG_ERR_HANDLER, WSG_ERR_OPTION, WSG_ERR_PLUGIN_ORDER, and what
   * `GuardedRoutes.add` throws.
   */
  declare (scope: FastifyInstance, contract: AnyContract, handlers: AnyHandlers): WsRouteHandle<AnyContract> {
    checkDeclaration(scope, contract, handlers)
    // Once per application: the check runs a handshake in memory.
    this.#writesDirectly ??= writesDirectly(scope)
    const compiled = compileRoute(scope, contract, handlers, this.#options)
    const route = this.#socketRoute(compiled, handlers, this.#writesDirectly)
    scope.get(compiled.contract.url, {
      ...pick(handlers, FASTIFY_KEYS),
      websocket: true,
      wsGuard: guardPart(handlers) as RouteGuardOptions,
      config: { ...handlers.config as object | undefined, [CONTRACT]: contractPart(compiled) } as object,
    }, this.#opener(compiled, route))
    const declared = describe(compiled, handlers)
    this.declared.push(declared)
    logReport(scope.log, declared)
    const { name, fingerprint } = compiled.contract
    return this.handles.add(contract, route, { contract: name, fingerprint })
  }

  #socketRoute (compiled: CompiledRoute, handlers: AnyHandlers, direct: boolean): SocketRoute {
    const { contract, versions, url, limits } = compiled
    return createSocketRoute({
      contract,
      versions: versions.map(({ adapted }) => adapted),
      handlers,
      limits,
      ownLimits: handlers.messages ?? {},
      budgetStore: this.#sockets.budgets,
      url,
      registry: this.#sockets.registry,
      renew: renewToken,
      direct,
      development: this.#options.development,
    })
  }

  /** The handler that @fastify/websocket calls in the tick of the 101. */
  #opener ({ spoken }: CompiledRoute, route: SocketRoute): (ws: WebSocket, request: FastifyRequest) => void {
    const gate = this.#gate
    const sockets = this.#sockets
    const tokens = new TokenSockets(spoken, { gate, sockets, deadline: this.#options.authTimeout })
    return (ws, request) => {
      // @fastify/websocket's listener would keep the request and the reply; the connection brings one of its own.
      ws.removeAllListeners('error')
      const open = (admission: Admission): void => { route.open(ws, request.raw.socket, admission, request) }
      if (gate.isWaiting(request.raw)) {
        tokens.wait(ws, request, open)
        return
      }
      const admission = sockets.admissionOf(request)
      tokens.announceEnd(ws, admission)
      open(admission)
    }
  }
}

function checkDeclaration (scope: FastifyInstance, contract: AnyContract, handlers: AnyHandlers): void {
  if (typeof contract !== 'object' || contract === null) {
    const why = typeof contract === 'string' ? '; the contract has the url' : ''
    throw new WSG_ERR_OPTION(`wsRoute: expected wsRoute(contract, handlers), got ${got(contract)}${why}`)
  }
  const where = `route ${String(contract.url)}`
  if (!scope.hasDecorator('websocketServer')) {
    throw new WSG_ERR_PLUGIN_ORDER(`${where}: expected @fastify/websocket to be registered before wsRoute ` +
      '(websocket: false), got none')
  }
  checkHandlerKeys(handlers, where, contract)
  if (handlers.messages !== undefined) checkOptions(MESSAGES, handlers.messages, `${where}: messages`)
}

/** True when messages may be written past ws's own sender. */
function writesDirectly (scope: FastifyInstance): boolean {
  const isKnown = selfCheck(scope.websocketServer.constructor as typeof WebSocketServer)
  if (!isKnown) {
    warnAtBoot(scope.log, { code: 'WSG_WARN_WS_INTERNALS' },
      'this version of ws is not known: messages are written by its own sender, one by one')
  }
  return isKnown
}

/** Tells what the route's contracts come to, which reads them a second time. */
function logReport (log: FastifyBaseLogger, { contract, url, route }: DeclaredContract): void {
  if (log.level !== 'debug' && log.level !== 'trace') return
  log.debug({ contract: contract.name }, report(readModel(contract, { url, route })).join('\n'))
}

/** For generators. */
function describe ({ spec, versions, url, limits }: CompiledRoute, handlers: AnyHandlers): DeclaredContract {
  const { budgets = [] } = limits
  return {
    contract: spec,
    versions: versions.map(({ contract, model: { fingerprint } }) => ({ contract, fingerprint })),
    url,
    route: {
      public: (handlers as RouteGuardOptions).public === true,
      rate: limits.rate,
      burst: limits.burst,
      ...(budgets.length === 0 ? {} : { budgets: budgets.map(budgetOf) }),
      handlerTimeout: limits.handlerTimeout,
      ...(versions.length === 0 ? {} : { versions: versions.map(({ model }) => model) }),
    },
  }
}

/** What is decided for each socket is no figure. */
function budgetOf ({ name, rate, burst }: MessageBudget): BudgetModel {
  return {
    name,
    ...(typeof rate === 'number' ? { rate } : {}),
    ...(typeof burst === 'number' ? { burst } : {}),
  }
}
