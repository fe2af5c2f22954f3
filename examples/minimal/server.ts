// A poll that everyone may vote in: no login, one route, one contract. Any page of this machine may connect.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import guard from 'fastify-ws-guard'
import { defineContract } from 'fastify-ws-guard/contract'

const Choice = Type.Union([Type.Literal('tea'), Type.Literal('coffee')])
const poll = defineContract({
  name: 'poll',
  url: '/poll',
  inbound: { vote: Type.Object({ choice: Choice }) },
  outbound: { result: Type.Object({ tea: Type.Integer(), coffee: Type.Integer() }) },
})

const app = Fastify()
await app.register(guard, { development: true })

const votes = { tea: 0, coffee: 0 }
app.wsRoute(poll, {
  public: true,
  onOpen (socket) {
    socket.join('all')
    socket.send.result(votes)
  },
  on: {
    vote ({ choice }, socket) {
      votes[choice]++
      socket.group('all').send.result(votes)
    },
  },
})

const address = await app.listen({ port: Number(process.env['PORT'] ?? 3000) })
console.log(`The poll is open at ${address.replace('http', 'ws')}/poll`)
