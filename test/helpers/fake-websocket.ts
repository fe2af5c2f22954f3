import type { WebSocketConstructor, WebSocketLike } from '../../lib/client.js'

/** A socket that a test plays the server of. */
export class FakeSocket implements WebSocketLike {
  binaryType = 'blob'
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  readonly frames: (string | Uint8Array)[] = []
  closed: { readonly code?: number, readonly reason?: string } | null = null
  readonly url: string
  readonly protocols: readonly string[]

  constructor (url: string, protocols: readonly string[]) {
    this.url = url
    this.protocols = protocols
  }

  /** Envelopes that the client has sent, without its heartbeat. */
  get sent (): { readonly type: string, readonly data?: unknown, readonly id?: number }[] {
    return this.frames.map(frame => JSON.parse(String(frame))).filter(({ type }) => type !== '$ping')
  }

  get pings (): number {
    return this.frames.filter(frame => String(frame).includes('$ping')).length
  }

  send (frame: string | Uint8Array): void {
    this.frames.push(frame)
  }

  close (code?: number, reason?: string): void {
    this.closed = { code, reason }
  }

  /** The server admits, and shows it by saying something. */
  open (): void {
    this.onopen?.({} as never)
    this.say({ type: '$pong' })
  }

  /** The server says something. */
  say (message: object | string | ArrayBuffer): void {
    this.onmessage?.({ data: message instanceof ArrayBuffer || typeof message === 'string' ? message : JSON.stringify(message) } as never)
  }

  /** The connection ends. */
  end (code: number, reason = ''): void {
    this.onclose?.({ code, reason } as never)
  }
}

/** A constructor for `createClient({ WebSocket })`, and the sockets that it made. */
export function fakeSockets (onNew?: (socket: FakeSocket) => void): { readonly WebSocket: WebSocketConstructor, readonly sockets: FakeSocket[] } {
  const sockets: FakeSocket[] = []
  return {
    sockets,
    WebSocket: class extends FakeSocket {
      constructor (url: string, protocols: string[]) {
        super(url, protocols)
        sockets.push(this)
        onNew?.(this)
      }
    },
  }
}
