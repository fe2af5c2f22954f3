import type { Person, Said } from './chat.contract.js'

/** Messages a room remembers. Older ones are forgotten. */
const KEPT = 200

interface RoomInfo {
  readonly id: string
  readonly title: string
  readonly about: string
  /** Ids of those who may enter; null: everyone who is logged in. */
  readonly members: readonly string[] | null
}

/** A room in memory: what was said, and who is there. */
export class Room {
  readonly info: RoomInfo
  #messages: Said[] = []
  #lastId = 0
  /** Sockets per person: somebody with two tabs is there once. */
  readonly #present = new Map<string, { readonly person: Person, sockets: number }>()

  constructor (info: RoomInfo) {
    this.info = info
  }

  admits (id: string): boolean {
    return this.info.members === null || this.info.members.includes(id)
  }

  add (from: Person, text: string): Said {
    const said = { id: ++this.#lastId, from, text, at: Date.now() }
    this.#messages.push(said)
    if (this.#messages.length > KEPT) this.#messages.shift()
    return said
  }

  last (limit: number): Said[] {
    return this.#messages.slice(-limit)
  }

  people (): Person[] {
    return [...this.#present.values()].map(({ person }) => person)
  }

  /** True when this is the person's first socket here. */
  enter (person: Person): boolean {
    const entry = this.#present.get(person.id)
    if (entry !== undefined) entry.sockets++
    else this.#present.set(person.id, { person, sockets: 1 })
    return entry === undefined
  }

  /** True when it was the person's last socket here. */
  leave (person: Person): boolean {
    const entry = this.#present.get(person.id)
    if (entry === undefined || --entry.sockets > 0) return false
    return this.#present.delete(person.id)
  }
}

const rooms = new Map<string, Room>([
  { id: 'lobby', title: 'Lobby', about: 'Where everybody drops in', members: null },
  { id: 'music', title: 'Music', about: 'What are you listening to?', members: null },
  { id: 'workshop', title: 'Workshop', about: 'Private: only Alice and Bob may enter', members: ['alice', 'bob'] },
].map(info => [info.id, new Room(info)]))

/** The room with this id, if there is one. */
export function findRoom (id: string): Room | undefined {
  return rooms.get(id)
}

/** What the page shows `id` of the rooms. Whether one may be entered is decided again when its socket opens. */
export function listRooms (id: string): object[] {
  return [...rooms.values()].map(room => {
    const { members, ...info } = room.info
    return { ...info, isPrivate: members !== null, mayEnter: room.admits(id) }
  })
}
