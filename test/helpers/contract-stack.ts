import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract/define.js'
import { guardedStack } from './guarded-stack.js'
import type { GuardedSettings, GuardedStack } from './guarded-stack.js'
import { text } from './frames.js'
import type { UpgradeOptions } from './handshake.js'
import { openRaw } from './raw-client.js'
import type { RawClient, Received } from './raw-client.js'
import type { Teardown } from './teardown.js'
import { until } from './until.js'

export interface ContractSettings extends Omit<GuardedSettings, 'extend'> {
  /** Milliseconds that a wait of a client takes at most. Default 30,000. */
  readonly limit?: number
}

/** The whole plugin with routes of contracts, listening. */
export interface ContractStack {
  readonly stack: GuardedStack
  /** A client of the route `/test`, or another `path`, logged in as ada. */
  open (changes?: UpgradeOptions): Promise<RawClient>
  /** True when a fresh client is admitted, calls, and is answered. */
  answers (): Promise<boolean>
  /** Closes every client by force, and waits until no socket is left. */
  empty (): Promise<void>
}

/** A route that is there beside each test's own: shows that the server still answers others. */
const probe = defineContract({
  name: 'probe',
  url: '/probe',
  calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } },
})

/** Limits that nothing in a test meets. */
export const NO_LIMITS = { rate: 1e6, burst: 1e6, bytes: 1e9, errors: 1_000_000 }

/** Listens with the session routes that `routes` declares. */
export async function contractStack (t: Teardown, routes: (app: FastifyInstance) => void, settings: ContractSettings = {}): Promise<ContractStack> {
  const { limit, ...rest } = settings
  const clients: RawClient[] = []
  const stack = await guardedStack(t, {
    as: 'site',
    ...rest,
    extend: app => {
      app.wsRoute(probe, { calls: { ping: ({ n }) => n } })
      routes(app)
    },
  })
  const open = async (changes?: UpgradeOptions): Promise<RawClient> => {
    const tcp = limit === undefined ? {} : { tcp: { limit } }
    const client = await openRaw(stack.port, { ...stack.page({ path: '/test', ...changes }), ...tcp })
    clients.push(client)
    return client
  }
  return {
    stack,
    open,
    async answers () {
      const client = await open({ path: '/probe' })
      client.json({ type: 'ping', id: 'fresh', data: { n: 7 } })
      const reply = await client.waitMessage(message => message.id === 'fresh')
      client.client.destroy()
      return reply.data === 7
    },
    async empty () {
      for (const { client } of clients.splice(0)) client.destroy()
      await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
    },
  }
}

let asked = 0

/** Sends a text frame and behind it a call `ping`, which the contract must have: what was answered in between. */
export async function ask (client: RawClient, raw: string | object): Promise<Received[]> {
  const from = client.messages().length
  const id = `asked-${asked++}`
  client.send(Buffer.concat([text(typeof raw === 'string' ? raw : JSON.stringify(raw)), text(JSON.stringify({ type: 'ping', id, data: { n: 1 } }))]))
  await client.waitMessage(message => message.id === id)
  return client.messages().slice(from, client.messages().findIndex(message => message.id === id))
}

/** Codes of the errors in `replies`. */
export function codes (replies: readonly Received[]): (string | undefined)[] {
  return replies.map(reply => reply.error?.code)
}

/** How many round trips `clients` complete, one message each every `every` milliseconds, while `flood` lasts. */
export async function roundTrips (clients: readonly RawClient[], every: number, flood: () => Promise<unknown>): Promise<number> {
  let trips = 0
  const state = { going: true }
  const probes = clients.map(async client => {
    for (let n = 0; state.going; n++) {
      client.json({ type: 'ping', id: n, data: { n } })
      await client.waitMessages(n + 1)
      if (state.going) trips++
      await new Promise(resolve => setTimeout(resolve, every))
    }
  })
  await flood()
  state.going = false
  await Promise.all(probes)
  return trips
}
