import cors from '@fastify/cors'
import Fastify from 'fastify'
import t from 'tap'
import guard from '../../lib/index.js'

t.test('one list for WebSockets and CORS: @fastify/cors takes corsOrigin as it is', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { allowedHosts: ['api.example.com'], origins: ['https://app.example.com', 'https://*.partner.com'], requireTls: false })
  await app.register(cors, { origin: app.wsGuard.corsOrigin, credentials: true })
  app.get('/data', () => 'x')
  const allowed = async (origin?: string) =>
    (await app.inject({ url: '/data', headers: origin === undefined ? {} : { origin } })).headers['access-control-allow-origin']
  t.equal(await allowed('https://app.example.com'), 'https://app.example.com')
  t.equal(await allowed('https://a.partner.com'), 'https://a.partner.com')
  for (const origin of ['https://evil.example', 'http://app.example.com', 'https://partner.com', 'null', 'https://app.example.com.evil.example']) {
    t.equal(await allowed(origin), undefined, origin)
  }
  t.equal(await allowed(), undefined, 'a request without Origin needs no CORS headers')
})
