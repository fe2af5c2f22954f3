// Tested in test/life/life.test.ts.
import type { Identity } from '../../types/gate.js'
import type { Living } from './living.js'
import { NOWHERE, type Timed } from './timetable.js'

/** What a line hangs on. */
export interface Followed {
  leave (line: Line): void
  /** Its identity was replaced by the application. */
  refreshed (): void
}

/** A socket that ends by itself, or with its session. */
export class Line implements Timed {
  at = 0
  place = NOWHERE
  readonly socket: Living
  /** Its session; null where it rests on none. */
  session: Followed | null = null
  /** Where it stands among those of the same session. */
  seat = NOWHERE
  /** Who its session said it is when that was last read: what is still the same does not undo a refresh. */
  read: Identity | null

  constructor (socket: Living) {
    this.socket = socket
    this.read = socket.bearer.identity
  }

  due (): void {
    this.socket.closeAs('unauthenticated', 'expired')
  }
}
