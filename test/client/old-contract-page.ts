// Bundled and loaded by test/client/old-contract.test.ts; not a test of its own. A page that was loaded before the contract changed.
import { createClient } from '../../lib/client.js'
import type { old } from './old-contract.test.js'

const client = createClient<typeof old>({ url: '/lobby', fingerprint: new URL(import.meta.url).searchParams.get('built-for')!, backoff: 50, maxBackoff: 50 })
const heard: string[] = []
const events: string[] = []
client.on.said(({ text }) => heard.push(text))
for (const event of ['stale', 'closed'] as const) client.listen(event, ({ code }) => events.push(`${event} ${code}`))
Object.assign(globalThis, { client, heard, events })
