import { isModerator, type Member } from './accounts.js'
import type { Person, Said } from './chat.contract.js'

/** Messages a room remembers. Older ones are forgotten. */
const KEPT = 200

interface RoomInfo {
  readonly id: string
  readonly title: string
  readonly about: string
  /** For moderators only. */
  readonly isPrivate: boolean
}

/** A room in memory, and what was said there. */
export class Room {
  readonly info: RoomInfo
  #messages: Said[] = []
  #lastId = 0

  constructor (info: RoomInfo) {
    this.info = info
  }

  admits (member: Member): boolean {
    return !this.info.isPrivate || isModerator(member)
  }

  add (from: Person, text: string): Said {
    const said = { id: ++this.#lastId, from, text, at: Date.now() }
    this.#messages.push(said)
    if (this.#messages.length > KEPT) this.#messages.shift()
    return said
  }

  /** True when there was such a message. */
  remove (id: number): boolean {
    const at = this.#messages.findIndex(said => said.id === id)
    return at >= 0 && this.#messages.splice(at, 1).length === 1
  }

  last (limit: number): Said[] {
    return this.#messages.slice(-limit)
  }
}

const rooms = new Map<string, Room>([
  { id: 'lobby', title: 'Lobby', about: 'Where everybody drops in', isPrivate: false },
  { id: 'music', title: 'Music', about: 'What are you listening to?', isPrivate: false },
  { id: 'workshop', title: 'Workshop', about: 'Private: for moderators', isPrivate: true },
].map(info => [info.id, new Room(info)]))

/** The room with this id, if there is one. */
export function findRoom (id: string): Room | undefined {
  return rooms.get(id)
}

export function listRooms (): RoomInfo[] {
  return [...rooms.values()].map(({ info }) => info)
}
