import type { Frame } from './codec.js'
import type { ClientError } from './error.js'
import type { Link } from './link.js'
import { refuseRest } from './refuse-rest.js'

/** A frame that is to be sent. */
export interface Outgoing {
  readonly frame: Frame
  /** Worthless on another connection than the one it was written for. */
  readonly drop?: boolean
}

/** A message, or a call without its reply. */
export interface Entry extends Outgoing {
  readonly type: string
  /** The payload. */
  readonly sent?: unknown
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

/** What waits for the connection, or for the server's pace. Bounded. */
export interface Outbox {
  /** In the order in which they are sent. What is taken out is not sent. */
  readonly waiting: Set<Outgoing>
  /** False when it is full or the client closed, or worthless because there is no connection. */
  add: (entry: Outgoing) => boolean
  /**
   * Sends what may be sent now; the rest follows. `pause`: the server has refused a message and takes the next one
   * after so many milliseconds. What was saved up is gone, and that is the pace until a minute has passed without
   * another refusal.
   */
  flush: (pause?: number) => void
}

export function createOutbox (size: number, { rate = 90, burst = 180, ...rest }: Pace, link: Link): Outbox {
  refuseRest(rest)
  const waiting = new Set<Outgoing>()
  // A token bucket as one number: when it will be full again (the generic cell rate algorithm of ATM Forum's TM 4.0).
  let each = 1000 / rate
  const ahead = each * (burst - 1)
  let fullAt = 0
  let slowUntil = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = (pause?: number): void => {
    clearTimeout(timer)
    // Before it has admitted us the server speaks of connections.
    if (link.state !== 'open') return
    const now = Date.now()
    // What the server has said a minute ago may be true no more.
    if (now > slowUntil) each = 1000 / rate
    if (pause) {
      // A tenth slower than the server says: the network bunches messages.
      each = Math.max(each, pause * 1.1)
      fullAt = now + pause + ahead
      slowUntil = now + pause + 6e4
    }
    for (const entry of waiting) {
      const wait = fullAt - ahead - now
      if (wait >= 1) {
        timer = setTimeout(flush, Math.min(wait, 864e5))
        return
      }
      fullAt = Math.max(fullAt, now) + each
      waiting.delete(entry)
      link.send(entry.frame)
    }
  }

  return {
    waiting,
    flush,
    add (entry) {
      const fits = waiting.size < size && (entry.drop ? link.state === 'open' : link.state !== 'closed')
      if (fits) waiting.add(entry)
      flush()
      return fits
    },
  }
}
