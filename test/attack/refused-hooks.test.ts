import t from 'tap'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { recordCrashes } from '../helpers/crashes.js'
import { bySession, guardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'

const SECRET = 'redis://:hunter2@10.0.0.7'

t.test('no 101 follows an answer that was begun past Fastify', async t => {
  const crashes = recordCrashes(t)
  for (const place of ['onRequest', 'preValidation', 'preHandler'] as const) {
    let calls = 0
    const begin = async (_request: unknown, reply: FastifyReply): Promise<void> => {
      reply.raw.writeHead(403, { 'content-type': 'text/plain' })
      reply.raw.write('not ')
      // Longer than the guard's looks at sockets that were answered and not closed.
      setTimeout(() => { reply.raw.end('you') }, 400)
    }
    const { port, page, healthy } = await guardedStack(t, {
      as: 'site',
      extend: app => { app.get('/denied', { websocket: true, [place]: begin }, () => { calls++ }) },
    })
    const refused = await upgrade(port, page({ path: '/denied' }))
    t.equal(refused.status, 403, place)
    t.equal(refused.body, 'not you')
    await refused.closed()
    t.equal(refused.rest().length, 0, 'one answer')
    t.equal(calls, 0)
    t.equal(await healthy(), true)
  }
  t.same(crashes, [])
})

t.test('a hook that only sets a status refuses with it, at once', async t => {
  for (const [place, status, expected] of [['onRequest', 403, 403], ['preHandler', 403, 403], ['onRequest', 302, 403], ['preValidation', 507, 507]] as const) {
    let calls = 0
    const { port, page, log, healthy } = await guardedStack(t, {
      as: 'site',
      guard: { authTimeout: 20_000, handshakeTimeout: 30_000 },
      extend: app => {
        app.get('/denied', { websocket: true, [place]: async (_request: unknown, reply: FastifyReply) => { reply.code(status) } }, () => { calls++ })
      },
    })
    const refused = await upgrade(port, page({ path: '/denied' }))
    t.equal(refused.status, expected, `${place} ${status}`)
    t.equal(codeOf(refused), 'WSG_ERR_HOOK_REFUSED')
    await refused.closed()
    t.equal(calls, 0)
    t.equal(log.where('code', 'WSG_ERR_HOOK_REFUSED').length, 1)
    t.equal(await healthy(), true)
  }
})

const ORDERS = ['before', 'extend'] as const

for (const order of ORDERS) {
  t.test(`what an onSend hook throws during a refusal stays inside, registered ${order === 'before' ? 'before' : 'after'} the guard`, async t => {
    const crashes = recordCrashes(t)
    const { port, page, healthy, counts } = await guardedStack(t, {
      as: 'site',
      [order]: (app: FastifyInstance) => {
        app.addHook('onSend', async request => { if (request.headers['x-fail'] !== undefined) throw new Error(SECRET) })
        app.addHook('onSend', async request => {
          // What applications write: during a refusal there may be no session.
          if (request.headers['x-read'] !== undefined) return (request as unknown as { session: { user: { name: { first: string } } } }).session.user.name.first
        })
      },
    })
    for (const headers of [[['x-fail', '1']], [['x-read', '1']]] as const) {
      for (const [changes, status, code] of [
        [{ origin: 'https://evil.test' }, 403, 'WSG_ERR_ORIGIN_NOT_ALLOWED'], [{ cookie: null }, 401, 'WSG_ERR_UNAUTHENTICATED'], [{ path: '/nowhere' }, 404, 'WSG_ERR_ROUTE_NOT_FOUND'],
      ] as const) {
        const refused = await upgrade(port, page({ ...changes, headers }))
        t.equal(refused.status, status)
        t.equal(codeOf(refused), code)
        t.notMatch(refused.body, /hunter2|Cannot read|undefined/)
        await refused.closed()
      }
    }
    t.equal(counts.opened, 0)
    t.equal(await healthy(), true)
    t.same(crashes, [])
  })
}

t.test('what an error handler throws during a refusal stays inside', async t => {
  const crashes = recordCrashes(t)
  const handlers: Readonly<Record<string, (request: { session?: unknown }) => unknown>> = {
    throws: () => { throw new Error(SECRET) },
    rejects: async () => { throw Object.assign(new Error(SECRET), { statusCode: 403 }) },
    reads: request => (request.session as { user: { name: { first: string } } }).user.name.first,
  }
  for (const [name, handle] of Object.entries(handlers)) {
    const { port, page, healthy } = await guardedStack(t, {
      as: 'site',
      before: app => { app.setErrorHandler((_error, request) => handle(request as { session?: unknown })) },
    })
    for (const [changes, status, code] of [[{ origin: 'https://evil.test' }, 403, 'WSG_ERR_ORIGIN_NOT_ALLOWED'], [{ cookie: null }, 401, 'WSG_ERR_UNAUTHENTICATED']] as const) {
      const refused = await upgrade(port, page(changes))
      t.equal(refused.status, status, `${name} ${code}`)
      t.equal(codeOf(refused), code)
      t.notMatch(refused.body, /hunter2|Cannot read/)
      await refused.closed()
    }
    t.equal(await healthy(), true)
  }
  t.same(crashes, [])
})

t.test('an error handler may write another body', async t => {
  const { port, page } = await guardedStack(t, {
    as: 'site',
    before: app => { app.setErrorHandler((error, _request, reply) => reply.code(418).header('x-own', '1').send({ mine: (error as { code?: string }).code })) },
  })
  const refused = await upgrade(port, page({ origin: 'https://evil.test' }))
  t.equal(refused.status, 418)
  t.equal(refused.headers.get('x-own'), '1')
  t.equal(refused.headers.get('connection'), 'close')
  t.same(JSON.parse(refused.body), { mine: 'WSG_ERR_ORIGIN_NOT_ALLOWED' })
  await refused.closed()
})

t.test('an error handler that writes down all that it gets of a refusal has nothing inner to write', async t => {
  const { port, page } = await guardedStack(t, {
    as: 'site',
    before: app => {
      app.setErrorHandler((error, _request, reply) => {
        const { stack, ...all } = error as Error
        reply.code(400).send({ ...all, name: all.name, message: all.message, cause: String(error instanceof Error ? error.cause : '') })
      })
    },
    extend: app => {
      const auth = { name: 'broken', needs: { credential: 'header', session: false }, authenticate () { throw new Error(SECRET) } } as const
      app.get('/fails', { websocket: true, wsGuard: { auth } }, () => {})
    },
  })
  for (const [part, code] of [[{ origin: 'https://evil.test' }, 'WSG_ERR_ORIGIN_NOT_ALLOWED'], [{ path: '/fails' }, 'WSG_ERR_AUTH_UNAVAILABLE']] as const) {
    const refused = await upgrade(port, page(part))
    t.equal(refused.status, 400)
    t.match(JSON.parse(refused.body), { code })
    t.notMatch(refused.body, new RegExp(`evil|broken|${SECRET}`))
    await refused.closed()
  }
})

t.test('a deliberate 5xx of a hook keeps its status and Retry-After, and says nothing else', async t => {
  for (const path of ['/open', '/ws']) {
    for (const place of ['onRequest', 'preHandler'] as const) {
      for (const retryAfter of ['120', '50', undefined]) {
        const { port, page, log } = await guardedStack(t, {
          as: 'site',
          extend: app => {
            app.addHook(place as 'onRequest', async (_request, reply) => {
              if (retryAfter !== undefined) reply.header('Retry-After', retryAfter)
              throw Object.assign(new Error(SECRET), { statusCode: 503 })
            })
          },
        })
        const refused = await upgrade(port, page({ path }))
        t.equal(refused.status, 503, `${path} ${place}`)
        t.equal(refused.headers.get('retry-after'), retryAfter)
        t.same(JSON.parse(refused.body), { statusCode: 503, code: 'WSG_ERR_HOOK_REFUSED', error: 'Service Unavailable', message: 'Refused' })
        await refused.closed()
        t.equal(log.where('code', 'WSG_ERR_HOOK_REFUSED').length, 1)
      }
    }
  }
})

t.test('the text of an error that a hook throws stays inside, whatever its status', async t => {
  for (const place of ['onRequest', 'preHandler'] as const) {
    for (const status of [400, 418, 429, 507]) {
      const { port, page, log } = await guardedStack(t, {
        as: 'site',
        extend: app => {
          app.addHook(place as 'onRequest', async () => { throw Object.assign(new Error(SECRET), { statusCode: status, code: 'MINE' }) })
        },
      })
      const refused = await upgrade(port, page())
      t.equal(refused.status, status, place)
      t.equal(codeOf(refused), 'WSG_ERR_HOOK_REFUSED')
      t.notMatch(refused.body, /hunter2|MINE/)
      await refused.closed()
      t.equal(log.where('code', 'WSG_ERR_HOOK_REFUSED').length, 1)
    }
  }
})

t.test('a body that the application has made itself leaves', async t => {
  const { port, page } = await guardedStack(t, {
    as: 'site',
    extend: app => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.headers['x-send'] !== undefined) return await reply.code(402).send({ pay: true })
        if (request.headers['x-throw'] !== undefined) throw Object.assign(new Error(SECRET), { statusCode: 402 })
      })
      app.setErrorHandler(async (_error, _request, reply) => { reply.code(402); return { pay: true } })
    },
  })
  for (const name of ['x-send', 'x-throw']) {
    const refused = await upgrade(port, page({ headers: { [name]: '1' } }))
    t.equal(refused.status, 402)
    t.same(JSON.parse(refused.body), { pay: true })
    await refused.closed()
  }
})

