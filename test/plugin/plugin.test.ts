import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sanitizeHtml from 'sanitize-html'
import t from 'tap'
import { defineContract, html } from '../../lib/contract.js'
import { sanitizeHtmlAdapter } from '../../lib/contract/text/html-adapter.js'
import guard from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { openRaw } from '../helpers/raw-client.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

const post = defineContract({
  name: 'post',
  url: '/post',
  inbound: { write: Type.Object({ body: html({ maxLength: 1000 }) }) },
  outbound: { written: Type.Object({ body: Type.String() }) },
})

async function application (t: Teardown, options: Partial<GuardOptions> = {}) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true, ...options })
  return app
}

t.test('htmlAdapter: a contract with html does not boot without it, and gets what it makes', async t => {
  const bare = await application(t)
  t.throws(() => bare.wsRoute(post, { public: true, on: { write () {} } }), { code: 'WSG_ERR_CONTRACT', message: /htmlAdapter/ })
  await t.rejects(application(t, { htmlAdapter: 'no' as never }), { code: 'WSG_ERR_OPTION', message: /htmlAdapter: expected a function.*got "no"/ })

  const app = await application(t, { htmlAdapter: sanitizeHtmlAdapter(sanitizeHtml) })
  app.wsRoute(post, { public: true, on: { write ({ body }, socket) { socket.send.written({ body }) } } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = await openRaw((app.server.address() as { port: number }).port, { path: '/post' })
  client.json({ type: 'write', data: { body: '<b onclick="x()">hi</b><script>x()</script><em>you</em>' } })
  t.same((await client.waitMessages(1))[0], { type: 'written', data: { body: '<b>hi</b><em>you</em>' } })
  client.client.destroy()
})

t.test('a group is closed from outside of a handler, and only that group', async t => {
  const app = await application(t)
  const feed = app.wsRoute(defineContract({ name: 'feed', url: '/feed/:user', outbound: { news: Type.String() } }), {
    public: true,
    onOpen (socket) { socket.join(['user', socket.params['user'] ?? '']) },
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const [one, two, other] = [await openRaw(port, { path: '/feed/ada' }), await openRaw(port, { path: '/feed/ada' }), await openRaw(port, { path: '/feed/bob' })]
  await until(() => feed.group(['user', 'ada']).size === 2 && feed.group(['user', 'bob']).size === 1)
  t.equal(feed.group(['user', 'ada']).close(4401, 'unauthenticated'), 2)
  t.equal(feed.group(['user', 'ada']).close(4401, 'unauthenticated'), 0, 'they are closing already')
  for (const client of [one, two]) t.equal((await client.waitClose()).code, 4401)
  t.equal(feed.group(['user', 'bob']).send.news('still here'), 1)
  t.same((await other.waitMessages(1))[0], { type: 'news', data: 'still here' })
  for (const client of [one, two, other]) client.client.destroy()
})
