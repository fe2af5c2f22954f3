import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import { Type } from '@sinclair/typebox'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Page } from 'playwright-core'
import { createClient } from '../../lib/client.js'
import { readModel } from '../../lib/codegen.js'
import { adaptContract, defineContract } from '../../lib/contract.js'
import guard from '../../lib/index.js'
import { skipWithout } from '../helpers/binaries.js'
import { launchChromium } from '../helpers/chromium.js'
import { pageSocket } from '../helpers/client-server.js'
import { bundled } from '../helpers/page.js'
import { until } from '../helpers/until.js'

// The server is replaced by one of the next release, while clients of the last one are connected.

export const old = defineContract({
  name: 'lobby',
  url: '/lobby',
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 9 }) }) },
  outbound: { said: Type.Object({ text: Type.String() }) },
})
const now = defineContract({
  ...old,
  inbound: { say: Type.Object({ body: Type.String({ maxLength: 9 }) }) },
  outbound: { said: Type.Object({ body: Type.String() }) },
})
const version = adaptContract(old, now, {
  on: { say: ({ text }) => ({ body: text }) },
  outbound: { said: ({ body }) => ({ text: body }) },
})
const { fingerprint } = readModel(old)

interface Release { readonly app: FastifyInstance, readonly port: number }

async function release (port: number, route: (app: FastifyInstance) => void, script = ''): Promise<Release> {
  const app = Fastify()
  await app.register(guard, { development: true })
  app.get('/', async (_request, reply) => reply.type('text/html').send(`<!doctype html><script type="module" src="/page.js?built-for=${fingerprint}"></script>`))
  app.get('/page.js', async (_request, reply) => reply.type('text/javascript').send(script))
  route(app)
  const url = new URL(await app.listen({ port, host: '127.0.0.1' }))
  return { app, port: Number(url.port) }
}

const last = (app: FastifyInstance): void => {
  app.wsRoute(old, { public: true, on: { say: ({ text }, socket) => socket.send.said({ text }) } })
}
const next = (versions: typeof version[]) => (app: FastifyInstance): void => {
  app.wsRoute(now, { public: true, versions, on: { say: ({ body }, socket) => socket.send.said({ body: `new ${body}` }) } })
}

/** Who is looked at, wherever it runs. */
interface Seen {
  readonly say: (text: string) => Promise<unknown>
  readonly connect: () => Promise<unknown>
  readonly heard: () => Promise<string[]>
  readonly events: () => Promise<string[]>
}

async function outlives (t: Test, first: Release, seen: Seen, script: string): Promise<void> {
  await seen.say('one')
  await until(async () => (await seen.heard()).length === 1)

  await first.app.close()
  let refused = 0
  const count = (): void => { refused++ }
  subscribe('fastify-ws-guard:refused', count)
  t.teardown(() => unsubscribe('fastify-ws-guard:refused', count))
  const second = await release(first.port, next([]), script)
  await until(async () => (await seen.events()).length === 2)
  t.same(await seen.events(), ['stale 4426', 'closed 4426'], 'one that serves the new contract only: reload')
  await new Promise(resolve => setTimeout(resolve, 300))
  t.equal(refused, 1, 'asked once, and left in peace')
  await second.app.close()

  const third = await release(first.port, next([version]), script)
  t.teardown(() => third.app.close())
  await seen.connect()
  await seen.say('two')
  await until(async () => (await seen.heard()).length === 2)
  t.same(await seen.heard(), ['one', 'new two'], 'one that serves both: it goes on')
}

t.test('in Node.js', async t => {
  const first = await release(0, last)
  const client = createClient<typeof old>({ url: `ws://127.0.0.1:${first.port}/lobby`, fingerprint, backoff: 50, maxBackoff: 50, WebSocket: pageSocket(first.port) })
  t.teardown(() => client.close())
  const heard: string[] = []
  const events: string[] = []
  client.on.said(({ text }) => heard.push(text))
  for (const event of ['stale', 'closed'] as const) client.listen(event, ({ code }) => events.push(`${event} ${code}`))
  await outlives(t, first, {
    say: async text => client.send.say({ text }),
    connect: async () => { client.connect() },
    heard: async () => heard,
    events: async () => events,
  }, '')
})

t.test('a page that stays open, in Chromium', { skip: skipWithout('chromium') }, async t => {
  const script = bundled('test/client/old-contract-page.ts')
  const first = await release(0, last, script)
  const browser = await launchChromium(t)
  const page: Page = await browser.newPage()
  await page.goto(`http://localhost:${first.port}/`)
  const look = <R>(expression: string): Promise<R> => page.evaluate(expression) as Promise<R>
  await outlives(t, first, {
    say: text => look(`client.send.say({ text: ${JSON.stringify(text)} })`),
    connect: () => look('client.connect()'),
    heard: () => look('heard'),
    events: () => look('events'),
  }, script)
})
