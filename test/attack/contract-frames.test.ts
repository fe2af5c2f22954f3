import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { constants, deflateRawSync } from 'node:zlib'
import t from 'tap'
import { defineContract, text } from '../../lib/contract.js'
import { frameCorpus } from '../helpers/frame-corpus.js'
import type { FrameRow } from '../helpers/frame-corpus.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import type { ContractStack } from '../helpers/contract-stack.js'
import { binary, close, closeOf, frame, json, OPCODES, ping } from '../helpers/frames.js'
import { upgrade, upgradeRequest } from '../helpers/handshake.js'
import { openRaw } from '../helpers/raw-client.js'
import type { Received } from '../helpers/raw-client.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

const rows = frameCorpus()

const contract = defineContract({
  name: 'frames',
  url: '/test',
  // What nothing bounds makes 64 KiB of the payload's limit, which is what the corpus takes for granted.
  inbound: { say: Type.Object({ text: text({ maxLength: 10_000 }) }), any: Type.Any({ unboundedOnPurpose: true }) },
  outbound: { said: Type.Object({ text: Type.String() }) },
})

/** A route that says everything back; `handled` is what its handler saw. */
function echo (handled: string[]): (app: FastifyInstance) => void {
  return app => {
    app.wsRoute(contract, {
      on: {
        say: ({ text }, socket) => {
          handled.push(text)
          socket.send.said({ text })
        },
        any: () => { handled.push('any') },
      },
    })
  }
}

const say = (value: string): object => ({ type: 'say', data: { text: value } })
const said = (value: string): Received => ({ type: 'said', data: { text: value } })

function fragments (count: number, payload: string): Buffer {
  const next = frame({ opcode: OPCODES.continuation, fin: false, payload })
  return Buffer.concat([frame({ fin: false, payload }), ...new Array<Buffer>(count).fill(next)])
}

/** The rows too big for hex, by their recipes. */
const BUILT: { readonly [id: string]: () => Buffer } = {
  'ok-max': () => frame({ payload: Buffer.alloc(65_536, 0x61) }),
  'pmd-frag-bomb': () => {
    const packed = deflateRawSync(Buffer.alloc(8 << 20), { finishFlush: constants.Z_SYNC_FLUSH })
    return frame({ rsv: 4, payload: packed.subarray(0, -4) })
  },
  'frag-tiny-20k': () => fragments(20_000, 'x'),
  'frag-empty-200k': () => fragments(200_000, ''),
}

/** What a row brings: the code of an error reply, or that of a close frame. */
async function run (server: ContractStack, row: FrameRow): Promise<string> {
  const client = await server.open({ extensions: 'permessage-deflate' })
  client.send(BUILT[row.id]?.() ?? Buffer.from(row.hex!, 'hex'))
  try {
    const first = await client.client.waitFor(() => client.frames()[0], row.id)
    return first.opcode === OPCODES.close ? String(closeOf(first).code) : client.messages()[0]!.error!.code
  } finally {
    client.client.destroy()
  }
}

t.test('E01 E02 E03 E05 E06 E08 D18 D19 D20 the frame corpus on a contract route', async t => {
  t.equal(rows.length, 45)
  const handled: string[] = []
  const server = await contractStack(t, echo(handled))
  for (const row of rows) {
    const expected = String(row.expect)
    // Texts of the corpus are no JSON; a compressed frame breaks the protocol where nothing was negotiated.
    const wanted = row.pmd === true ? '1002' : expected.includes('echo') ? 'invalid_json' : String(Number.parseInt(expected, 10))
    t.equal(await run(server, row), wanted, `${row.id}: ${row.desc}`)
  }
  t.same(handled, [])
  t.ok(server.stack.log.where('event', 'ws.proto.violation').length > 5, 'a line for each kind')
  t.equal(server.stack.log.lines.filter(line => line.level >= 50).length, 0, 'a peer\'s bad frame is no error of ours')
  await server.empty()
  t.ok(await server.answers())
})

t.test('E04 binary where text is contracted: one error, then 1003; never read as text', async t => {
  const handled: string[] = []
  const server = await contractStack(t, echo(handled))
  const client = await server.open()
  client.send(binary(Buffer.from(JSON.stringify(say('as binary')))))
  t.match(await client.waitMessages(1), [{ type: '$error', error: { code: 'unsupported_data' } }])
  client.send(Buffer.concat([json(say('as text')), binary(Buffer.from('{}')), json(say('after'))]))
  t.same(await client.waitClose(), { code: 1003, reason: 'unsupported_data' })
  t.same(handled, ['as text'])
  t.ok(await server.answers())
})

t.test('E06 E08 what comes behind a close frame is ignored; control frames fit between fragments', async t => {
  const handled: string[] = []
  const server = await contractStack(t, echo(handled))
  const client = await server.open()
  const body = JSON.stringify(say('in parts'))
  client.send(Buffer.concat([
    frame({ payload: body.slice(0, 9), fin: false }), ping('p'), frame({ opcode: OPCODES.continuation, payload: '', fin: false }),
    frame({ opcode: OPCODES.continuation, payload: body.slice(9) }), close(1000), json(say('too late')), json(say('too late')),
  ]))
  t.equal((await client.waitClose()).code, 1000)
  t.same(client.messages(), [said('in parts')])
  t.equal((await client.waitFrame(OPCODES.pong)).payload.toString(), 'p')
  t.same(handled, ['in parts'])
  t.ok(await server.answers())
})

