// Bundled and loaded by test/client/browser.test.ts; not a test of its own.
import { createClient, type ClientError, type StateChange } from '../../lib/client.js'
import type { chat } from './contracts.js'

const client = createClient<typeof chat>({ url: '/rooms/:room', params: { room: 'lobby' }, beat: 400, backoff: 100 })
const heard: string[] = []
const states: StateChange[] = []
const events: string[] = []
client.on.said(({ text }) => heard.push(text))
client.listen('state', change => states.push(change))
client.listen('error', ({ code }: ClientError) => events.push(code))
for (const event of ['unauthenticated', 'stale', 'closed'] as const) client.listen(event, () => events.push(event))
Object.assign(globalThis, { client, heard, states, events })
