import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Somebody who may log in, with the roles they have now. Sockets know them as their identity. */
export interface Member {
  readonly id: string
  readonly name: string
  readonly roles: string[]
}

interface Account extends Member {
  /** Salt and scrypt hash, both in hex. */
  readonly password: string
}

const HASH_BYTES = 32
const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)

// The demo's accounts; their passwords stand on the login page (alice/wonderland, bob/builder, carol/singer).
const ACCOUNTS = new Map<string, Account>([
  { id: 'alice', name: 'Alice', roles: ['moderator'], password: 'cdb95f109ebdffb59715680e5ad88416:0ead1aa994112f310601f9fc95640eab825c3b5126f4d355f146c38c9845f2f7' },
  { id: 'bob', name: 'Bob', roles: ['moderator'], password: '08746e66976b853f41a33578c4b753ab:b0766bb1973ca65290ac0d9442fee31989df51d21d93de8f8ded88d888458880' },
  { id: 'carol', name: 'Carol', roles: [], password: 'aa47c9b066e781d793d0a6e90e5662c1:84085688c8273ecf5533dda748e174f504d3b5ec4eb2c3013414576f7f0f6598' },
].map(account => [account.id, account]))

// Compared with for names that nobody has, so that an answer takes as long as for one that somebody has.
const NOBODY = 'cc7d5f406f62eceb00ac936e2a8fb93d:775c82d279f1731bd4bcc7bad526ab38dce031b09ad90822fe1abd7a3bfacb5c'

async function matches (password: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split(':')
  const derived = await derive(password, Buffer.from(salt, 'hex'), HASH_BYTES, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 })
  return timingSafeEqual(derived, Buffer.from(hash, 'hex'))
}

function member ({ id, name, roles }: Account): Member {
  return { id, name, roles }
}

/** The member with this name and password, or null. */
export async function logIn (name: string, password: string): Promise<Member | null> {
  const account = ACCOUNTS.get(name.trim().toLowerCase())
  const isRight = await matches(password, account?.password ?? NOBODY)
  return account !== undefined && isRight ? member(account) : null
}

/** The member with this id, with the roles of now. */
export function findMember (id: string | undefined): Member | undefined {
  const account = id === undefined ? undefined : ACCOUNTS.get(id)
  return account && member(account)
}

export function listMembers (): Member[] {
  return [...ACCOUNTS.values()].map(member)
}

export function isModerator ({ roles }: Member): boolean {
  return roles.includes('moderator')
}

/** Makes a member a moderator, or no longer one. Undefined: there is no such member. */
export function setModerator (id: string, value: boolean): Member | undefined {
  const account = ACCOUNTS.get(id)
  if (account === undefined) return undefined
  ACCOUNTS.set(id, { ...account, roles: value ? ['moderator'] : [] })
  return findMember(id)
}
