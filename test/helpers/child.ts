import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'

/** Ends a child by its own id and waits: SIGTERM, after `grace` milliseconds SIGKILL. */
export async function stopChild (child: ChildProcess, grace = 3000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  // A child stopped by SIGSTOP takes no SIGTERM.
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), grace)
  await exited
  clearTimeout(timer)
}

/** Resolves with the match once the stream's text matches; rejects when it ends or after `limit` milliseconds. */
export function waitForOutput (stream: Readable, pattern: RegExp, limit = 60_000): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    let text = ''
    const done = (): void => {
      clearTimeout(timer)
      stream.off('data', onData)
      stream.off('end', onEnd)
      // Keep the pipe flowing, or the child would block on a full one.
      stream.resume()
    }
    const onData = (chunk: Buffer | string): void => {
      text += chunk.toString()
      const match = text.match(pattern)
      if (match === null) return
      done()
      resolve(match)
    }
    const onEnd = (): void => {
      done()
      reject(new Error(`the output ended without ${pattern}: ${text.slice(-2000)}`))
    }
    const timer = setTimeout(() => {
      done()
      reject(new Error(`no ${pattern} within ${limit} ms: ${text.slice(-2000)}`))
    }, limit)
    stream.on('data', onData)
    stream.on('end', onEnd)
  })
}
