import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract/define.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { bareStack } from '../helpers/bare.js'
import { frame, OPCODES } from '../helpers/frames.js'
import { upgrade } from '../helpers/handshake.js'
import { openRaw } from '../helpers/raw-client.js'

const echo = defineContract({
  name: 'echo',
  url: '/test',
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 20 }) }) },
  outbound: { said: Type.Object({ text: Type.String() }) },
})
const MESSAGE = JSON.stringify({ type: 'say', data: { text: 'hi' } })
const first = frame({ fin: false, payload: MESSAGE.slice(0, 5) })
const last = frame({ opcode: OPCODES.continuation, payload: MESSAGE.slice(5) })
const sleep = (time: number) => new Promise(resolve => setTimeout(resolve, time))

t.test('D19 a message whose last fragment never comes closes its socket, on every route', async t => {
  const stack = await contractStack(t, app => {
    app.wsRoute(echo, { on: { say ({ text }, socket) { socket.send.said({ text }) } } })
    app.get('/raw', { websocket: true }, socket => { socket.on('message', data => { socket.send(String(data)) }) })
  }, { guard: { messages: NO_LIMITS, websocket: { fragmentTimeout: 300 } } })

  const [waits, plain] = [await stack.open(), await stack.open({ path: '/raw' })]
  waits.client.send(first)
  plain.client.send(first)
  for (const client of [waits, plain]) t.same(await client.waitClose(), { code: 1008, reason: 'policy_violation' })

  // Always in the middle of some message, but of no one for long.
  const busy = await stack.open()
  for (let round = 0; round < 30; round++) {
    busy.client.send(first)
    await sleep(25)
    busy.client.send(last)
  }
  const replies = await busy.waitMessages(30)
  t.equal(replies.length, 30)
  t.ok(replies.every(({ type }) => type === 'said'))

  // Nothing begun: a silent socket may be silent.
  const silent = await stack.open()
  await sleep(600)
  silent.json({ type: 'say', data: { text: 'late' } })
  t.same((await silent.waitMessages(1))[0], { type: 'said', data: { text: 'late' } })
  t.ok(await stack.answers())
})

t.test('D19 the bare stack waits for ever', async t => {
  const bare = await bareStack(t)
  const opened = await upgrade(bare.port)
  t.equal(opened.status, 101)
  opened.client.send(first)
  await sleep(700)
  t.notOk(opened.client.closed, 'still open')
  opened.client.destroy()
  const fresh = await openRaw(bare.port)
  fresh.client.destroy()
})
