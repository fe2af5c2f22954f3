// Publishes numbers, for longer than its first token lives.
import { createClient } from 'fastify-ws-guard/client'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { feed } from './feed.contract.js'

const API = process.env['API'] ?? 'http://localhost:3000'
const COUNT = Number(process.env['COUNT'] ?? 20)

async function fetchToken (): Promise<string> {
  const answer = await fetch(`${API}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: process.env['KEY'] ?? 'key-of-the-writer' }),
  })
  if (!answer.ok) throw new Error(`no token: ${answer.status}`)
  console.log('a token')
  return (await answer.json() as { token: string }).token
}

const client = createClient<typeof feed>({ url: `${API}/feed`, auth: fetchToken, WebSocket })
client.listen('state', ({ state }) => console.log(state))
client.on.published(({ from, number }) => console.log(`${from} ${number}`))
for (let number = 1; number <= COUNT; number++) {
  client.send.publish({ number })
  await sleep(250)
}
client.close()
