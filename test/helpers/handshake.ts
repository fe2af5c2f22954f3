import { randomBytes } from 'node:crypto'
import { close, closeOf, OPCODES, parseFrames, pong, text } from './frames.js'
import type { Frame } from './frames.js'
import { connect } from './tcp.js'
import type { RawResponse, TcpClient, TcpOptions } from './tcp.js'

/**
 * One upgrade request. Everything left out is what a legitimate page on localhost sends; null leaves a header out, and
 * a list sends it once per entry.
 */
export interface UpgradeOptions {
  /** Default GET. */
  readonly method?: string
  /** The request target as it stands. Default `/ws`. */
  readonly path?: string
  /** Default HTTP/1.1. */
  readonly protocolVersion?: string
  /** Default `localhost`, from `upgrade` with the port. */
  readonly host?: string | readonly string[] | null
  /** Default `http://` and the default host. */
  readonly origin?: string | readonly string[] | null
  readonly cookie?: string | null
  /** Sec-WebSocket-Version. Default 13. */
  readonly version?: string | readonly string[] | null
  /** Sec-WebSocket-Key. Default 16 random bytes. */
  readonly key?: string | null
  /** Sec-WebSocket-Protocol; a list is one line per entry. */
  readonly protocol?: string | readonly string[] | null
  /** Sec-WebSocket-Extensions. */
  readonly extensions?: string | null
  /** Default `websocket`. */
  readonly upgrade?: string | null
  /** Default `Upgrade`. */
  readonly connection?: string | null
  /** Further lines, in order; a name may repeat. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | { readonly [name: string]: string }
  /** Sent after the empty line, in the same write: frames that don't wait for the 101, or a body. */
  readonly after?: string | Uint8Array
}

/** What came of a handshake. */
export interface UpgradeResult {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** Of a refusal; empty after a 101. */
  readonly body: string
  readonly response: RawResponse
  /** The raw connection; after a 101 it is the caller's to close. */
  readonly client: TcpClient
  /** Bytes received so far after the answer: frames after a 101, a second answer otherwise. */
  rest (): Buffer
  /** Waits until the server has closed the connection. */
  closed (limit?: number): Promise<void>
}

/** The request's text, to be sent as latin1. */
export function upgradeRequest (options: UpgradeOptions = {}): string {
  const lines = [`${options.method ?? 'GET'} ${options.path ?? '/ws'} ${options.protocolVersion ?? 'HTTP/1.1'}`]
  const add = (name: string, value: string | readonly string[] | null | undefined): void => {
    if (value === null || value === undefined) return
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`)
  }
  const or = <T>(value: T | undefined, fallback: T): T => value === undefined ? fallback : value
  add('Host', or(options.host, 'localhost'))
  add('Upgrade', or(options.upgrade, 'websocket'))
  add('Connection', or(options.connection, 'Upgrade'))
  add('Sec-WebSocket-Key', or(options.key, randomBytes(16).toString('base64')))
  add('Sec-WebSocket-Version', or(options.version, '13'))
  add('Origin', or(options.origin, 'http://localhost'))
  add('Cookie', options.cookie)
  add('Sec-WebSocket-Protocol', options.protocol)
  add('Sec-WebSocket-Extensions', options.extensions)
  const further = options.headers ?? []
  for (const [name, value] of isList(further) ? further : Object.entries(further)) add(name, value)
  return lines.join('\r\n') + '\r\n\r\n'
}

/** Connects, sends one upgrade request and waits for the answer. Refusals resolve like admissions do. */
export async function upgrade (port: number, options: UpgradeOptions & { readonly tcp?: TcpOptions } = {}): Promise<UpgradeResult> {
  const client = await connect(port, options.tcp)
  const authority = `localhost:${port}`
  const scheme = options.tcp?.tls === undefined ? 'http' : 'https'
  const head = upgradeRequest({ host: authority, origin: `${scheme}://${authority}`, ...options })
  const after = options.after ?? ''
  client.send(Buffer.concat([Buffer.from(head, 'latin1'), typeof after === 'string' ? Buffer.from(after, 'latin1') : after]))
  const result = await answer(client)
  if (result.status === 101) answerPing(client)
  return result
}

// The guard asks idle sockets whether they live before it refuses a newcomer, and any WebSocket stack would answer. A
// client whose reading is paused does not.
function answerPing ({ socket, send }: TcpClient): void {
  socket.on('data', chunk => {
    if (chunk.length === 2 && chunk[0] === 0x89 && chunk[1] === 0 && !socket.writableEnded) send(pong())
  })
}

/** Connects, sends `request` byte for byte (a corpus row) and waits for the answer. */
export async function exchange (port: number, request: string, tcp: TcpOptions = {}): Promise<UpgradeResult> {
  const client = await connect(port, tcp)
  client.send(request)
  return await answer(client)
}

async function answer (client: TcpClient): Promise<UpgradeResult> {
  try {
    const response = await client.response()
    return {
      status: response.status,
      headers: response.headers,
      body: response.body,
      response,
      client,
      rest: () => client.received().subarray(response.length),
      closed: limit => client.waitClose(limit),
    }
  } catch (error) {
    client.destroy()
    throw error
  }
}

function isList<T> (value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value)
}

/** The code in a refusal's body. */
export function codeOf (refused: UpgradeResult): string {
  return (JSON.parse(refused.body) as { code: string }).code
}

/** The first `count` frames after a 101. */
export function framesOf (opened: UpgradeResult, count: number): Promise<Frame[]> {
  return opened.client.waitFor(() => {
    const { frames } = parseFrames(opened.rest())
    return frames.length >= count ? frames : undefined
  }, `${count} frames`)
}

/** Code and reason of the close frame that comes. */
export function closeFrame (opened: UpgradeResult): Promise<{ code: number, reason: string }> {
  return opened.client.waitFor(() => {
    const found = parseFrames(opened.rest()).frames.find(one => one.opcode === OPCODES.close)
    return found === undefined ? undefined : closeOf(found)
  }, 'a close frame')
}

/** True when `opened` is a WebSocket that echoes; closes it. */
export async function echoes (opened: UpgradeResult): Promise<boolean> {
  try {
    if (opened.status !== 101) return false
    opened.client.send(text('are you there'))
    const [reply] = await framesOf(opened, 1)
    opened.client.send(close(1000))
    await opened.closed()
    return reply?.opcode === OPCODES.text && reply.payload.toString() === 'are you there'
  } finally {
    opened.client.destroy()
  }
}
