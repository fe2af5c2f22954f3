import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WSG_ERR_OPTION_UNSAFE } from '../errors/coded.js'
import { warnChanged } from './changed.js'

type UpgradeListener = (raw: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Pieces of the source of other packages' listeners, so that a message can name them. */
const PRODUCTS: readonly (readonly [piece: string, product: string])[] = [
  ['destroyUpgrade', 'socket.io (engine.io)'],
  ['isUpgradeWithinPrefixes', '@fastify/http-proxy'],
  ['HMR_HEADER', 'vite'],
  ['vite-hmr', 'vite'],
  ['emitConnection', 'a ws server with the option server'],
]

/** `once` wraps its listener. */
function unwrap (listener: Function): Function {
  return (listener as { readonly listener?: Function }).listener ?? listener
}

function nameOf (listener: Function): string {
  const source = String(listener)
  const product = PRODUCTS.find(([piece]) => source.includes(piece))?.[1]
  return product ?? (listener.name === '' ? 'an anonymous function' : `the function ${listener.name}`)
}

/** @fastify/websocket keeps its listener to itself; it is a function of that name which calls the router. */
function looksLikeFastifyWebSocket (listener: Function): boolean {
  return listener.name === 'onUpgrade' && String(listener).includes('fastify.routing(')
}

/**
 * Decides which listeners of the server's `upgrade` event see a handshake. Node calls all of them: a second one would
 * serve a handshake that the gate has just refused, or answer 404 behind another's 101. Here each handshake has one
 * side only: those whose path is somebody else's (`isTheirs`) go to the other listeners, all the rest to the gate.
 */
export class UpgradeListeners {
  readonly #server: Server
  readonly #gate: UpgradeListener
  #plugin: Function | null = null

  constructor (fastify: FastifyInstance, gate: UpgradeListener, isTheirs: (url: string) => boolean) {
    const server = this.#server = fastify.server
    this.#gate = gate
    server.prependListener('upgrade', gate)
    // Servers for further addresses of localhost hand their handshakes to this emit as well.
    const emit = server.emit.bind(server) as (event: string, ...details: unknown[]) => boolean
    server.emit = ((event: string, ...details: unknown[]): boolean => {
      if (event !== 'upgrade') return emit(event, ...details)
      const listeners = server.rawListeners('upgrade')
      const [raw] = details as [IncomingMessage]
      const isOurs = listeners.every(listener => this.#isOwn(unwrap(listener))) || !isTheirs(raw.url ?? '')
      for (const listener of listeners) {
        if (this.#isOwn(unwrap(listener)) === isOurs) Reflect.apply(listener, server, details)
      }
      return true
    }) as typeof server.emit
  }

  /** @fastify/websocket is registered by `register`, or was before; without it the listener is looked for. */
  async learn (fastify: FastifyInstance, register: () => Promise<void>): Promise<void> {
    const before = new Set(this.#server.rawListeners('upgrade'))
    await register()
    const added = this.#server.rawListeners('upgrade').filter(listener => !before.has(listener))
    this.#plugin = added[0] ?? null
    if (added.length !== 1 || !looksLikeFastifyWebSocket(added[0]!)) {
      warnChanged(fastify.log, 'upgrade-listeners', 'where the application registers @fastify/websocket itself, its ' +
        'listener is not recognised')
    }
  }

  /** Names of the listeners that are neither the gate's nor @fastify/websocket's. */
  strangers (): string[] {
    return this.#server.listeners('upgrade').filter(listener => !this.#isOwn(listener)).map(nameOf)
  }

  /** Throws WSG_ERR_OPTION_UNSAFE where @fastify/websocket listens on another server, past the gate. */
  checkPlugin (): void {
    if (this.#server.listeners('upgrade').some(listener => listener !== this.#gate && this.#isOwn(listener))) return
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.server: expected to be left out, got another ' +
      'server, whose handshakes the guard does not see')
  }

  /** Calls back for each listener that is added from now on and is nobody's we know. */
  watch (onStranger: (name: string) => void): void {
    this.#server.on('newListener', (event: string, listener: Function) => {
      if (event === 'upgrade' && !this.#isOwn(unwrap(listener))) onStranger(nameOf(unwrap(listener)))
    })
  }

  stop (): void {
    this.#server.removeListener('upgrade', this.#gate)
  }

  #isOwn (listener: Function): boolean {
    if (listener === this.#gate || listener === this.#plugin) return true
    // At most one: a second @fastify/websocket does not boot.
    if (this.#plugin !== null || !looksLikeFastifyWebSocket(listener)) return false
    this.#plugin = listener
    return true
  }
}
