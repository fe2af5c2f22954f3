import t from 'tap'
import { bareStack } from '../helpers/bare.js'
import { frame, OPCODES, ping, pong, text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { openRaw } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

// docs/protocol.md section 9: control frames of a client.

const repeat = (one: Buffer, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => one))

t.test('17 pings in one read are answered', async t => {
  const stack = await guardedStack(t)
  const client = await openRaw(stack.port, stack.page({ path: '/ws' }))
  client.send(Buffer.concat([repeat(ping('p'), 17), text('x')]))
  await until(() => client.texts().length === 1)
  t.equal(client.frames().filter(({ opcode, payload }) => opcode === OPCODES.pong && payload.toString() === 'p').length, 17)
})

for (const [name, one] of [['pings', ping('x')], ['pongs', pong('x')], ['empty pongs', frame({ opcode: OPCODES.pong, payload: '' })]] as const) {
  t.test(`D10 D11 D12 a flood of ${name} is closed 1008 with one line, and is read no further`, async t => {
    const stack = await guardedStack(t)
    const client = await openRaw(stack.port, stack.page({ path: '/ws' }))
    const [server] = stack.app.websocketServer.clients
    let seen = 0
    server!.on('ping', () => { seen++ })
    server!.on('pong', () => { seen++ })
    client.send(repeat(one, 5000))
    t.same(await client.waitClose(), { code: 1008, reason: 'policy_violation' })
    t.ok(seen <= 32 + 10, `${seen} are seen`)
    await until(() => server!.isPaused)
    client.client.destroy()
    await until(() => stack.log.where('event', 'ws.socket.closed').length > 0)
    t.match(stack.log.where('event', 'ws.socket.closed'), [{ code: 1008, cause: 'policy', identity: 'ada', route: '/ws', level: 40 }])
    t.ok(await stack.serves())
  })
}

t.test('D11 D12 the bare stack reads each of thousands of pings and pongs, and goes on', async t => {
  const bare = await bareStack(t)
  const client = await openRaw(bare.port)
  const [server] = bare.app.websocketServer.clients
  let seen = 0
  server!.on('ping', () => { seen++ })
  server!.on('pong', () => { seen++ })
  client.send(repeat(pong('x'), 5000))
  // ws itself ends who has more than 60 unanswered.
  for (let round = 1; round <= 25; round++) {
    client.send(Buffer.concat([repeat(ping('x'), 40), text('still here')]))
    await until(() => client.texts().length === round)
  }
  t.equal(seen, 6000)
})

t.test('a client that pings now and then is fine', async t => {
  const stack = await guardedStack(t)
  const client = await openRaw(stack.port, stack.page({ path: '/ws' }))
  for (let n = 0; n < 25; n++) {
    client.send(ping())
    await until(() => client.frames().filter(({ opcode }) => opcode === OPCODES.pong).length === n + 1)
  }
  t.notOk(client.client.closed)
})
