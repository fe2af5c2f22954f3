import t from 'tap'
import type { GuardedSocket } from '../../types/socket.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

/** Everything that types/socket.ts declares. */
const DECLARED = ['id', 'identity', 'params', 'query', 'state', 'open', 'bufferedAmount', 'send', 'flushed', 'usage', 'join', 'leave', 'group', 'close']

t.test('what handlers get holds what is declared, the same one each time, and no way to the rest', async t => {
  const seen: GuardedSocket[] = []
  const see = (socket: GuardedSocket): void => { seen.push(socket) }
  const ANY = { accept: anyPayload }
  const server = await socketServer(t, {
    outbound: ['said'],
    inbound: { say: ANY, guarded: ANY },
    calls: { ask: ANY },
    handlers: {
      onOpen: see,
      onClose: see,
      on: {
        say: (_: never, socket: GuardedSocket) => { see(socket) },
        guarded: { authorize: (_: never, socket: GuardedSocket) => { see(socket); return true }, handle: () => {} },
      },
      calls: { ask: (_: never, socket: GuardedSocket) => { see(socket); return 1 } },
    },
  })
  const client = await server.open()
  client.json({ type: 'say', data: 1 }, { type: 'guarded', data: 1 }, { type: 'ask', id: 1, data: 1 })
  await client.waitMessages(1)
  const [face] = seen
  t.same(Object.getOwnPropertyNames(face), [])
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(face)).filter(name => name !== 'constructor')
  t.same(names.sort(), [...DECLARED].sort())
  t.equal(face!.id, '1')
  t.match(face!.identity, { id: 'ann' })
  t.same([face!.params, face!.query, face!.open, face!.bufferedAmount], [{}, {}, true, 0])
  face!.join('room')
  t.equal(face!.group('room').size, 1)
  face!.leave('room')
  t.equal(face!.group('room').size, 0)
  t.equal((face!.send as { said: (data: object) => boolean }).said({ text: 'x' }), true)
  await face!.flushed()
  await client.waitMessages(2)
  face!.close(4000, 'bye')
  t.same(await client.waitClose(), { code: 4000, reason: 'bye' })
  client.client.destroy()
  await until(() => seen.length === 5)
  t.ok(seen.every(one => one === face), 'the same in every handler')
})