t.test('E07 a peer that resets at any point', async t => {
  const handled: string[] = []
  const server = await contractStack(t, echo(handled))
  const { stack } = server
  const bytes = Buffer.from(upgradeRequest(stack.page({ path: '/test' })), 'latin1')
  const message = json(say('x'))
  const points = [10, bytes.length - 2, bytes.length, bytes.length + 1, bytes.length + 8, bytes.length + message.length]
  for (const point of points) {
    for (const wait of [false, true]) {
      const client = await connect(stack.port)
      client.send(Buffer.concat([bytes, message]).subarray(0, point))
      if (wait && point > bytes.length) await client.response()
      else if (wait) await new Promise(resolve => setTimeout(resolve, 5))
      client.reset()
    }
  }
  await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
  t.equal(stack.log.lines.filter(line => line.level >= 50).length, 0)
  t.ok(await server.answers())
})

t.test('D18 the contract\'s own limit refuses by the header, before a byte is kept', async t => {
  const handled: string[] = []
  const server = await contractStack(t, app => {
    echo(handled)(app)
    app.wsRoute(defineContract({ name: 'small', url: '/small', inbound: { say: Type.Object({ text: text({ maxLength: 4 }) }) } }), { on: { say: ({ text }) => { handled.push(text) } } })
  })
  const small = await server.open({ path: '/small' })
  small.send(frame({ payload: '', declaredLength: 1025 }))
  t.equal((await small.waitClose()).code, 1009)
  const large = await server.open()
  // Six bytes for each unit: legitimate JSON of the longest text.
  large.send(frame({ payload: `{"type":"say","data":{"text":"${'\\u0061'.repeat(10_000)}"}}` }))
  t.same((await large.waitMessages(1))[0], said('a'.repeat(10_000)))
  large.send(frame({ payload: '', declaredLength: 65_537 }))
  t.equal((await large.waitClose()).code, 1009)
  t.equal(handled.length, 1)
  t.ok(await server.answers())
})

t.test('D19 a hundred sockets with fragments that never end hold little', async t => {
  const server = await contractStack(t, echo([]))
  const clients = await Promise.all(Array.from({ length: 100 }, async () => await server.open()))
  const before = process.memoryUsage().rss
  for (const client of clients) client.send(fragments(62, 'x'))
  t.ok(await server.answers())
  t.ok(process.memoryUsage().rss - before < 20e6)
  clients[0]!.send(frame({ opcode: OPCODES.continuation, payload: 'x'.repeat(10) }))
  t.match(await clients[0]!.waitMessages(1), [{ error: { code: 'invalid_json' } }], '64 fragments are one message')
  clients[1]!.send(Buffer.concat([frame({ opcode: OPCODES.continuation, fin: false }), frame({ opcode: OPCODES.continuation, fin: false })]))
  t.equal((await clients[1]!.waitClose()).code, 1008)
  await server.empty()
})

t.test('A27 messages behind the handshake are handled once, after it; refused, never', async t => {
  const handled: string[] = []
  const server = await contractStack(t, app => {
    echo(handled)(app)
    const slow = defineContract({ ...contract, name: 'slow', url: '/slow' })
    const late = (verdict: boolean) => async () => { await new Promise(resolve => setTimeout(resolve, 100)); return verdict }
    const on = { say: ({ text }: { text: string }) => { handled.push(text) }, any: () => {} }
    app.wsRoute(slow, { authorize: late(true), on })
    app.wsRoute({ ...slow, name: 'closed', url: '/closed' }, { authorize: late(false), on })
    app.wsRoute({ ...slow, name: 'opening', url: '/opening' }, { onOpen: async () => { await late(true)(); handled.push('opened') }, on })
  })
  const after = Buffer.concat([json(say('1')), json(say('2')), json(say('3'))])
  const quick = await server.open({ after })
  t.same(await quick.waitMessages(3), [said('1'), said('2'), said('3')])
  t.same(handled.splice(0), ['1', '2', '3'])

  const slow = openRaw(server.stack.port, server.stack.page({ path: '/slow', after }))
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(handled, [], 'not before it is admitted')
  const admitted = await slow
  await until(() => handled.length === 3)
  admitted.client.destroy()
  t.same(handled.splice(0), ['1', '2', '3'])

  const refused = await upgrade(server.stack.port, server.stack.page({ path: '/closed', after }))
  t.equal(refused.status, 403)
  const anonymous = await upgrade(server.stack.port, server.stack.page({ cookie: null, path: '/test', after }))
  t.equal(anonymous.status, 401)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(handled, [])

  const opening = await server.open({ path: '/opening', after })
  await until(() => handled.length === 4)
  opening.client.destroy()
  t.same(handled, ['opened', '1', '2', '3'], 'they wait for onOpen')
  t.ok(await server.answers())
})

t.test('C09 H13 after the server\'s close nothing is handled, and a peer that ignores it is cut off', async t => {
  const handled: string[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        any: () => {},
        say: ({ text }, socket) => {
          handled.push(text)
          if (text === 'bye') socket.close(4401, 'unauthenticated')
        },
      },
    })
  }, { guard: { messages: NO_LIMITS } })
  const client = await server.open()
  const more = Buffer.concat(Array.from({ length: 10 }, () => json(say('more'))))
  client.send(Buffer.concat([json(say('hello')), json(say('bye')), more]))
  t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  client.send(more)
  await client.client.waitClose()
  t.same(handled, ['hello', 'bye'])
  t.ok(await server.answers())
})
