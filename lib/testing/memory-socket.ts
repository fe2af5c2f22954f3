import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import type { WebSocketConstructor, WebSocketLike } from '../client/link.js'
import { INJECTED, type InjectedHandshake } from '../protocol/injected.js'

// Tested in test/testing/connect.test.ts.

/** What a socket in memory is opened with. */
export interface MemoryHandshake extends InjectedHandshake {
  readonly headers: { readonly [name: string]: string }
  /** The address that the application sees. */
  readonly address: string
}

/** What its owner is told beside the events of a WebSocket. */
export interface MemoryObserver {
  /** Before the client hears it. */
  readonly frame: (data: unknown) => void
  /** Refused by an HTTP status. */
  readonly refused: (error: Error) => void
  /** The connection is gone, whoever ended it. */
  readonly gone: () => void
}

/** The client's end of `app.injectWS` as a constructor of WebSockets. */
export function memorySockets (
  app: FastifyInstance,
  { headers, address, ...injected }: MemoryHandshake,
  observer: MemoryObserver
): WebSocketConstructor {
  return class implements WebSocketLike {
    binaryType = 'arraybuffer'
    onopen: WebSocketLike['onopen'] = null
    onmessage: WebSocketLike['onmessage'] = null
    onclose: WebSocketLike['onclose'] = null
    onerror: WebSocketLike['onerror'] = null
    #ws: WebSocket | undefined
    #isClosed = false

    constructor (url: string, protocols: string[]) {
      const { pathname, search } = new URL(url)
      const context = {
        headers: { 'sec-websocket-protocol': protocols.join(', '), ...headers },
        socket: { remoteAddress: address },
        [INJECTED]: injected,
      }
      app.injectWS(pathname + search, context as never, { onInit: ws => this.#attach(ws) }).catch((error: Error) => {
        observer.refused(error)
        this.#end(1006, '')
      })
    }

    /** Before the handshake: nothing that comes with it is lost. */
    #attach (ws: WebSocket): void {
      this.#ws = ws
      ws.binaryType = 'arraybuffer'
      ws.onopen = () => {
        if (this.#isClosed) ws.close()
        else this.onopen?.({} as never)
      }
      ws.onmessage = ({ data }) => {
        observer.frame(data)
        this.onmessage?.({ data } as never)
      }
      ws.onclose = ({ code, reason }) => this.#end(code, reason)
      ws.onerror = () => {}
    }

    #end (code: number, reason: string): void {
      observer.gone()
      this.onclose?.({ code, reason } as never)
    }

    send (data: string | Uint8Array): void {
      this.#ws?.send(data)
    }

    close (code?: number, reason?: string): void {
      this.#isClosed = true
      if (this.#ws?.readyState === 1) this.#ws.close(code, reason)
    }
  }
}
