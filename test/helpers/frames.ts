import { randomBytes } from 'node:crypto'

/** Opcodes of RFC 6455 section 5.2. */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameOptions {
  /** Default text. */
  readonly opcode?: number
  readonly payload?: string | Uint8Array
  /** Default true. */
  readonly fin?: boolean
  /** RSV bits as 0-7 (RSV1 is 4). Default 0. */
  readonly rsv?: number
  /** Four bytes; null sends it unmasked, which only a server may do. Default random. */
  readonly mask?: Uint8Array | null
  /** Writes this length in the header whatever the payload is. */
  readonly declaredLength?: number
}

/** A frame as it was on the wire, unmasked. */
export interface Frame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Buffer
}

/** One frame's bytes, masked as a client's must be (RFC 6455 section 5.3). Nothing is checked: bad frames are its purpose too. */
export function frame (options: FrameOptions = {}): Buffer {
  const given = options.payload ?? ''
  const payload = Buffer.from(typeof given === 'string' ? Buffer.from(given, 'utf8') : given)
  const length = options.declaredLength ?? payload.length
  const mask = options.mask === undefined ? randomBytes(4) : options.mask
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10)
  head[0] = (options.fin === false ? 0 : 0x80) | ((options.rsv ?? 0) << 4) | (options.opcode ?? OPCODES.text)
  const flag = mask === null ? 0 : 0x80
  if (head.length === 2) {
    head[1] = flag | length
  } else if (head.length === 4) {
    head[1] = flag | 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = flag | 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  if (mask === null) return Buffer.concat([head, payload])
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0)
  return Buffer.concat([head, mask, payload])
}

export const text = (payload: string): Buffer => frame({ payload })
export const json = (value: unknown): Buffer => frame({ payload: JSON.stringify(value) })
export const binary = (payload: Uint8Array): Buffer => frame({ opcode: OPCODES.binary, payload })
export const ping = (payload: string | Uint8Array = ''): Buffer => frame({ opcode: OPCODES.ping, payload })
export const pong = (payload: string | Uint8Array = ''): Buffer => frame({ opcode: OPCODES.pong, payload })

/** A close frame; without a code its payload is empty. */
export function close (code?: number, reason = ''): Buffer {
  if (code === undefined) return frame({ opcode: OPCODES.close })
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return frame({ opcode: OPCODES.close, payload: Buffer.concat([payload, Buffer.from(reason)]) })
}

/** Code and reason of a close frame; 1005 when it carries none (RFC 6455 section 7.1.5). */
export function closeOf (received: Frame): { code: number, reason: string } {
  if (received.payload.length < 2) return { code: 1005, reason: '' }
  return { code: received.payload.readUInt16BE(0), reason: received.payload.toString('utf8', 2) }
}

/** All whole frames in `bytes`, which must begin at a frame's first byte. What is left over is an unfinished frame. */
export function parseFrames (bytes: Buffer): { frames: Frame[], rest: Buffer } {
  const frames: Frame[] = []
  let at = 0
  for (;;) {
    const one = parseFrame(bytes, at)
    if (one === null) return { frames, rest: bytes.subarray(at) }
    frames.push(one.frame)
    at = one.end
  }
}

function parseFrame (bytes: Buffer, at: number): { frame: Frame, end: number } | null {
  if (bytes.length < at + 2) return null
  const first = bytes.readUInt8(at)
  const second = bytes.readUInt8(at + 1)
  let length = second & 0x7f
  let from = at + 2
  if (length === 126) {
    if (bytes.length < from + 2) return null
    length = bytes.readUInt16BE(from)
    from += 2
  } else if (length === 127) {
    if (bytes.length < from + 8) return null
    length = Number(bytes.readBigUInt64BE(from))
    from += 8
  }
  const masked = (second & 0x80) !== 0
  if (masked) from += 4
  const end = from + length
  if (bytes.length < end) return null
  const payload = Buffer.from(bytes.subarray(from, end))
  if (masked) {
    for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[from - 4 + (i & 3)] ?? 0)
  }
  return { frame: { fin: (first & 0x80) !== 0, rsv: (first >> 4) & 7, opcode: first & 15, masked, payload }, end }
}
