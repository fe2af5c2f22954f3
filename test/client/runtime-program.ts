// Run by Node.js, Deno and Bun (runtimes.test.ts); not a test of its own. Its argument is the origin of the server.
import { attempt, createClient, eventsOf, type WebSocketLike } from '../../lib/client.js'
import type { chat } from './contracts.js'

interface Options { readonly protocols: string[], readonly headers: object }
declare const WebSocket: new (url: string, options: Options) => WebSocketLike
declare const Deno: { readonly args: readonly string[] } | undefined

const origin = (typeof Deno === 'undefined' ? process.argv.slice(2) : Deno.args)[0]!

/** No browser: it says itself which page it comes from. */
class Page extends WebSocket {
  constructor (url: string, protocols: string[]) {
    super(url, { protocols, headers: { origin } })
  }
}

const tell = (what: unknown): void => { console.log(JSON.stringify(what)) }

const client = createClient<typeof chat>({ url: `${origin}/rooms/lobby`, WebSocket: Page, backoff: 50 })
const again = new Promise<void>(resolve => {
  let opened = 0
  client.listen('state', ({ state, code }) => {
    tell({ state, code })
    if (state === 'open' && ++opened === 2) resolve()
  })
})
const said = eventsOf(client).said()
client.send.say({ text: 'grüß 😀' })
tell((await said.next()).value)
tell(await client.calls.history({ limit: 5 }))
const answer = await attempt(client).history({ limit: 100 })
if (!answer.ok && answer.error.code === 'too_far') tell({ code: answer.error.code, data: answer.error.data })
tell('end it')
await again
tell(await client.calls.add({ n: 1 }))
client.close()
