// One server of bench/broadcast.js: `guarded` sends to a group, `bare` loops over its sockets with ws.send.
import { announce } from './lib/process.js'

const HOST = '127.0.0.1'
const { default: Fastify } = await import('fastify')
const app = Fastify()

if (process.argv[2] === 'guarded') {
  const { Type } = await import('@sinclair/typebox')
  const { default: guard } = await import('../dist/esm/lib/index.js')
  const { defineContract, text } = await import('../dist/esm/lib/contract.js')
  await app.register(guard, {
    development: true,
    allowedHosts: ['bench.test'],
    origins: ['https://bench.test'],
    upgradeRate: false,
    connections: { perAddress: 100_000, total: 100_000 },
    messages: { rate: 1e9, burst: 1e9 },
  })
  const contract = defineContract({
    name: 'bench',
    url: '/ws',
    inbound: { say: Type.Object({ text: text({ maxLength: 500 }) }) },
    outbound: { said: Type.Object({ from: Type.String(), text: Type.String() }) },
  })
  app.wsRoute(contract, {
    public: true,
    onOpen: socket => { socket.join('all') },
    on: { say ({ text }, socket) { socket.group('all').send.said({ from: 'alice', text }) } },
  })
} else {
  const { default: websocket } = await import('@fastify/websocket')
  const sockets = new Set()
  await app.register(websocket)
  app.get('/ws', { websocket: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => { sockets.delete(socket) })
    socket.on('message', raw => {
      const message = JSON.parse(raw.toString())
      if (message?.type !== 'say' || typeof message.data?.text !== 'string' || message.data.text.length > 500) return
      // Encoded once: what a careful developer does.
      const text = JSON.stringify({ type: 'said', data: { from: 'alice', text: message.data.text } })
      for (const other of sockets) if (other.readyState === 1) other.send(text)
    })
  })
}
await app.listen({ port: 0, host: HOST })
announce(app.server.address().port)