t.test('a refusal that nobody answers is written at the deadline, once', async t => {
  const crashes = recordCrashes(t)
  const late = new Set<() => void>()
  const hang = (): Promise<void> => new Promise(resolve => { late.add(resolve) })
  const ways: Readonly<Record<string, (app: FastifyInstance) => void>> = {
    'error handler hangs': app => { app.setErrorHandler(hang) },
    'onError hook hangs': app => { app.addHook('onError', hang) },
    'error handler hijacks': app => {
      app.setErrorHandler((_error, _request, reply) => {
        reply.hijack()
        late.add(() => { reply.raw.end('late') })
      })
    },
  }
  for (const [name, before] of Object.entries(ways)) {
    const { port, page, healthy } = await guardedStack(t, { as: 'site', guard: { authTimeout: 300, handshakeTimeout: 20_000 }, before })
    for (const [changes, status, code] of [[{ origin: 'https://evil.test' }, 403, 'WSG_ERR_ORIGIN_NOT_ALLOWED'], [{ cookie: null }, 401, 'WSG_ERR_UNAUTHENTICATED']] as const) {
      const refused = await upgrade(port, page(changes))
      t.equal(refused.status, status, name)
      t.equal(codeOf(refused), code)
      for (const answer of late) answer()
      late.clear()
      await refused.closed()
      t.equal(refused.rest().length, 0, 'one answer')
    }
    t.equal(await healthy(), true)
  }
  t.same(crashes, [])
})

