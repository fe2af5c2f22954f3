// Frames of a server as ws writes them (RFC 6455 section 5.2); `selfCheck` of ws-internals.ts compares the two.

/** A server frame, header included: latin1 text where each character is one byte, or bytes. */
export type Frame = string | Buffer

/** Larger frames are written from a buffer, so that a broadcast shares the bytes instead of copying them per member. */
const LATIN1_LIMIT = 4096

const SHORT_HEADERS: readonly string[] =
  Array.from({ length: 126 }, (_, length) => '\x81' + String.fromCharCode(length))

/** Frames one text message: FIN, opcode 1, unmasked (RFC 6455 section 5.2). Lone surrogates become U+FFFD. */
export function frameText (text: string): Frame {
  const bytes = Buffer.byteLength(text)
  if (bytes === text.length && bytes <= LATIN1_LIMIT) {
    return bytes < 126 ? SHORT_HEADERS[bytes] + text : '\x81\x7e' + String.fromCharCode(bytes >> 8, bytes & 255) + text
  }
  const frame = Buffer.allocUnsafe(headerLength(bytes) + bytes)
  frame.write(text, writeHeader(frame, 0x81, bytes), 'utf8')
  // One kind of chunk per batch keeps the flush a single string.
  return bytes <= LATIN1_LIMIT ? frame.toString('latin1') : frame
}

/** Frames one binary message: FIN, opcode 2, unmasked. The bytes are copied. */
export function frameBinary (data: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerLength(data.length) + data.length)
  frame.set(data, writeHeader(frame, 0x82, data.length))
  return frame
}

/** Frames a close: FIN, opcode 8, unmasked (RFC 6455 section 5.5.1). `reason` has at most 123 bytes. */
export function frameClose (code: number, reason: string): Buffer {
  const length = 2 + Buffer.byteLength(reason)
  const frame = Buffer.allocUnsafe(headerLength(length) + length)
  const start = frame.writeUInt16BE(code, writeHeader(frame, 0x88, length))
  frame.write(reason, start)
  return frame
}

function headerLength (bytes: number): number {
  return bytes < 126 ? 2 : bytes < 65536 ? 4 : 10
}

function writeHeader (frame: Buffer, first: number, bytes: number): number {
  frame[0] = first
  if (bytes < 126) {
    frame[1] = bytes
    return 2
  }
  if (bytes < 65536) {
    frame[1] = 126
    frame.writeUInt16BE(bytes, 2)
    return 4
  }
  frame[1] = 127
  frame.writeBigUInt64BE(BigInt(bytes), 2)
  return 10
}
