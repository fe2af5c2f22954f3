import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** An HTTP/1.1 answer as it came over the wire. */
export interface RawResponse {
  readonly status: number
  readonly statusText: string
  /** Names in lower case; repeated ones joined with `, `. */
  readonly headers: ReadonlyMap<string, string>
  /** Decoded: by Content-Length, by chunks, or until the end of the connection. Empty for 101, 204 and 304. */
  readonly body: string
  /** Bytes of head and body on the wire: what follows them in `received()` are frames, or another answer. */
  readonly length: number
}

export interface TcpOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Local address, e.g. 127.0.0.2, to be another client. */
  readonly localAddress?: string
  /** Speaks TLS. `ca` is the PEM text to trust; left out: the certificate isn't checked. */
  readonly tls?: { readonly ca?: string, readonly servername?: string }
  /** Does not answer the peer's FIN with its own, like a client that hangs. Default false. TCP only. */
  readonly halfOpen?: boolean
  /** Milliseconds that every wait takes at most. Default 30,000. */
  readonly limit?: number
}

/** A raw client: what is sent is exactly what is given, and nothing is answered by itself. */
export interface TcpClient {
  readonly socket: Socket
  /** True once the connection is gone in both directions, or the peer has ended it. */
  readonly closed: boolean
  /** True when it went by an RST or another error. */
  readonly failed: boolean
  /** Text goes as latin1, byte for byte. */
  send (data: string | Uint8Array): void
  /** Everything received so far. */
  received (): Buffer
  /** Resolves with the first defined result of `probe` over what has been received. */
  waitFor<T> (probe: (received: Buffer) => T | undefined, what?: string): Promise<T>
  /** The answer that begins at `offset` (default 0). */
  response (offset?: number): Promise<RawResponse>
  /** Resolves when the peer has closed; rejects after `limit` milliseconds. */
  waitClose (limit?: number): Promise<void>
  /** Sends an RST. */
  reset (): void
  /** Sends a FIN and keeps reading. */
  end (): void
  destroy (): void
}

/** Opens a raw TCP or TLS connection. Rejects when nothing listens. */
export async function connect (port: number, options: TcpOptions = {}): Promise<TcpClient> {
  const limit = options.limit ?? 30_000
  const host = options.host ?? '127.0.0.1'
  const socket = await open(port, host, options, limit)
  const chunks: Buffer[] = []
  const watchers = new Set<() => void>()
  let all = Buffer.alloc(0)
  let closed = false
  let failed = false

  const notify = (): void => { for (const watcher of [...watchers]) watcher() }
  const gone = (): void => { closed = true; notify() }
  socket.on('data', chunk => { chunks.push(chunk); notify() })
  socket.on('error', () => { failed = true; gone() })
  socket.on('end', gone)
  socket.on('close', gone)
  socket.resume()

  const received = (): Buffer => {
    if (chunks.length > 0) all = Buffer.concat([all, ...chunks.splice(0)])
    return all
  }

  const waitFor = <T>(probe: (received: Buffer) => T | undefined, what = 'what was waited for', time = limit): Promise<T> =>
    new Promise((resolve, reject) => {
      const finish = (): void => { clearTimeout(timer); watchers.delete(check) }
      const fail = (why: string): void => {
        finish()
        reject(new Error(`${why} ${what}; received ${JSON.stringify(received().toString('latin1').slice(0, 500))}`))
      }
      const check = (): void => {
        const result = probe(received())
        if (result !== undefined) { finish(); resolve(result) } else if (closed) fail('the connection closed before')
      }
      const timer = setTimeout(() => fail(`no sign within ${time} ms of`), time)
      watchers.add(check)
      check()
    })

  return {
    socket,
    get closed () { return closed },
    get failed () { return failed },
    send (data) { socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data) },
    received,
    waitFor,
    response: (offset = 0) => waitFor(bytes => parseResponse(bytes.subarray(offset), closed), 'a whole HTTP response'),
    async waitClose (time = limit) { await waitFor(() => closed ? true : undefined, 'the close', time) },
    reset () {
      // Node 20 never exits after resetAndDestroy() of a socket whose own FIN is under way (uv_tcp_close_reset refuses it).
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    },
    end () { socket.end() },
    destroy () { socket.destroy() },
  }
}

function open (port: number, host: string, options: TcpOptions, limit: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const local = options.localAddress === undefined ? {} : { localAddress: options.localAddress }
    const socket = options.tls === undefined
      ? connectTcp({ port, host, allowHalfOpen: options.halfOpen === true, noDelay: true, ...local })
      : connectTls({
        port,
        host,
        servername: options.tls.servername ?? 'localhost',
        rejectUnauthorized: options.tls.ca !== undefined,
        ...(options.tls.ca === undefined ? {} : { ca: options.tls.ca }),
        ...local,
      })
    const timer = setTimeout(() => socket.destroy(new Error(`no connection to ${host}:${port}`)), limit)
    const ready = options.tls === undefined ? 'connect' : 'secureConnect'
    const failed = (error: Error): void => { clearTimeout(timer); reject(error) }
    socket.once('error', failed)
    socket.once(ready, () => {
      clearTimeout(timer)
      socket.off('error', failed)
      resolve(socket)
    })
  })
}

/** The first HTTP response in `bytes`; undefined while it is not whole. Throws when it is not HTTP/1.x. */
export function parseResponse (bytes: Buffer, ended = false): RawResponse | undefined {
  const text = bytes.toString('latin1')
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(statusLine)
  if (match === null) throw new Error(`not a status line: ${JSON.stringify(statusLine.slice(0, 200))}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const status = Number(match[1])
  const start = headEnd + 4
  const make = (body: Buffer, end: number): RawResponse =>
    ({ status, statusText: match[2] ?? '', headers, body: body.toString('utf8'), length: end })

  if (status === 101 || status === 204 || status === 304) return make(Buffer.alloc(0), start)
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunked = parseChunks(bytes, start)
    return chunked === undefined ? undefined : make(chunked.body, chunked.end)
  }
  const declared = headers.get('content-length')
  if (declared !== undefined) {
    const end = start + Number(declared)
    return bytes.length < end ? undefined : make(bytes.subarray(start, end), end)
  }
  return ended ? make(bytes.subarray(start), bytes.length) : undefined
}

function parseChunks (bytes: Buffer, start: number): { body: Buffer, end: number } | undefined {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1')
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const from = lineEnd + 2
    if (Number.isNaN(size)) throw new Error('not a chunk')
    if (bytes.length < from + size + 2) return undefined
    if (size === 0) return { body: Buffer.concat(parts), end: from + 2 }
    parts.push(bytes.subarray(from, from + size))
    at = from + size + 2
  }
}
