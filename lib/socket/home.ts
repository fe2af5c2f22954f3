import type { Events } from '../events/events.js'
import type { SocketEvent } from '../../types/events.js'

/** Who is connected and where, for events. */
export type SocketFacts = Omit<SocketEvent, 'app'>

/** What the socket counts against: the gate's keys of its slots. */
export interface SlotKeys {
  readonly address: string | null
  readonly identity: string | null
}

/** Where an open socket belongs. */
export interface SocketHome<S> {
  readonly events: Events
  /** Milliseconds, of a clock that never steps back. */
  readonly now: () => number
  add (socket: S): void
  delete (socket: S): void
}
