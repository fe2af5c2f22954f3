import { OPCODES, closeOf, json, parseFrames } from './frames.js'
import type { Frame } from './frames.js'
import { upgrade } from './handshake.js'
import type { UpgradeOptions } from './handshake.js'
import type { TcpClient, TcpOptions } from './tcp.js'

/** What the server sent as JSON. */
export interface Received {
  readonly type?: string
  readonly event?: string
  readonly id?: string | number
  readonly data?: unknown
  readonly error?: { readonly code: string, readonly message: string, readonly issues?: readonly unknown[], readonly retryAfter?: number, readonly budget?: string, readonly data?: unknown }
}

/** A WebSocket client that sends exactly what it is told: no pong, no close frame, no back-off by itself. */
export class RawClient {
  readonly client: TcpClient
  readonly #frames: Frame[] = []
  readonly #texts: string[] = []
  readonly #messages: Received[] = []
  /** Where the first frame that is not parsed yet begins. */
  #at: number

  constructor (client: TcpClient, start: number) {
    this.client = client
    this.#at = start
  }

  send (bytes: Uint8Array): void {
    this.client.send(bytes)
  }

  json (...values: readonly unknown[]): void {
    this.client.send(Buffer.concat(values.map(json)))
  }

  /** All whole frames so far. */
  frames (): Frame[] {
    const received = this.client.received()
    const { frames, rest } = parseFrames(received.subarray(this.#at))
    this.#at = received.length - rest.length
    for (const frame of frames) {
      this.#frames.push(frame)
      if (frame.opcode === OPCODES.text) this.#texts.push(frame.payload.toString())
    }
    return this.#frames
  }

  /** Payloads of the text frames so far. */
  texts (): string[] {
    this.frames()
    return this.#texts
  }

  messages (): Received[] {
    const texts = this.texts()
    while (this.#messages.length < texts.length) this.#messages.push(JSON.parse(texts[this.#messages.length] ?? '') as Received)
    return this.#messages
  }

  /** Waits for `count` text frames in all. */
  waitMessages (count: number): Promise<Received[]> {
    return this.client.waitFor(() => {
      const messages = this.messages()
      return messages.length >= count ? [...messages] : undefined
    }, `${count} messages`)
  }

  waitMessage (matches: (message: Received) => boolean): Promise<Received> {
    return this.client.waitFor(() => this.messages().find(matches), 'a message')
  }

  waitFrame (opcode: number): Promise<Frame> {
    return this.client.waitFor(() => this.frames().find(frame => frame.opcode === opcode), `a frame of opcode ${opcode}`)
  }

  /** Waits for the server's close frame. */
  async waitClose (): Promise<{ code: number, reason: string }> {
    return closeOf(await this.waitFrame(OPCODES.close))
  }
}

/** Opens a WebSocket. Rejects when the server refuses. */
export async function openRaw (port: number, options: UpgradeOptions & { readonly tcp?: TcpOptions } = {}): Promise<RawClient> {
  const result = await upgrade(port, options)
  if (result.status !== 101) {
    result.client.destroy()
    throw new Error(`refused with ${result.status}`)
  }
  return new RawClient(result.client, result.response.length)
}
