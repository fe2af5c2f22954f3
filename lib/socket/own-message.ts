// Tested in test/socket/close.test.ts and test/attack/first-message.test.ts.
import type { EnvelopeKeys } from '../protocol/envelope.js'

export interface Fields { readonly [key: string]: unknown }

/** The message in a frame, where it is of that type, one of the protocol's own. Null: another, or none at all. */
export function readOwn (frame: string, { type: typeKey }: EnvelopeKeys, type: string): Fields | null {
  try {
    const message = JSON.parse(frame) as unknown
    if (typeof message !== 'object' || message === null) return null
    return (message as Fields)[typeKey] === type ? message as Fields : null
  } catch {
    return null
  }
}
