import type { Frame } from './codec.js'
import type { ClientError } from './error.js'
import type { Link } from './link.js'

/** A message, or a call without its reply. */
export interface Entry {
  readonly frame: Frame
  readonly type: string
  /** The payload. */
  readonly sent?: unknown
  /** Worthless on another connection than the one it was written for. */
  readonly drop?: boolean
  /** It was handed to the socket. */
  isOut?: boolean
  /** Of a call: its end. */
  readonly settle?: (error: ClientError | undefined, data?: unknown) => void
}

/**
 * How fast messages are sent: by default a tenth slower than a server takes them (docs/protocol.md section 7), for what
 * the network bunches.
 */
export interface Pace {
  /** Messages per second. Default 90. */
  readonly rate?: number
  /** Messages that may be sent at once after silence. Default 180. */
  readonly burst?: number
}

/** A tenth slower than the server says: the network bunches messages. */
const SLOWER = 1.1

/** What waits for the connection, or for the server's pace. Bounded. */
export interface Outbox {
  /** False when it is full or the client closed, or worthless because there is no connection. */
  add: (entry: Entry) => boolean
  /** Keeps those that pass. */
  keep: (test: (entry: Entry) => unknown) => void
  /**
   * Sends what may be sent now; the rest follows. `pause`: the server has refused a message and takes the next one
   * after so many milliseconds. That is the pace from now on, and nothing is saved up any more.
   */
  flush: (pause?: number) => void
}

export function createOutbox (size: number, { rate = 90, burst = 180 }: Pace, link: Link): Outbox {
  let waiting: Entry[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  // A token bucket as one number: when it will be full again (the generic cell rate algorithm of ATM Forum's TM 4.0).
  let fullAt = 0
  let each = 1000 / rate
  let ahead = each * (burst - 1)

  const flush = (pause?: number): void => {
    clearTimeout(timer)
    const now = Date.now()
    // Before it has admitted us the server speaks of connections.
    if (pause && link.state === 'open') {
      ahead = 0
      fullAt = now + pause
      each = Math.max(each, pause * SLOWER)
    }
    while (link.state === 'open' && waiting[0]) {
      const wait = fullAt - ahead - now
      if (wait >= 1) {
        timer = setTimeout(flush, wait)
        return
      }
      fullAt = Math.max(fullAt, now) + each
      const entry = waiting.shift()!
      entry.isOut = true
      link.send(entry.frame)
    }
  }

  return {
    flush,
    keep (test) { waiting = waiting.filter(test) },
    add (entry) {
      const fits = waiting.length < size && (entry.drop ? link.state === 'open' : link.state !== 'closed')
      if (fits) waiting.push(entry)
      flush()
      return fits
    },
  }
}
