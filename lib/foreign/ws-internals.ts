import type { Duplex, Writable } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { frameText } from './frames.js'
import { probeInMemory } from './memory-handshake.js'

// The one file that knows the insides of ws. ws writes every frame by itself; here frames of one tick become one write.
// `selfCheck` proves at boot that ws still is what this file takes it for; otherwise everything goes through `ws.send`.

/** What is told before ws writes a frame of its own. */
export interface BeforeFrame {
  flush: () => void
}

const OWNER = Symbol('fastify-ws-guard.outbox')

type SendFrame = (list: readonly unknown[], callback?: (error?: Error) => void) => void

interface Sender {
  [OWNER]?: BeforeFrame
  readonly _socket: Duplex
  readonly _state: number
  readonly _queue: readonly unknown[]
  readonly _firstFragment: boolean
  readonly _generateMask?: unknown
  sendFrame: SendFrame
}

interface Receiver {
  readonly _fragmented: number
  readonly _fragments: readonly unknown[]
}

interface Internals {
  readonly _receiver?: Receiver | null
  readonly _isServer: boolean
  readonly _sender: Sender | null
  readonly _socket: Duplex | null
  readonly _extensions: { readonly [name: string]: unknown }
}

/** Lets a socket receive messages of so many bytes from here on. */
export function setPayloadLimit (ws: WebSocket, bytes: number): void {
  const receiver = (ws as unknown as { readonly _receiver?: { _maxPayload?: number } | null })._receiver
  if (receiver?._maxPayload !== undefined) receiver._maxPayload = bytes
}

function flushThenSend (this: Sender, list: readonly unknown[], callback?: (error?: Error) => void): void {
  this[OWNER]?.flush()
  const standard = (Object.getPrototypeOf(this) as Sender).sendFrame
  standard.call(this, list, callback)
}

/**
 * The stream that takes frames past ws's sender, or null when ws must frame itself: compression was negotiated, the
 * sender is busy, or its insides are not the known ones. From then on `owner.flush` runs before each frame that ws
 * itself writes (pong, ping, close, the application's own `send`), so that order is kept.
 */
export function takeOver (ws: WebSocket, owner: BeforeFrame): Duplex | null {
  const inside = ws as unknown as Internals
  const sender = inside._sender
  const stream = inside._socket
  if (inside._isServer !== true || sender === null || typeof sender !== 'object') return null
  if (stream === null || typeof stream !== 'object' || sender._socket !== stream) return null
  if (typeof sender.sendFrame !== 'function' || sender._generateMask !== undefined) return null
  if (sender._state !== 0 || sender._firstFragment !== true) return null
  if (!Array.isArray(sender._queue) || sender._queue.length > 0) return null
  if (inside._extensions === undefined || Object.keys(inside._extensions).length > 0) return null
  // One function for all sockets: a closure for each is a good part of what an idle socket weighs.
  if (Object.hasOwn(sender, 'sendFrame')) return null
  sender[OWNER] = owner
  sender.sendFrame = flushThenSend
  return stream
}

/** The part of Bun's ServerWebSocket that writes. */
export interface NativeSender {
  sendText: (text: string) => number
  sendBinary: (data: Uint8Array) => number
  getBufferedAmount: () => number
}

/**
 * On Bun, the server's own socket under the `ws` that Bun puts in place of the package: it writes without the detour,
 * and joins the frames of one read by itself. Null on Node, and where Bun is not the known one.
 */
export function nativeSender (ws: WebSocket): NativeSender | null {
  if (process.versions['bun'] === undefined) return null
  const key = Object.getOwnPropertySymbols(ws).find(symbol => symbol.description === 'kNative')
  const native = key === undefined ? null : (ws as unknown as Record<symbol, Partial<NativeSender> | null>)[key]
  if (typeof native?.sendText !== 'function' || typeof native.sendBinary !== 'function') return null
  if (typeof native.getBufferedAmount !== 'function') return null
  return native as NativeSender
}

/** False while the application's own `ws.send` is in the middle of a fragmented message, or sends a Blob. */
export function mayInterleave (ws: WebSocket): boolean {
  const sender = (ws as unknown as Internals)._sender
  return sender !== null && sender._state === 0 && sender._firstFragment
}

/**
 * A token for the fragmented message that is being put together, the same one until it is complete; null between
 * messages, and where the receiver's insides are not the known ones.
 */
export function assemblyOf (ws: WebSocket): object | null {
  const receiver = (ws as unknown as Internals)._receiver
  if (receiver === null || typeof receiver !== 'object' || receiver._fragmented === 0) return null
  // ws begins a new list after each message.
  return Array.isArray(receiver._fragments) ? receiver._fragments : null
}

/**
 * Proves on a socket in memory that this version of ws frames as `frameText` does and passes all its own frames
 * through `sendFrame`. Synchronous; false means that `ws.send` must be used. Never throws.
 */
export function selfCheck (Server: typeof WebSocketServer): boolean {
  return probeInMemory(Server, ({ ws, stream, written }) => {
    let calls = 0
    if (takeOver(ws, { flush: () => { calls++ } }) !== stream || !mayInterleave(ws)) return false
    const texts = ['a', 'x'.repeat(125), 'x'.repeat(126), 'é'.repeat(70), 'x'.repeat(70000)]
    const same = texts.every(text => {
      const start = written().length
      ws.send(text)
      return written().slice(start) === frameText(text).toString('latin1')
    })
    const start = written().length
    ws.send(Buffer.of(1, 2))
    ws.ping()
    ws.pong()
    ws.close(1000)
    const frames = '\x82\x02\x01\x02\x89\x00\x8a\x00\x88\x02\x03\xe8'
    return same && calls === texts.length + 4 && written().slice(start) === frames
  })
}

/** Proves that `assemblyOf` sees a fragmented message begin and end. Synchronous; never throws. */
export function readsFragments (Server: typeof WebSocketServer): boolean {
  return probeInMemory(Server, ({ ws }) => {
    const receiver = (ws as unknown as { readonly _receiver: Writable })._receiver
    const before = assemblyOf(ws)
    // "a" without FIN, then "b" with it; both masked with zeros.
    receiver.write(Buffer.of(0x01, 0x81, 0, 0, 0, 0, 0x61))
    const between = assemblyOf(ws)
    receiver.write(Buffer.of(0x80, 0x81, 0, 0, 0, 0, 0x62))
    return before === null && between !== null && assemblyOf(ws) === null
  })
}
