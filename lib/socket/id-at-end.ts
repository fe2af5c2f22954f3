import type { EnvelopeKeys } from '../protocol/envelope.js'

/** The last member of an object: a whole number of at most 16 digits. */
const LAST = /("[^"]*":)(\d{1,16})\}$/

/**
 * The id of a message that is refused before it is read, where a whole number under the id's key is its last member, as
 * our clients write it. What is refused costs no parsing; a frame that is no JSON gets back the number that it ends
 * with. Null: none, or (in a flat contract) one that may belong to the payload.
 */
export function idAtEnd (frame: Buffer, { id: key, data }: EnvelopeKeys): number | null {
  if (data === null) return null
  const start = `${JSON.stringify(key)}:`
  const found = LAST.exec(frame.subarray(-Buffer.byteLength(start) - 17).toString())
  const id = Number(found?.[2])
  return found?.[1] === start && Number.isSafeInteger(id) ? id : null
}
