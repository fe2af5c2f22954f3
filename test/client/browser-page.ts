// Bundled and loaded by test/client/browser.test.ts; not a test of its own.
import { attempt, createClient, type ClientError, type StateChange, urlOf } from '../../lib/client.js'
import type { chat } from './contracts.js'

const client = createClient<typeof chat>({ url: urlOf<typeof chat>('/rooms/:room', { params: { room: 'lobby' } }), beat: 400, backoff: 100 })
const heard: string[] = []
const states: StateChange[] = []
const events: string[] = []
client.on.said(({ text }) => heard.push(text))
client.listen('state', change => states.push(change))
client.listen('error', ({ code }: ClientError) => events.push(code))
for (const event of ['unauthenticated', 'stale', 'closed'] as const) client.listen(event, () => events.push(event))
Object.assign(globalThis, { attempt, client, heard, states, events })
