// Votes for tea, and prints the results until that vote is among them.
import { eventsOf } from 'fastify-ws-guard/client'
import { WebSocket } from 'ws'
import { createPollClient } from './poll.client.js'

const url = process.env['POLL'] ?? 'ws://localhost:3000/poll'

/** A server asks for an Origin, which programs other than browsers don't send by themselves. */
class Page extends WebSocket {
  constructor (address: string, protocols: string[]) {
    super(address, protocols, { origin: new URL(url).origin.replace('ws', 'http') })
  }
}

const poll = createPollClient({ url, WebSocket: Page })
const results = eventsOf(poll).result()
poll.send.vote({ choice: 'tea' })
for await (const { tea, coffee } of results) {
  console.log(`tea ${tea}, coffee ${coffee}`)
  if (tea > 0) break
}
poll.close()
