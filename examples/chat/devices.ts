import { promisify } from 'node:util'
import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface Session {
    /** The browser that logged in, and when: milliseconds since 1970. */
    device?: { readonly name: string, readonly since: number }
  }
}

/** What a member sees of a login. Not the session's id: who has that is logged in. */
export interface Device {
  readonly name: string
  readonly since: number
  readonly isThis: boolean
}

// Session ids by member. A store can be asked for a session by its id only.
const sessions = new Map<string, Set<string>>()

/** `Chrome on Linux`: what a User-Agent says, as far as it is known here. */
function nameOf (agent = ''): string {
  const browser = /Edg|Firefox|Chrome|Safari/.exec(agent)?.[0].replace('Edg', 'Edge') ?? 'A program'
  const system = /Android|iPhone|iPad|Windows|Mac|Linux/.exec(agent)?.[0]
  return system === undefined ? browser : `${browser} on ${system}`
}

/** Notes that this request's session is a login of the member. */
export function addDevice ({ session, headers }: FastifyRequest, member: string): void {
  session.device = { name: nameOf(headers['user-agent']), since: Date.now() }
  sessions.set(member, (sessions.get(member) ?? new Set()).add(session.sessionId))
}

/** The member's logins that have not ended, the latest first. */
export async function listDevices ({ session, sessionStore }: FastifyRequest, member: string): Promise<Device[]> {
  const read = promisify(sessionStore.get.bind(sessionStore))
  const devices: Device[] = []
  const known = sessions.get(member) ?? new Set()
  for (const id of known) {
    const stored = await read(id)
    const expires = stored?.cookie.expires ?? Infinity
    if (stored?.device === undefined || Number(new Date(expires)) <= Date.now()) known.delete(id)
    else devices.push({ ...stored.device, isThis: id === session.sessionId })
  }
  return devices.sort((a, b) => b.since - a.since)
}

/** Ends all logins of the member but this one. The guard closes their sockets: a socket ends with its session. */
export async function logOutOthers ({ session, sessionStore }: FastifyRequest, member: string): Promise<number> {
  const destroy = promisify(sessionStore.destroy.bind(sessionStore))
  const others = [...sessions.get(member) ?? []].filter(id => id !== session.sessionId)
  for (const id of others) {
    await destroy(id)
    sessions.get(member)?.delete(id)
  }
  return others.length
}
