import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { adopted, projectFolder, skipWithoutPackages } from '../helpers/adoption.js'
import { stopChild, waitForOutput } from '../helpers/child.js'
import { echoes, upgrade } from '../helpers/handshake.js'
import { codeBlocks } from '../helpers/markdown.js'
import { freePort } from '../helpers/ports.js'
import { readText } from '../helpers/sources.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// The programs of docs/beside-others.md, each with the client of the other package.

const skip = skipWithoutPackages()
const blocks = codeBlocks(readText('docs/beside-others.md'))
const parent = skip === false ? projectFolder(t) : ''
const EVIL = 'https://evil.example'

async function start (t: Teardown, name: string, port?: number): Promise<number> {
  const found = blocks.find(({ marks }) => marks.includes(`name=${name}`))
  if (found === undefined) throw new Error(`docs/beside-others.md has no program ${name}`)
  writeFileSync(join(parent, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(parent, name), found.text)
  const chosen = port ?? await freePort()
  const child = spawn(process.execPath, [name], { cwd: parent, env: { ...process.env, PORT: String(chosen) }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => stopChild(child))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  await waitForOutput(child.stdout, new RegExp(`Server listening at [^"]*:${chosen}\\b`), 20_000).catch((error: Error) => { throw new Error(`${error.message}\n${errors}`) })
  return chosen
}

/** The WebSocket of a page that was loaded from `port`. */
function pageOf (port: number, headers: Record<string, string> = {}): typeof WebSocket {
  return class extends WebSocket {
    constructor (url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { origin: `http://localhost:${port}`, headers })
    }
  } as typeof WebSocket
}

async function statusOf (port: number, path: string, origin: string): Promise<number> {
  const { status, client } = await upgrade(port, { path, origin })
  client.destroy()
  return status
}

interface Observer { onData?: (value: unknown) => void, onError?: (error: unknown) => void, onComplete?: () => void, next?: (value: unknown) => void, error?: (error: unknown) => void, complete?: () => void }

t.test('tRPC', { skip }, async t => {
  const port = await start(t, 'trpc.js')
  t.equal(await statusOf(port, '/trpc', EVIL), 403)
  t.equal(await statusOf(port, '/trpc', `http://localhost:${port}`), 401)
  const { createWSClient, createTRPCClient, wsLink } = await adopted<{
    createWSClient: (options: object) => { close: () => Promise<void> }
    wsLink: (options: object) => unknown
    createTRPCClient: (options: object) => { whoami: { query: () => Promise<string> }, ticks: { subscribe: (input: undefined, observer: Observer) => unknown } }
  }>('@trpc/client')
  const client = createWSClient({ url: `ws://localhost:${port}/trpc`, WebSocket: pageOf(port, { authorization: 'Bearer a-token' }) })
  t.teardown(() => client.close())
  const trpc = createTRPCClient({ links: [wsLink({ client })] })
  t.equal(await trpc.whoami.query(), 'ada', 'procedures know the identity')
  const ticks: unknown[] = []
  await new Promise<void>((resolve, reject) => {
    trpc.ticks.subscribe(undefined, { onData: tick => { ticks.push(tick) }, onComplete: resolve, onError: reject })
  })
  t.same(ticks, [1, 2])
})

for (const [name, query] of [['mercurius', 'subscription { tick }'], ['graphql-ws', '{ hello }']] as const) {
  t.test(name, { skip }, async t => {
    const port = await start(t, `${name}.js`)
    t.equal(await statusOf(port, '/graphql', EVIL), 403)
    const { createClient } = await adopted<{ createClient: (options: object) => { subscribe: (payload: object, observer: Observer) => void, dispose: () => void } }>('graphql-ws')
    const client = createClient({ url: `ws://localhost:${port}/graphql`, webSocketImpl: pageOf(port), retryAttempts: 0 })
    t.teardown(() => { client.dispose() })
    const values: unknown[] = []
    await new Promise<void>((resolve, reject) => {
      client.subscribe({ query }, { next: value => { values.push(value) }, complete: resolve, error: reject })
    })
    t.match(values, [{ data: query.includes('tick') ? { tick: 1 } : { hello: 'hello' } }])
  })
}

interface Yjs { Doc: new () => { getText: (name: string) => { insert: (at: number, text: string) => void, length: number }, destroy: () => void } }
interface YWebsocket { WebsocketProvider: new (url: string, room: string, doc: object, options: object) => { destroy: () => void } }

t.test('Yjs', { skip }, async t => {
  const port = await start(t, 'yjs.js')
  t.equal(await statusOf(port, '/yjs/notes', EVIL), 403)
  t.equal(await statusOf(port, '/yjs/secret', `http://localhost:${port}`), 403, 'authorize decides on the document')
  // One copy of Yjs: its CommonJS, which the provider requires.
  const [{ Doc }, { WebsocketProvider }] = [await adopted<Yjs>('yjs'), await adopted<YWebsocket>('y-websocket')]
  const open = (): ReturnType<Yjs['Doc']['prototype']['getText']> & { length: number } => {
    const doc = new Doc()
    const provider = new WebsocketProvider(`ws://localhost:${port}/yjs`, 'notes', doc, { WebSocketPolyfill: pageOf(port), disableBc: true })
    t.teardown(() => {
      provider.destroy()
      doc.destroy()
    })
    return doc.getText('text')
  }
  const [ada, bob] = [open(), open()]
  ada.insert(0, 'x'.repeat(200_000))
  await until(() => bob.length === 200_000)
  t.pass('an edit of 200 kB reached the other')
})

t.test('@fastify/http-proxy: the guard of the upstream decides', { skip }, async t => {
  const port = await start(t, 'http-proxy.js')
  t.ok(await echoes(await upgrade(port, { path: '/api/ws' })), 'its own page talks through the proxy')
  const evil = await upgrade(port, { path: '/api/ws', origin: EVIL })
  t.equal(evil.status, 101, 'the proxy answers before it has asked')
  await until(() => evil.rest().includes('unexpected response'))
  evil.client.destroy()
  t.equal(await statusOf(port, '/elsewhere', EVIL), 404)
})

t.test('socket.io: beside, and its Origin is checked by the guard\'s list', { skip }, async t => {
  const port = await start(t, 'socket-io.js')
  t.ok(await echoes(await upgrade(port, { path: '/ws' })), 'ours')
  t.equal(await statusOf(port, '/ws', EVIL), 403)
  t.equal(await statusOf(port, '/socket.io/?EIO=4&transport=websocket', EVIL), 400, 'theirs, as engine.io says it')
  t.equal((await fetch(`http://localhost:${port}/socket.io/?EIO=4&transport=polling`, { headers: { origin: EVIL } })).status, 403, 'and its polling')
  const { io } = await adopted<{ io: (url: string, options: object) => { emitWithAck: (event: string, data: unknown) => Promise<unknown>, close: () => void } }>('socket.io-client')
  for (const transport of ['websocket', 'polling']) {
    const socket = io(`http://localhost:${port}`, { transports: [transport], extraHeaders: { origin: `http://localhost:${port}` } })
    t.equal(await socket.emitWithAck('say', 'hello'), 'hello', transport)
    socket.close()
  }
})

t.test('Vite as a middleware: its socket and ours', { skip }, async t => {
  const port = await start(t, 'vite.js')
  t.ok(await echoes(await upgrade(port, { path: '/ws' })), 'ours')
  t.equal(await statusOf(port, '/ws', EVIL), 403)
  const client = await (await fetch(`http://localhost:${port}/@vite/client`)).text()
  const token = /wsToken = "([^"]+)"/.exec(client)?.[1] ?? ''
  const page = new (pageOf(port))(`ws://localhost:${port}/vite-hmr?token=${token}`, 'vite-hmr')
  t.teardown(() => { page.terminate() })
  const [message] = await once(page, 'message')
  t.match(String(message), /"type":"connected"/)
  const evil = await upgrade(port, { path: '/vite-hmr', protocol: 'vite-hmr', origin: EVIL })
  evil.client.destroy()
  t.not(evil.status, 101, 'Vite asks for its token')
})

