import t from 'tap'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../helpers/sources.js'

// What a page loads, from the package as it is published: dist/, by its own name.

/** Bytes, minified and gzipped, of a page that connects, listens, sends and calls. docs/clients.md says what is in and what is opt-in. */
const BUDGET = 2500

const TYPICAL = `
import { createClient } from 'fastify-ws-guard/client'
const client = createClient({ url: '/rooms/lobby' })
client.on.said(({ from, text }) => console.log(from, text))
client.send.say({ text: 'hello' })
console.log(await client.calls.history({ limit: 20 }))
`

/** Everything that is opt-in, used. */
const WHOLE = `
import { attempt, checked, createClient, envelope, eventsOf, firstMessage, once, urlOf } from 'fastify-ws-guard/client'
const url = urlOf('/rooms/:room', { params: { room: 'lobby' }, query: { since: 1 } })
const client = createClient({ url, auth: firstMessage(() => 'token'), codec: checked(() => true, envelope({ type: 'event' })) })
once(client).said(({ from, text }) => console.log(from, text))
client.send.say({ text: 'hello' })
console.log(await attempt(client).history({ limit: 20 }))
for await (const { text } of eventsOf(client).said()) console.log(text)
`

function bundle (t: { teardown (fn: () => void): void }, code: string): string {
  // Inside of the package, so that its own name resolves through `exports`.
  const folder = mkdtempSync(join(ROOT, 'build', 'bundle-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [entry, out] = [join(folder, 'page.js'), join(folder, 'out.js')]
  writeFileSync(entry, code)
  const esbuild = join(dirname(createRequire(join(ROOT, 'package.json')).resolve('esbuild/package.json')), 'bin/esbuild')
  // Without tsconfig.json, whose `paths` lead to lib/.
  const options = ['--bundle', '--minify', '--format=esm', '--target=es2022', '--platform=browser', '--tsconfig-raw={}', '--log-level=error']
  execFileSync(esbuild, [entry, ...options, `--outfile=${out}`])
  return readFileSync(out, 'utf8')
}

t.test('a typical page stays within its budget', async t => {
  const text = bundle(t, TYPICAL)
  const size = gzipSync(text, { level: 9 }).length
  t.comment(`${text.length} bytes minified, ${size} gzipped`)
  t.ok(size <= BUDGET, `${size} bytes, at most ${BUDGET}`)
  t.ok(size > 1500, 'and it is really in there')
  const whole = bundle(t, WHOLE)
  t.comment(`with all that is opt-in: ${whole.length} minified, ${gzipSync(whole, { level: 9 }).length} gzipped`)
})

t.test('it holds nothing of the server, of TypeBox or of Node.js, and what is not used is left out', async t => {
  const text = bundle(t, TYPICAL)
  t.notMatch(text, /node:|require\(|TypeBox|fastify/i)
  t.notMatch(text, /Not JSON|shutdown/, 'texts and names that only the server needs')
  t.notMatch(text, /searchParams|Uint8Array|dropped|ok:|ticket|expected/, 'what is opt-in')
  t.match(bundle(t, WHOLE), /searchParams.*Uint8Array|Uint8Array.*searchParams/, 'and that is how it looks')
  t.match(bundle(t, "import { envelope } from 'fastify-ws-guard/client'\nconsole.log(envelope({}))"), /type/)
})

t.test('it loads, and a client is made, where there is no WebSocket, no window and no timer running', async t => {
  const file = pathToFileURL(join(ROOT, 'dist/esm/lib/client.js')).href
  const script = `
    delete globalThis.WebSocket
    const { createClient } = await import(${JSON.stringify(file)})
    const client = createClient({ url: 'wss://nowhere.invalid' })
    client.listen('state', () => console.log('connected'))
    console.log(client.state)
  `
  // Ends by itself: nothing keeps it alive.
  t.equal(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 20_000 }), 'idle\n')
})
