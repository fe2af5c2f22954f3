import t from 'tap'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Type } from '@sinclair/typebox'
import ts from 'typescript'
import { emitTypeScript, readModel } from '../../lib/codegen.js'
import type { ContractSpec } from '../../types/contract.js'
import { handModel } from '../helpers/model.js'
import { writeTsconfig } from '../helpers/modules.js'
import { ROOT } from '../helpers/sources.js'
import { until } from '../helpers/until.js'

// What a generated factory takes beside the options of every client: values for the names of its url, and the query.

const Room = Type.Object({ room: Type.String({ maxLength: 9 }) })
const Since = Type.Object({ since: Type.Optional(Type.Integer()) })
const CONTRACTS: { readonly [name: string]: ContractSpec } = {
  chat: {
    name: 'chat',
    url: '/rooms/:room',
    params: Room,
    query: Since,
    // Names that the generated file has for itself.
    inbound: Object.fromEntries(['AddressSource', 'ChatOptions', 'ClientError', 'UrlParts'].map($id => [$id, Type.Object({}, { $id })])),
  },
  seat: { name: 'seat', url: '/rooms/:room/seats/:seat' },
  feed: { name: 'feed', url: '/feed', query: Since },
  odd: { name: 'odd', url: '/odd/:room', params: Room, envelope: { type: 'event' } },
}