t.test('Vite with a port of its own hands ours on', { skip }, async t => {
  const port = await start(t, 'socket-io.js')
  const { createServer } = await adopted<{ createServer: (options: object) => Promise<{ listen: () => Promise<unknown>, close: () => Promise<void>, config: object }> }>('vite')
  const config = blocks.find(({ marks }) => marks.includes('name=vite.config.js'))?.text ?? ''
  const server = (JSON.parse(config.replace(/^export default /, '').replace(/(\w+):(?= )/g, '"$1":').replaceAll("'", '"').replace(/,(\s*})/g, '$1').replace('localhost:3000', `127.0.0.1:${port}`)) as { server: object }).server
  const own = await freePort()
  const vite = await createServer({ root: parent, configFile: false, logLevel: 'silent', server: { ...server, port: own, strictPort: true, host: '127.0.0.1' } })
  t.teardown(() => vite.close())
  await vite.listen()
  t.ok(await echoes(await upgrade(own, { path: '/ws' })), 'a page of Vite\'s port')
  const evil = await upgrade(own, { path: '/ws', origin: EVIL })
  evil.client.destroy()
  t.equal(evil.status, 403)
})

t.test('the page has a verdict for each', async t => {
  const page = readText('docs/beside-others.md')
  for (const name of ['tRPC', 'mercurius', 'graphql-ws', 'Yjs', '@fastify/http-proxy', 'socket.io', 'Vite']) t.match(page, new RegExp(`^\\| \\[${name}`, 'm'), name)
})
