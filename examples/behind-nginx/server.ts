// Behind nginx, which terminates TLS (nginx.conf beside this file). What the guard believes of a request's address and
// protocol comes from nginx alone, and only over TLS a socket opens.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import guard from 'fastify-ws-guard'
import { defineContract } from 'fastify-ws-guard/contract'

export const clock = defineContract({
  name: 'clock',
  url: '/clock',
  outbound: { tick: Type.Object({ at: Type.Integer({ description: 'Milliseconds since 1970' }) }) },
})

// The address that browsers show, as nginx serves it.
const site = new URL(process.env['PUBLIC_ORIGIN'] ?? 'https://app.example.com')

const app = Fastify({
  // nginx's address, as this server sees it. Never `true`: anyone who reaches this port could then claim to have come over TLS.
  trustProxy: ['127.0.0.1'],
  logger: { level: 'warn' },
})
await app.register(guard, { allowedHosts: [site.host], origins: [site.origin] })

const route = app.wsRoute(clock, {
  public: true,
  onOpen (socket) {
    socket.join('all')
    socket.send.tick({ at: Date.now() })
  },
})
setInterval(() => route.group('all').send.tick({ at: Date.now() }), 1000).unref()

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void app.close() })
// On the loopback address nobody but this machine reaches the port without nginx.
const address = await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '127.0.0.1' })
console.log(`nginx finds the clock at ${address}, browsers at ${site.origin.replace('http', 'ws')}/clock`)
