// Tested in test/socket/groups.test.ts and test/socket/slow.test.ts.
import { frameBinary, frameText } from '../foreign/frames.js'
import type { Frame } from '../foreign/frames.js'

/** A message that slow readers may miss, wholly or but for the latest one. */
export interface Lossy {
  readonly type: string
  /** Of messages with the same key the last one is sent; null: none is. */
  readonly key: string | null
  /** The group it was sent to; null: this socket alone. */
  readonly group: string | null
}

/** A message for many sockets, framed once, by the first one that takes it; or one that slow readers may miss. */
export class SharedMessage {
  readonly payload: string | Uint8Array
  readonly lossy: Lossy | null
  private framed: Frame | null = null

  constructor (payload: string | Uint8Array, lossy: Lossy | null) {
    this.payload = payload
    this.lossy = lossy
  }

  get frame (): Frame {
    this.framed ??= typeof this.payload === 'string' ? frameText(this.payload) : frameBinary(this.payload)
    return this.framed
  }
}
