import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { startExample } from '../helpers/example.js'

// examples/chat gets SIGTERM, as every deployment sends it.

t.test('SIGTERM ends the chat: all clients are told to come again, and the process exits by itself', async t => {
  const { port, log, stop, exited } = await startExample(t, 'chat', { LOG_LEVEL: 'info' })
  const origin = `http://localhost:${port}`
  const answer = await fetch(`${origin}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'name=alice&password=wonderland',
  })
  const cookie = answer.headers.getSetCookie().map(one => one.split(';')[0]).join('; ')
  const clients = await Promise.all(Array.from({ length: 9 }, async () => {
    const client = new WebSocket(`${origin.replace('http', 'ws')}/rooms/lobby`, { origin, headers: { cookie } })
    await once(client, 'open')
    return client
  }))
  const closes = clients.map(async client => {
    const [code, reason] = await once(client, 'close') as [number, Buffer]
    return `${code} ${String(reason)}`
  })
  await stop()
  t.same(await Promise.all(closes), clients.map(() => '1001 shutdown'))
  t.same(await exited, { code: 0, signal: null })
  t.match(log.where('event', 'ws.drained'), [{ sockets: 9, cut: 0 }])
})
