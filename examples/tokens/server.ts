// An API without pages and without cookies. A program has a key; with it it gets a short token, and with that it opens
// the socket. New tokens take the place of old ones over the open connection.
import jwt from '@fastify/jwt'
import { createHash, randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import guard, { tokenAuth } from 'fastify-ws-guard'
import { feed } from './feed.contract.js'

interface Claims { readonly sub: string, readonly roles: readonly string[], readonly exp: number }

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

// In production a table. Hashes only: who steals it has no key.
const PROGRAMS = new Map([
  [hashOf('key-of-the-reader'), { sub: 'reader', roles: ['reader'] }],
  [hashOf('key-of-the-writer'), { sub: 'writer', roles: ['reader', 'writer'] }],
])

const app = Fastify({ logger: { level: process.env['LOG_LEVEL'] ?? 'warn' } })
await app.register(jwt, {
  secret: process.env['TOKEN_SECRET'] ?? randomBytes(32).toString('base64'),
  sign: { algorithm: 'HS256', expiresIn: `${process.env['TOKEN_SECONDS'] ?? 60}s` },
  // Named, so that a token can't choose.
  verify: { algorithms: ['HS256'] },
})
await app.register(guard, {
  // A public server has allowedHosts: ['api.example.com'] instead, and TLS.
  development: true,
  // No page may connect, and programs send no Origin.
  origins: [],
  allowMissingOrigin: true,
  auth: tokenAuth({ verify: token => app.jwt.verify<Claims>(token) }),
})

app.post<{ Body: { key: string } }>('/token', {
  schema: { body: { type: 'object', required: ['key'], properties: { key: { type: 'string', maxLength: 100 } } } },
}, async (request, reply) => {
  const program = PROGRAMS.get(hashOf(request.body.key))
  if (program === undefined) return await reply.code(401).send({ error: 'unknown key' })
  return { token: app.jwt.sign(program) }
})

app.wsRoute(feed, {
  onOpen (socket) { socket.join('all') },
  on: {
    publish ({ number }, socket) {
      socket.group('all').send.published({ from: String(socket.identity.id), number })
    },
  },
})

const address = await app.listen({ port: Number(process.env['PORT'] ?? 3000) })
console.log(`The feed is at ${address.replace('http', 'ws')}/feed`)
