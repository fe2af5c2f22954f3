// Tested in test/socket/outbox.test.ts.
import type { Duplex } from 'node:stream'
import type { Frame } from '../foreign/frames.js'

/** Writes `chunks`, and behind them the latin1 frames of `text`, with one system call. */
export function writeFrames (stream: Duplex, text: string, chunks: readonly Frame[] | null): void {
  if (chunks === null) {
    stream.write(text, 'latin1')
    return
  }
  stream.cork()
  for (const chunk of chunks) {
    if (typeof chunk === 'string') stream.write(chunk, 'latin1')
    else stream.write(chunk)
  }
  if (text !== '') stream.write(text, 'latin1')
  stream.uncork()
}
