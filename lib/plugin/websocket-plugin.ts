import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { replaceInjectWS } from '../foreign/inject-ws.js'
import { refuseSecondServer } from '../foreign/registered-plugins.js'
import type { UpgradeListeners } from '../foreign/upgrade-listeners.js'
import { guardServer, safeServerOptions } from '../foreign/websocket-server.js'
import type { ResolvedOptions } from './options.js'
import type { Rooms } from './rooms.js'

// Tested in test/plugin/adopted-server.test.ts and test/plugin/adopting.test.ts.

/** @fastify/websocket: ours, or the application's, before or after this plugin. */
export class WebSocketPlugin {
  readonly #fastify: FastifyInstance
  readonly #options: ResolvedOptions
  readonly #rooms: Rooms
  readonly #listeners: UpgradeListeners
  #isAdopted = false

  constructor (fastify: FastifyInstance, options: ResolvedOptions, rooms: Rooms, listeners: UpgradeListeners) {
    this.#fastify = fastify
    this.#options = options
    this.#rooms = rooms
    this.#listeners = listeners
  }

  /** Registers it where that is ours to do, and puts the gate before its server if it is there by now. */
  async register (): Promise<void> {
    const fastify = this.#fastify
    const { sockets } = this.#rooms
    if (this.#options.registerWebSocket && !fastify.hasDecorator('websocketServer')) {
      await this.#listeners.learn(fastify, async () => {
        const settings = { options: safeServerOptions(this.#options.websocket), errorHandler: sockets.onError as never }
        await fastify.register(websocket, settings)
      })
    }
    refuseSecondServer(fastify, !fastify.hasDecorator('websocketServer'))
    this.#adopt()
  }

  /** `onReady`: the last moment for it to be there. Throws WSG_ERR_PLUGIN_ORDER where it is not. */
  prove (): void {
    this.#adopt()
    if (this.#isAdopted) return
    throw new WSG_ERR_PLUGIN_ORDER('websocket: false, so @fastify/websocket was expected on the root instance, ' +
      'got none; register it, or leave the option out')
  }

  #adopt (): void {
    const fastify = this.#fastify
    if (this.#isAdopted || !fastify.hasDecorator('websocketServer')) return
    this.#isAdopted = true
    const { gate, host, sockets } = this.#rooms
    const { websocket: limits, origins, requireTls } = this.#options
    this.#listeners.checkPlugin()
    fastify.websocketServer.on('connection', sockets.onConnection)
    guardServer(fastify.websocketServer, gate.judge, limits, gate.payloadLimitOf, fastify.log)
    const pages = Array.isArray(origins) ? origins as readonly string[] : []
    replaceInjectWS(fastify, { hosts: host.entries, origins: pages, encrypted: requireTls })
  }
}