mkdirSync(join(ROOT, 'build'), { recursive: true })
const folder = mkdtempSync(join(ROOT, 'build', 'factory-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const CLIENT = new URL('../../lib/client.js', import.meta.url).href

interface AnyClient {
  connect (): void
  close (): void
}
type Create = (options: object) => AnyClient

for (const [name, spec] of Object.entries(CONTRACTS)) {
  const { text } = emitTypeScript(readModel(spec))[0]!
  const { outputText } = ts.transpileModule(text.replaceAll("'fastify-ws-guard/client'", `'${CLIENT}'`), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  })
  writeFileSync(join(folder, `${name}.client.ts`), text)
  writeFileSync(join(folder, `${name}.mjs`), outputText)
}

async function factory (name: string): Promise<Create> {
  const file = await import(pathToFileURL(join(folder, `${name}.mjs`)).href) as { readonly [name: string]: Create }
  return file[`create${name[0]!.toUpperCase()}${name.slice(1)}Client`]!
}

/** Where a client of these options connects to. */
async function connected (name: string, options: object): Promise<string> {
  const urls: string[] = []
  class Silent extends EventTarget {
    constructor (url: string) {
      super()
      urls.push(url)
    }

    close (): void {}
    send (): void {}
  }
  const client = (await factory(name))({ ...options, WebSocket: Silent })
  client.connect()
  await until(() => urls.length > 0)
  client.close()
  return urls[0]!
}

t.test('params are filled in and a query is appended', async t => {
  const url = 'ws://h/rooms/:room'
  t.equal(await connected('chat', { url, params: { room: 'a b' }, query: { since: 1 } }), 'ws://h/rooms/a%20b?since=1')
  t.equal(await connected('chat', { url, params: { room: 'x' } }), 'ws://h/rooms/x')
  t.equal(await connected('chat', { url, params: { room: 'x' }, query: () => ({ since: 2 }) }), 'ws://h/rooms/x?since=2')
  t.equal(await connected('seat', { url: 'ws://h/rooms/:room/seats/:seat', params: { room: 'x', seat: '1' } }), 'ws://h/rooms/x/seats/1')
  t.equal(await connected('feed', { url: 'ws://h/feed', query: { since: 3 } }), 'ws://h/feed?since=3')
  t.equal(await connected('odd', { url: 'ws://h/odd/:room', params: { room: 'x' } }), 'ws://h/odd/x')
})

t.test('a whole url stands alone, a query is appended to it as well', async t => {
  t.equal(await connected('chat', { url: 'ws://h/rooms/x' }), 'ws://h/rooms/x')
  t.equal(await connected('chat', { url: new URL('ws://h/rooms/x'), query: { since: 1 } }), 'ws://h/rooms/x?since=1')
  t.equal(await connected('chat', { url: async () => 'ws://h/rooms/x' }), 'ws://h/rooms/x')
  t.equal(await connected('feed', { url: () => 'ws://h/feed' }), 'ws://h/feed')
})

t.test('params beside a whole url, names without params, and a query that the contract has not are errors at once', async t => {
  const chat = await factory('chat')
  const params = { room: 'x' }
  for (const url of ['ws://h/rooms/x', new URL('ws://h/rooms/x'), () => 'ws://h/rooms/x']) {
    t.throws(() => chat({ url, params }), { code: 'unknown_option', message: /^params: expected beside a url with names/ })
  }
  t.throws(() => chat({ url: 'ws://h/rooms/:room' }), { code: 'connect_failed', message: /^params: expected beside a url with names/ })
  const odd = await factory('odd')
  t.throws(() => odd({ url: 'ws://h/odd/:room', params, query: {} }), { code: 'unknown_option' })
})

const TYPES = `import { urlOf } from 'fastify-ws-guard/client'
import { createChatClient, type ChatContract, type ChatOptions } from './chat.client.js'
import { createFeedClient, type FeedOptions } from './feed.client.js'
import { createOddClient } from './odd.client.js'
import { createSeatClient } from './seat.client.js'
declare const host: string
const url = 'wss://h/rooms/:room'
const params = { room: 'x' }
createChatClient({ url, params })
createChatClient({ url: \`\${host}/rooms/:room\`, params, query: { since: 1 }, timeout: 5 })
createChatClient({ url, params, query: () => ({ since: 1 }) })
createChatClient({ url: 'wss://h/rooms/x' })
createChatClient({ url: new URL('wss://h/rooms/x'), query: {} })
createChatClient({ url: urlOf<ChatContract>('wss://h/rooms/:room', { params }) })
createChatClient({ url: host })
createChatClient({ url: host, params })
createChatClient({ url: async () => host })
export const options: ChatOptions<'/rooms/:room'> = { url: '/rooms/:room', params }
createChatClient(options)
// @ts-expect-error names without params
createChatClient({ url })
// @ts-expect-error names without params
createChatClient({ url: \`\${host}/rooms/:room\` })
// @ts-expect-error params beside a whole url
createChatClient({ url: 'wss://h/rooms/x', params })
// @ts-expect-error params beside a whole url
createChatClient({ url: new URL('wss://h/rooms/x'), params })
// @ts-expect-error params beside a whole url
createChatClient({ url: () => host, params })
// @ts-expect-error another name
createChatClient({ url, params: { rom: 'x' } })
// @ts-expect-error another type
createChatClient({ url, params, query: { since: 'x' } })
// @ts-expect-error an option that there is not
createChatClient({ url, params, tiemout: 5 })
createSeatClient({ url: '/rooms/:room/seats/:seat', params: { room: 'x', seat: '1' } })
// @ts-expect-error one of two
createSeatClient({ url: '/rooms/:room/seats/:seat', params: { room: 'x' } })
// @ts-expect-error the contract has no query
createOddClient({ url: '/odd/:room', params, query: {} })
export const feed: FeedOptions = { url: host }
createFeedClient({ url: host, query: { since: 1 } })
// @ts-expect-error another type
createFeedClient({ url: host, query: { since: 'x' } })
// @ts-expect-error the contract has no params
createFeedClient({ url: host, params: {} })
`

for (const compiler of ['typescript-5', 'typescript', 'typescript-7']) {
  for (const exactOptionalPropertyTypes of [false, true]) {
    t.test(`${compiler} takes and refuses the same, exactOptionalPropertyTypes ${exactOptionalPropertyTypes}`, async t => {
      writeFileSync(join(folder, 'use.ts'), TYPES)
      writeTsconfig(folder, { erasableSyntaxOnly: true, exactOptionalPropertyTypes }, ['use.ts'])
      const script = join(ROOT, 'node_modules', compiler, 'lib/tsc.js')
      const output = await promisify(execFile)(process.execPath, [script, '-p', folder, '--pretty', 'false'], { cwd: ROOT })
        .then(({ stdout }) => stdout, (error: { readonly stdout: string }) => error.stdout)
      t.equal(output, '')
    })
  }
}

t.test('how the factory reads', async t => {
  const { text } = emitTypeScript(handModel({ url: '/rooms/:room/seats/:seat' }))[0]!
  t.match(text, "import { ClientError, createClient, urlOf } from 'fastify-ws-guard/client'")
  t.match(text, 'readonly params: { readonly room: string, readonly seat: string } }')
  t.notMatch(text, 'query')
  t.notMatch(emitTypeScript(handModel({ url: '/feed' }))[0]!.text, 'urlOf')
})
