// Tested in test/socket/calls.test.ts.
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_HANDLER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import type { CompiledContract, CompiledInbound } from '../../types/contract.js'
import type { CallContext, GuardedSocket } from '../../types/socket.js'

type AnyFunction = (data: never, socket: never, context: never) => unknown
interface AnyGuarded {
  readonly authorize: (data: never, socket: never) => unknown
  readonly handle: AnyFunction
}
type AnyHandler = AnyFunction | AnyGuarded
interface HandlerMap { readonly [type: string]: AnyHandler }

/** The handlers of a route, whatever contract typed them: `WsRouteHandlers<C, I>` fits. */
export interface RouteHandlers {
  readonly on?: HandlerMap | object
  readonly calls?: HandlerMap | object
  readonly onOpen?: (socket: never, request: never) => unknown
  readonly onClose?: (socket: never, code: number, reason: string) => unknown
  readonly state?: () => unknown
  readonly mayJoin?: (context: never) => unknown
}

export type Handle = (data: unknown, socket: GuardedSocket, context: CallContext) => unknown
export type Decide = (data: unknown, socket: GuardedSocket) => unknown
export type Fail = { readonly [code: string]: (data: unknown) => Error }

/** One message or call with everything its dispatch needs. */
export interface Entry {
  readonly type: string
  readonly inbound: CompiledInbound
  readonly isCall: boolean
  readonly roles: readonly string[] | null
  /** Tokens. */
  readonly cost: number
  /** Milliseconds. */
  readonly deadline: number
  readonly handle: Handle
  readonly authorize: Decide | null
  readonly fail: Fail
}

/** A declared error of a call, thrown by its handler. Made by `fail.code(data)`. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
  readonly #brand = true
  readonly entryType: string
  readonly code: string
  /** The data as JSON text. */
  readonly json: string

  constructor (entryType: string, code: string, json: string) {
    super(code)
    this.entryType = entryType
    this.code = code
    this.json = json
  }

  /** Never throws, whatever was thrown: `instanceof` asks a proxy. */
  static is (error: unknown): error is CallFailure {
    return typeof error === 'object' && error !== null && #brand in error
  }
}

/**
 * Handlers by message type. Throws WSG_ERR_HANDLER for one that is missing, is not a function, or that the contract
 * does not have.
 */
export function compileHandlers (
  contract: CompiledContract, handlers: RouteHandlers, deadline: number
): ReadonlyMap<string, Entry> {
  refuseStrangers(contract, handlers)
  const entries = new Map<string, Entry>()
  for (const [type, inbound] of contract.inbound) {
    const isCall = inbound.kind === 'call'
    const part = isCall ? 'calls' : 'on'
    const given = own(handlers[part], type)
    const where = `contract ${contract.name}: ${part}.${type}`
    if (given === undefined) throw new WSG_ERR_HANDLER(`${where}: expected a handler, got none`)
    const guarded = typeof given === 'object' && given !== null
    const handle = guarded ? own(given, 'handle') : given
    const authorize = guarded ? own(given, 'authorize') : undefined
    if (typeof handle !== 'function') {
      const value = guarded ? handle : given
      throw new WSG_ERR_HANDLER(`${where}: expected a function or { authorize, handle }, got ${got(value)}`)
    }
    if (guarded) checkKeys(given, ['authorize', 'handle'], where, WSG_ERR_HANDLER)
    if (guarded && typeof authorize !== 'function') {
      throw new WSG_ERR_HANDLER(`${where}.authorize: expected a function, got ${got(authorize)}`)
    }
    entries.set(type, {
      type,
      inbound,
      isCall,
      roles: inbound.roles,
      cost: inbound.cost,
      deadline: inbound.deadline ?? deadline,
      handle: handle as Handle,
      authorize: guarded ? authorize as Decide : null,
      fail: failures(type, inbound),
    })
  }
  return entries
}

/** The same handlers for messages of an older contract, under its names. */
export function adaptHandlers (
  entries: ReadonlyMap<string, Entry>, { inbound }: CompiledContract
): ReadonlyMap<string, Entry> {
  return new Map([...inbound].map(([type, message]) =>
    [type, { ...entries.get(message.type)!, inbound: message, fail: failures(message.type, message) }] as const))
}

/** Throws WSG_ERR_HANDLER for what is not a function. */
export function checkHooks (contract: CompiledContract, handlers: RouteHandlers): void {
  for (const name of ['onOpen', 'onClose', 'state', 'mayJoin'] as const) {
    const given: unknown = handlers[name]
    if (given === undefined || typeof given === 'function') continue
    throw new WSG_ERR_HANDLER(`contract ${contract.name}: ${name}: expected a function, got ${got(given)}`)
  }
}

/** Every key of `on` and `calls` is a message or a call of the contract, and has a value. */
function refuseStrangers (contract: CompiledContract, handlers: RouteHandlers): void {
  for (const [part, kind] of [['on', 'message'], ['calls', 'call']] as const) {
    const known = [...contract.inbound].filter(([, inbound]) => inbound.kind === kind).map(([type]) => type)
    checkKeys(handlers[part] ?? {}, known, `contract ${contract.name}: ${part}`, WSG_ERR_HANDLER)
  }
}

function failures (type: string, inbound: CompiledInbound): Fail {
  const fail: { [code: string]: (data: unknown) => Error } = Object.create(null) as {}
  for (const [code, encode] of inbound.errors ?? []) fail[code] = data => new CallFailure(type, code, encode(data))
  return Object.freeze(fail)
}

function own (object: object | undefined, key: string): unknown {
  if (object === undefined || !Object.hasOwn(object, key)) return undefined
  return (object as { readonly [key: string]: unknown })[key]
}