t.test('a strategy that throws 401 or 403 refuses with it; a broken one is 503', async t => {
  const { port, page } = await guardedStack(t, {
    as: 'site',
    guard: {
      auth: {
        name: 'jwt',
        needs: { credential: 'header', session: false },
        challenge: 'Bearer',
        authenticate: async ({ request }) => {
          const status = Number(request.headers['x-status'])
          if (status === 0) return { id: 'ada' }
          await wait(1)
          throw Object.assign(new Error(SECRET), { statusCode: status })
        },
      },
    },
  })
  for (const [given, status, code] of [[401, 401, 'WSG_ERR_UNAUTHENTICATED'], [403, 403, 'WSG_ERR_FORBIDDEN'], [500, 503, 'WSG_ERR_AUTH_UNAVAILABLE'], [400, 503, 'WSG_ERR_AUTH_UNAVAILABLE']] as const) {
    const refused = await upgrade(port, page({ headers: { 'x-status': String(given) } }))
    t.equal(refused.status, status, String(given))
    t.equal(codeOf(refused), code)
    t.equal(refused.headers.get('www-authenticate'), status === 401 ? 'Bearer' : undefined)
    t.notMatch(refused.body, /hunter2/)
    await refused.closed()
  }
  const admitted = await upgrade(port, page({ headers: { 'x-status': '0' } }))
  t.equal(admitted.status, 101)
  admitted.client.destroy()
})

t.test('a route that a hook mirrors is judged once, and its slots come back', async t => {
  let asked = 0
  let opened = 0
  const { app, port, page, healthy } = await guardedStack(t, {
    as: 'site',
    guard: {
      connections: { perIdentity: 1 },
      auth: { ...bySession, authenticate: context => { asked++; return bySession.authenticate(context) } },
    },
    extend: app => {
      app.addHook('onRoute', route => {
        const { mirrored } = route as { mirrored?: boolean }
        if (route.url === '/two' && route.method === 'GET' && mirrored !== true) app.route({ ...route, url: '/v2/two', mirrored: true } as typeof route)
      })
      app.route({ method: 'GET', url: '/two', handler: () => ({}), wsHandler: () => { opened++ } })
    },
  })
  for (const path of ['/two', '/v2/two', '/v2/two', '/two']) {
    asked = 0
    const { status, client } = await upgrade(port, page({ path }))
    t.equal(status, 101, path)
    t.equal(asked, 1, 'asked once')
    const second = await upgrade(port, page({ path }))
    t.equal(second.status, 429)
    client.destroy()
    second.client.destroy()
    t.equal(await healthy(), true)
  }
  t.equal(opened, 4)
  t.equal(app.wsGuard.sockets, 0)
})
