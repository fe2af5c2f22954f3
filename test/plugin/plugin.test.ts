import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sanitizeHtml from 'sanitize-html'
import t from 'tap'
import { defineContract, html } from '../../lib/contract.js'
import { sanitizeHtmlAdapter } from '../../lib/contract/text/html-adapter.js'
import guard from '../../lib/index.js'
import { connect } from '../../lib/testing.js'
import type { GuardOptions } from '../../types/options.js'
import { LogCollector } from '../helpers/log.js'
import type { Teardown } from '../helpers/teardown.js'

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
  const client = await connect(app, post)
  client.send.write({ body: '<b onclick="x()">hi</b><script>x()</script><em>you</em>' })
  t.same(await client.next.written(), { body: '<b>hi</b><em>you</em>' })
})

t.test('what a contract costs and allows is in the log at boot, on level debug', async t => {
  const feed = defineContract({ name: 'feed', url: '/feed', inbound: { like: Type.Integer() } })
  for (const [level, told] of [['debug', 1], ['info', 0]] as const) {
    const log = new LogCollector()
    const app = Fastify({ logger: { level, stream: log } })
    t.teardown(() => app.close())
    await app.register(guard, { development: true, messages: { rate: 7 } })
    await app.register(async scope => { scope.wsRoute(feed, { public: true, on: { like () {} } }) }, { prefix: '/v1' })
    const reports = log.lines.filter(({ contract, msg }) => contract === 'feed' && /^feed \/v1\/feed cf-/.test(msg ?? ''))
    t.equal(reports.length, told, level)
    for (const { msg } of reports) t.match(msg, /, public\n.*7 tokens per second(?:.|\n)*like +message/s)
  }
})

t.test('a group is closed from outside of a handler, and only that group', async t => {
  const app = await application(t)
  const contract = defineContract({ name: 'feed', url: '/feed/:user', params: Type.Object({ user: Type.String({ maxLength: 8 }) }), outbound: { news: Type.String() } })
  const feed = app.wsRoute(contract, {
    public: true,
    onOpen (socket) { socket.join(['user', socket.params.user]) },
  })
  const [one, two, other] = await Promise.all(['ada', 'ada', 'bob'].map(user => connect(app, contract, { params: { user } })))
  t.equal(feed.group(['user', 'ada']).close(4401, 'unauthenticated'), 2)
  t.equal(feed.group(['user', 'ada']).close(4401, 'unauthenticated'), 0, 'they are closing already')
  for (const client of [one, two]) t.match(await client!.closed(), { code: 4401 })
  t.equal(feed.group(['user', 'bob']).send.news('still here'), 1)
  t.equal(await other!.next.news(), 'still here')
})
