import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { contractStack } from '../helpers/contract-stack.js'
import { json } from '../helpers/frames.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { socketServer } from '../helpers/socket-server.js'
import { optionsSchema } from '../../lib/plugin/schema.js'
import { fillOptions } from '../../lib/plugin/check-options.js'
import type { SocketLimits } from '../../lib/socket/limits.js'
import { until } from '../helpers/until.js'

// docs/limits.md: what honest clients do is served by the defaults.

const DEFAULTS = (fillOptions(optionsSchema, {}) as { messages: SocketLimits }).messages
const ANY = { accept: anyPayload }

t.test('a pointer at 60 Hz for ten minutes, with a burst after each pause', async t => {
  const state = { now: 0, handled: 0 }
  const server = await socketServer(t, {
    limits: DEFAULTS,
    now: () => state.now,
    inbound: { move: ANY },
    handlers: { on: { move: () => { state.handled++ } } },
  })
  const client = await server.open()
  let sent = 0
  for (let second = 0; second < 600; second++) {
    client.send(Buffer.concat(Array.from({ length: 60 }, () => json({ type: 'move', data: 1 }))))
    sent += 60
    await until(() => state.handled === sent)
    state.now += 1000
  }
  t.equal(server.events('message:refused').length, 0)
  t.ok(await server.answers())
})

t.test('an upload of 10 MB in chunks, as fast as the network goes: nothing is lost, only slowed down', async t => {
  const chunks: number[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(defineContract({
      name: 'upload',
      url: '/test',
      inbound: { chunk: Type.Object({ n: Type.Integer(), part: Type.String({ maxLength: 60_000 }) }) },
    }), { on: { chunk: ({ n }) => { chunks.push(n) } } })
  }, { limit: 20_000 })
  const client = await server.open()
  for (let n = 0; n < 175; n++) client.json({ type: 'chunk', data: { n, part: 'x'.repeat(60_000) } })
  await until(() => chunks.length === 175)
  t.same(chunks, Array.from({ length: 175 }, (_, n) => n), 'all of them, in order')
  t.same(client.messages(), [])
  t.ok(await server.answers())
})

t.test('at a cap whose sockets have vanished a newcomer is let in; where they live it is refused', async t => {
  const server = await contractStack(t, () => {}, { guard: { connections: { perIdentity: 3 } } })
  const living = [await server.open({ path: '/ws' }), await server.open({ path: '/ws' })]
  const gone = await server.open({ path: '/ws' })
  gone.client.socket.pause()
  await server.open({ path: '/ws' })
  gone.client.socket.resume()
  await gone.client.waitClose()
  t.ok(living.every(({ client }) => !client.closed))
  await t.rejects(server.open({ path: '/ws' }), /429/, 'all live')
})
