// A poll that everyone may vote in: no login, one route, one contract. Any page of this machine may connect.
import Fastify from 'fastify'
import guard from 'fastify-ws-guard'
import { poll } from './poll.contract.js'

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
