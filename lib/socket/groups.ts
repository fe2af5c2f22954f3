import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import type { GroupKey } from '../../types/socket.js'

/** Characters of an encoded key at most. */
const MAX_KEY_LENGTH = 512
/** Groups one member may be in at most. */
const MAX_GROUPS_PER_MEMBER = 1024

const NONE: ReadonlySet<never> = new Set<never>()
const NO_NAMES: readonly string[] = []

/**
 * A group's name as one string, without ambiguity: `['a', 'b:c']`, `['a:b', 'c']`, `'a'` and `['a']` all differ.
 * Compared by code units: no case folding, no normalisation, no wildcard. Throws WSG_ERR_SOCKET_ARGUMENT.
 */
export function encodeGroupKey (key: GroupKey): string {
  const refuse = (expected: string, value: unknown): never => {
    throw new WSG_ERR_SOCKET_ARGUMENT(`group key: expected ${expected}, got ${got(value)}`)
  }
  let encoded: string
  if (typeof key === 'string' && key !== '') {
    encoded = '=' + key
  } else {
    if (!Array.isArray(key) || key.length === 0) refuse('a string or a list that is not empty', key)
    for (const part of key as readonly unknown[]) {
      if (typeof part !== 'string' && !Number.isFinite(part)) refuse('parts that are strings or finite numbers', part)
    }
    encoded = JSON.stringify(key)
  }
  if (encoded.length > MAX_KEY_LENGTH) refuse(`at most ${MAX_KEY_LENGTH} characters`, encoded.length)
  return encoded
}

/** What `encodeGroupKey` was given. */
export function decodeGroupKey (name: string): GroupKey {
  return (name.startsWith('=') ? name.slice(1) : JSON.parse(name)) as GroupKey
}

/** Members by encoded key. A group is there as long as it has a member. */
export class Groups<M> {
  private readonly members = new Map<string, Set<M>>()
  // Lists that are never changed: a Set for each socket would weigh more than twice as much.
  private readonly joined = new Map<M, readonly string[]>()

  /** Throws WSG_ERR_SOCKET_ARGUMENT when the member is in 1024 groups already. Joining twice is one membership. */
  join (name: string, member: M): void {
    const names = this.namesOf(member)
    if (names.includes(name)) return
    if (names.length >= MAX_GROUPS_PER_MEMBER) {
      const limit = `at most ${MAX_GROUPS_PER_MEMBER} groups per socket`
      throw new WSG_ERR_SOCKET_ARGUMENT(`join: expected ${limit}, got one more`)
    }
    this.joined.set(member, [...names, name])
    const group = this.members.get(name)
    if (group === undefined) this.members.set(name, new Set([member]))
    else group.add(member)
  }

  leave (name: string, member: M): void {
    const names = this.namesOf(member)
    if (!names.includes(name)) return
    if (names.length === 1) this.joined.delete(member)
    else this.joined.set(member, names.filter(other => other !== name))
    this.remove(name, member)
  }

  /** Takes the member out of all its groups. */
  leaveAll (member: M): void {
    const names = this.namesOf(member)
    this.joined.delete(member)
    for (const name of names) this.remove(name, member)
  }

  /** The groups it is in now. */
  namesOf (member: M): readonly string[] {
    return this.joined.get(member) ?? NO_NAMES
  }

  /** The members now; live, so copy it before changing membership in a loop. */
  of (name: string): ReadonlySet<M> {
    return this.members.get(name) ?? NONE
  }

  /** Groups with a member. */
  get size (): number {
    return this.members.size
  }

  private remove (name: string, member: M): void {
    const group = this.members.get(name)
    if (group === undefined) return
    group.delete(member)
    if (group.size === 0) this.members.delete(name)
  }
}
