import { Type } from '@sinclair/typebox'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { defineContract, text } from '../../lib/contract.js'
import type { ClosedEvent } from '../../types/events.js'
import { stopChild } from './child.js'
import { contractStack } from './contract-stack.js'
import { openRaw } from './raw-client.js'
import type { RawClient } from './raw-client.js'
import type { Teardown } from './teardown.js'

// A server in a process of its own: its memory and its delays are not those of the clients.

/** The route `/test` of the child. */
export const floodContract = defineContract({
  name: 'flood',
  url: '/test',
  inbound: {
    say: Type.Object({ text: text({ maxLength: 1000 }) }),
    slug: Type.Object({ value: Type.String({ maxLength: 200, pattern: '^[a-z]+(-[a-z]+)*$' }) }),
    any: Type.Any({ unboundedOnPurpose: true }),
    /** Sends a message of a thousand characters to everybody, this many times. */
    shout: Type.Object({ times: Type.Integer({ minimum: 1, maximum: 100_000 }) }),
  },
  outbound: { said: Type.Object({ text: Type.String() }) },
})

/** What the child tells of itself. */
export interface Figures {
  /** Bytes. */
  readonly rss: number
  /** The most that `rss` ever was. */
  readonly peak: number
  readonly sockets: number
  readonly handled: number
  /** Events of the log and how often they came. */
  readonly events: { readonly [event: string]: number }
  readonly errors: number
}

export interface ChildServer {
  /** A client of `/test`; one of another path is another user's. */
  open (path?: string): Promise<RawClient>
  figures (): Promise<Figures>
}

interface Start {
  readonly port: number
  readonly cookie: string
  readonly otherCookie: string
}

/** Starts the server; ended with the test. `limits`: those of `NO_LIMITS` instead of the defaults. */
export async function contractChild (t: Teardown, limits: 'default' | 'none' = 'default'): Promise<ChildServer> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [limits], { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const clients: RawClient[] = []
  t.teardown(async () => {
    for (const { client } of clients) client.destroy()
    await stopChild(child)
  })
  const [{ port, cookie, otherCookie }] = await once(child, 'message') as [Start]
  return {
    async open (path = '/test') {
      const client = await openRaw(port, { path, host: 'app.goodsite.com', origin: 'https://goodsite.com', cookie: path === '/test' ? cookie : otherCookie, tcp: { limit: 20_000 } })
      clients.push(client)
      return client
    },
    async figures () {
      const answer = once(child, 'message')
      child.send('figures')
      const [figures] = await answer as [Figures]
      return figures
    },
  }
}

async function serve (): Promise<void> {
  let handled = 0
  const server = await contractStack({ teardown: () => {} }, app => {
    app.wsRoute(floodContract, {
      onOpen: socket => { socket.join('all') },
      on: {
        say: () => { handled++ },
        slug: () => { handled++ },
        any: () => { handled++ },
        async shout ({ times }, socket) {
          const { send } = socket.group('all')
          for (let n = 0; n < times; n++) {
            send.said({ text: 'x'.repeat(1000) })
            if (n % 20 === 19) await new Promise(resolve => setTimeout(resolve, 1))
          }
        },
      },
    })
  }, process.argv[2] === 'none' ? { guard: { messages: { rate: 1e6, burst: 1e6, errors: 1e6 } } } : {})
  const { stack } = server
  let closedByPolicy = 0
  subscribe('fastify-ws-guard:closed', event => { if ((event as ClosedEvent).cause === 'policy') closedByPolicy++ })
  process.on('message', () => {
    globalThis.gc?.()
    const events: { [event: string]: number } = {}
    for (const { event } of stack.log.lines) if (typeof event === 'string') events[event] = (events[event] ?? 0) + 1
    // Lines are aggregated.
    events['ws.socket.closed'] = closedByPolicy
    const errors = stack.log.lines.filter(line => line.level >= 50).length
    process.send?.({ rss: process.memoryUsage().rss, peak: process.resourceUsage().maxRSS * 1024, sockets: stack.app.wsGuard.sockets, handled, events, errors } satisfies Figures)
  })
  process.once('SIGTERM', () => { process.exit() })
  process.send?.({ port: stack.port, cookie: stack.cookie, otherCookie: await stack.login('bob') } satisfies Start)
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) await serve()
