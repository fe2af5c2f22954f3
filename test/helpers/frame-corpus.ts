import { readCorpus } from './contract.js'

/** A row of ws-frames.json: bytes a client sends after the 101, and what must come of them. */
export interface FrameRow {
  readonly id: string
  readonly desc: string
  /** A close code, or words that begin with `echo`. */
  readonly expect: string | number
  /** Left out where a recipe builds the bytes. */
  readonly hex?: string
  /** Sent with permessage-deflate negotiated. */
  readonly pmd?: boolean
}

export const frameCorpus = (): readonly FrameRow[] => readCorpus<{ frames: FrameRow[] }>('ws-frames.json').frames
