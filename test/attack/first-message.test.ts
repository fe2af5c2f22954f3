import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { Events } from '../../lib/events/events.js'
import { anyOf, sessionAuth, tokenAuth } from '../../lib/index.js'
import type { TokenAuthOptions } from '../../types/auth.js'
import type { GuardOptions } from '../../types/options.js'
import type { Whom } from '../../types/revoke-refresh.js'
import { binary, frame, OPCODES, ping, text } from '../helpers/frames.js'
import { guardedStack, userOf } from '../helpers/guarded-stack.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { codeOf } from '../helpers/handshake.js'
import type { UpgradeOptions } from '../helpers/handshake.js'
import { RawClient } from '../helpers/raw-client.js'
import { later } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

type Test = Parameters<typeof guardedStack>[0]

const HOUR = 3_600_000
const contract = defineContract({
  name: 'tokens',
  url: '/tokens/:room',
  params: Type.Object({ room: Type.String({ maxLength: 8 }) }),
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 20 }) }) },
  outbound: { said: Type.Object({ text: Type.String() }) },
  calls: { who: { request: Type.Object({}), reply: Type.Object({ id: Type.String(), roles: Type.Array(Type.String()) }) } },
})
const flat = defineContract({ name: 'flat', url: '/flat', envelope: { type: 'event', data: null }, inbound: { say: Type.Object({}) } })
const renamed = defineContract({ name: 'renamed', url: '/renamed', envelope: { type: 'event', data: 'body' }, inbound: { say: Type.Object({}) } })

interface Bench {
  readonly stack: GuardedStack
  /** What the application has seen. */
  readonly seen: string[]
  /** Tokens that verify was asked about. */
  readonly asked: string[]
  open (changes?: UpgradeOptions): Promise<RawClient>
}

interface Settings {
  readonly guard?: GuardOptions
  readonly token?: Partial<TokenAuthOptions>
  readonly authorize?: (id: string | number) => boolean | Promise<boolean>
}

/** Tokens are `<user>-<seconds>-<role>`; `slow-…` waits for `release`. */
async function bench (t: Test, { guard, token, authorize }: Settings = {}): Promise<Bench & { release (): void }> {
  const seen: string[] = []
  const asked: string[] = []
  let release = (): void => {}
  const held = new Promise<void>(resolve => { release = resolve })
  const auth = tokenAuth({
    async verify (given) {
      asked.push(given)
      if (given.startsWith('slow')) await held
      if (given.startsWith('down')) throw new Error('store is down')
      const [, id = '', seconds = '', role = 'user'] = /^(?:slow-)?([a-z]+)-(\d+)-?(\w*)$/.exec(given) ?? []
      return id === '' ? null : { id, roles: [role], expires: later(Number(seconds) * 1000) }
    },
    ...token,
  })
  const stack = await guardedStack(t, {
    as: 'site',
    guard: { auth, allowMissingOrigin: true, ...guard },
    extend: app => {
      app.wsRoute(contract, {
        authorize: ({ identity, params }) => params.room !== 'closed' && (authorize?.(identity.id) ?? true),
        onOpen (socket) {
          seen.push(`open ${socket.identity.id}`)
          socket.join('all')
        },
        onClose (socket) { seen.push(`close ${socket.identity.id}`) },
        on: { say ({ text }, socket) { seen.push(text); socket.group('all').send.said({ text }) } },
        calls: { who: (_, { identity }) => ({ id: String(identity.id), roles: [...identity.roles ?? []] }) },
      })
      app.wsRoute(flat, { on: { say () { seen.push('flat') } } })
      app.wsRoute(renamed, { on: { say () { seen.push('renamed') } } })
    },
  })
  return {
    stack,
    seen,
    asked,
    release: () => { release() },
    async open (changes) {
      const result = await stack.upgrade(stack.page({ path: '/tokens/a', cookie: null, protocol: 'wsg.v1', ...changes }))
      if (result.status !== 101) throw new Error(`${result.status} ${result.body}`)
      return new RawClient(result.client, result.response.length)
    },
  }
}

const auth = (token: unknown): object => ({ type: '$auth', data: { token } })
const say = (words: string): object => ({ type: 'say', data: { text: words } })
const bearer = (token: string): UpgradeOptions => ({ headers: { authorization: `Bearer ${token}` } })

t.test('a first message with a token opens the socket; the application sees it then, and not before', async t => {
  const { stack, seen, open } = await bench(t)
  for (const protocol of ['wsg.v1', null]) {
    const client = await open({ protocol })
    t.match(await client.waitMessages(1), [{ type: '$auth', data: { deadline: Number } }])
    t.same(seen, [])
    t.equal(stack.app.wsGuard.sockets, 1)
    client.json(auth('ada-60-admin'))
    const answer = await client.waitMessage(message => message.type === '$auth' && (message.data as { deadline?: number }).deadline === undefined)
    const { expiresIn } = answer.data as { expiresIn: number }
    t.ok(expiresIn > 55_000 && expiresIn <= 60_000, String(expiresIn))
    client.json(say('hello'), { type: 'who', id: 1, data: {} })
    t.same((await client.waitMessage(message => message.id === 1)).data, { id: 'ada', roles: ['admin'] })
    t.same(client.messages().map(message => message.type ?? 'reply'), ['$auth', '$auth', 'said', 'reply'])
    t.same(seen.splice(0), ['open ada', 'hello'])
    client.client.destroy()
    await until(() => seen.length === 1)
    t.same(seen.splice(0), ['close ada'])
  }
})

t.test('envelopes with other names, and flat ones', async t => {
  const { seen, open } = await bench(t)
  const one = await open({ path: '/flat' })
  t.match(JSON.parse((await one.client.waitFor(() => one.texts()[0], 'a message'))), { event: '$auth', deadline: Number })
  one.json({ event: '$auth', token: 'ada-60' })
  t.match(JSON.parse(await one.client.waitFor(() => one.texts()[1], 'a message')), { event: '$auth', expiresIn: Number })
  one.json({ event: 'say' })
  const two = await open({ path: '/renamed' })
  two.json({ event: '$auth', body: { token: 'ada-60' } })
  t.match(JSON.parse(await two.client.waitFor(() => two.texts()[1], 'a message')), { event: '$auth', body: { expiresIn: Number } })
  two.json({ event: 'say', body: {} })
  await until(() => seen.length === 2)
  t.same(seen, ['flat', 'renamed'])
})

t.test('C20 whatever comes before a token was accepted is 4401, and handled never', async t => {
  const { seen, asked, open, stack } = await bench(t)
  const rows: Record<string, readonly Uint8Array[]> = {
    'a message': [text(JSON.stringify(say('x')))],
    'a message behind the token': [text(JSON.stringify(auth('slow-ada-60'))), text(JSON.stringify(say('x')))],
    'two tokens at once': [text(JSON.stringify(auth('slow-ada-60'))), text(JSON.stringify(auth('ada-60')))],
    $ping: [text('{"type":"$ping"}')],
    $cancel: [text('{"type":"$cancel","id":1}')],
    'no JSON': [text('{')],
    'no object': [text('["$auth"]')],
    'no token': [text('{"type":"$auth"}')],
    'a token that is no text': [text(JSON.stringify(auth({ toString: 'x' })))],
    'a token beside data': [text('{"type":"$auth","token":"ada-60"}')],
    bytes: [binary(Buffer.from(JSON.stringify(auth('ada-60'))))],
  }
  for (const [what, frames] of Object.entries(rows)) {
    const client = await open()
    client.send(Buffer.concat(frames))
    t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' }, what)
    client.client.destroy()
  }
  // Behind the handshake, in the same packet.
  const client = await open({ after: Buffer.concat([text(JSON.stringify(say('x'))), text(JSON.stringify(auth('ada-60')))]) })
  t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  t.same(seen, [])
  t.same(asked.filter(token => !token.startsWith('slow')), [])
  client.client.destroy()
  await until(() => stack.app.wsGuard.sockets === 0)
})

t.test('a token in the same packet as the handshake counts', async t => {
  const { seen, open } = await bench(t)
  const client = await open({ after: text(JSON.stringify(auth('ada-60'))) })
  await client.waitMessages(2)
  t.same(seen, ['open ada'])
})

t.test('C17 three tokens that are refused are 4401, each is told in the same words, and each costs upgrade rate', async t => {
  const { asked, seen, open, stack } = await bench(t, { guard: { upgradeRate: { max: 12, failureCost: 3 } } })
  const client = await open()
  for (const [index, token] of ['forged', 'bob-0', 'no token!'].entries()) {
    client.json(auth(token))
    if (index < 2) await client.waitMessages(index + 2)
  }
  t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  t.match(client.messages(), [{ data: { deadline: Number } }, { data: { deadline: Number, refused: true } }, { data: { deadline: Number, refused: true } }])
  t.equal(client.messages().length, 3)
  t.same(asked, ['forged', 'bob-0'])
  t.same(seen, [])
  // 1 for the handshake, 2 more for each refusal.
  const further = []
  for (let count = 0; count < 6; count++) further.push((await stack.upgrade(stack.page({ path: '/tokens/a', cookie: null }))).status)
  t.same(further, [101, 101, 101, 101, 101, 429])
  const second = await bench(t)
  const honest = await second.open()
  for (const token of ['forged', 'forged', 'ada-60']) {
    honest.json(auth(token))
    await honest.waitMessages(honest.messages().length + 1)
  }
  await until(() => second.seen.length === 1)
  t.same(second.seen, ['open ada'], 'the third may be the right one')
})

t.test('C18 who sends no token, or whose verify never answers, is closed 4408', async t => {
  const { seen, open, stack, release } = await bench(t, { guard: { authTimeout: 200 } })
  const [silent, stuck, pinging, half] = await Promise.all([open(), open(), open(), open()])
  stuck.json(auth('slow-ada-60'))
  pinging.send(ping())
  half.send(text(JSON.stringify(auth('ada-60'))).subarray(0, 10))
  for (const client of [silent, stuck, pinging, half]) t.same(await client.waitClose(), { code: 4408, reason: 'timeout' })
  release()
  stuck.client.destroy()
  await until(() => stack.app.wsGuard.sockets < 4)
  t.same(seen, [])
  t.ok(stack.log.lines.some(line => line.code === 'WSG_ERR_AUTH_TIMEOUT' && line.route === '/tokens/:room'))
})

t.test('C18 D01 sockets without a token have a cap of their own, and give their place back however they end', async t => {
  const { open, stack } = await bench(t, { guard: { connections: { unauthenticated: 8 } } })
  const refused = async (changes: UpgradeOptions = {}): Promise<string> => codeOf(await stack.upgrade(stack.page({ path: '/tokens/a', cookie: null, ...changes })))
  const one = await open()
  const two = await open()
  t.equal(await refused(), 'WSG_ERR_CONNECTIONS_PER_ADDRESS', 'a quarter of them for one address')
  const served = await open(bearer('ada-60'))
  t.ok(served, 'who has a token is not held up')
  one.json(auth('ada-60'))
  await one.waitMessages(2)
  const three = await open()
  t.equal(await refused(), 'WSG_ERR_CONNECTIONS_PER_ADDRESS')
  two.client.destroy()
  await until(() => stack.app.wsGuard.sockets === 3)
  const four = await open()
  three.json(say('x'))
  await three.waitClose()
  three.client.destroy()
  await until(() => stack.app.wsGuard.sockets === 3)
  await open()
  four.client.destroy()
})

t.test('nothing is delivered to a socket without a token, and it is in no group', async t => {
  const { open } = await bench(t)
  const waiting = await open()
  const ada = await open(bearer('ada-60'))
  ada.json(say('secret'))
  await ada.waitMessage(message => message.type === 'said')
  waiting.send(ping('x'))
  await waiting.waitFrame(OPCODES.pong)
  t.same(waiting.messages().map(({ type }) => type), ['$auth'])
})

t.test('a message of such a socket is small; a token of 8 KiB fits, also where the contract\'s own messages are smaller or larger', async t => {
  const { open, asked } = await bench(t)
  const client = await open()
  client.json(auth('x'.repeat(8192)))
  await client.waitMessages(2)
  t.equal(asked[0]?.length, 8192)
  client.json(auth('x'.repeat(9000)))
  t.equal((await client.waitClose()).code, 1009)
  const admitted = await open(bearer('ada-60'))
  admitted.json(auth('x'.repeat(8192)))
  t.equal((await admitted.waitMessage(message => message.error !== undefined)).error?.code, 'unauthenticated')
})

t.test('a token in parts has a deadline as any message has', async t => {
  const { open } = await bench(t, { guard: { websocket: { fragmentTimeout: 100 } } })
  const client = await open()
  client.send(frame({ fin: false, payload: '{"type":"$auth",' }))
  t.equal((await client.waitClose()).code, 1008)
})

t.test('who may not be here, has too many sockets, or can\'t be judged is told as in a handshake', async t => {
  const { open, seen } = await bench(t, { guard: { connections: { perIdentity: 1 } }, authorize: id => id !== 'eve' })
  const close = async (token: string): Promise<unknown> => {
    const client = await open()
    client.json(auth(token))
    return await client.waitClose()
  }
  t.same(await close('eve-60'), { code: 4403, reason: 'forbidden' })
  t.same(await close('down-1'), { code: 1013, reason: 'overload' })
  await open(bearer('ada-60'))
  t.same(await close('ada-60'), { code: 4429, reason: 'too_many' })
  t.same(seen, ['open ada'])
})

t.test('C06 who is revoked while the token is judged does not get in, and a later token does', async t => {
  for (const user of ['ada', 'bob']) {
    const { open, stack, seen, release, asked } = await bench(t)
    const client = await open()
    client.json(auth('slow-ada-60'))
    await until(() => asked.length === 1)
    t.equal(stack.app.wsGuard.revoke({ identity: user }), 0)
    release()
    if (user === 'ada') t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
    else await client.waitMessages(2)
    t.same(seen.filter(one => one.startsWith('open')), user === 'ada' ? [] : ['open ada'])
  }
  const { open, stack, seen } = await bench(t)
  const client = await open()
  stack.app.wsGuard.revoke({ identity: 'ada' })
  client.json(auth('ada-60'))
  await client.waitMessages(2)
  t.same(seen, ['open ada'])
})

t.test('C07 C14 a socket ends with its token, unless a new one came in time', async t => {
  const { open, seen } = await bench(t)
  const one = await open(bearer('ada-1'))
  const two = await open()
  two.json(auth('bob-1'))
  const three = await open(bearer('eve-1'))
  three.json(auth('eve-60'))
  for (const client of [one, two]) t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  three.json({ type: 'who', id: 1, data: {} })
  t.match((await three.waitMessage(message => message.id === 1)).data, { id: 'eve' })
  t.equal(seen.filter(line => line.startsWith('open')).length, 3)
})

t.test('path and query are judged before, and so is Origin', async t => {
  const { stack } = await bench(t)
  const page = (changes: UpgradeOptions) => stack.upgrade(stack.page({ path: '/tokens/a', cookie: null, ...changes }))
  t.equal(codeOf(await page({ path: '/tokens/much-too-long' })), 'WSG_ERR_PARAMS_INVALID')
  t.equal(codeOf(await page({ origin: 'https://evil.example' })), 'WSG_ERR_ORIGIN_NOT_ALLOWED')
  t.equal(codeOf(await page(bearer('forged'))), 'WSG_ERR_UNAUTHENTICATED', 'a bad token in the handshake is refused there')
  t.equal(codeOf(await page({ path: '/ws' })), 'WSG_ERR_UNAUTHENTICATED', 'on a route without a contract there are no first messages')
  const strict = await bench(t, { token: { carriers: ['header', 'subprotocol'] } })
  t.equal(codeOf(await strict.stack.upgrade(strict.stack.page({ path: '/tokens/a', cookie: null }))), 'WSG_ERR_UNAUTHENTICATED')
})

t.test('a shutdown closes who waits at once', async t => {
  const { open, stack } = await bench(t)
  const client = await open()
  const closed = stack.app.close()
  t.same(await client.waitClose(), { code: 1001, reason: 'shutdown' })
  client.client.destroy()
  await closed
})

/* ---- a new token over the open socket ---- */

t.test('a new token of the same user replaces roles and end in place; who knows the protocol is told when it is due', async t => {
  const { open, seen } = await bench(t)
  const client = await open({ ...bearer('ada-60-user') })
  const [first] = await client.waitMessages(1)
  t.equal(first?.type, '$auth')
  t.ok((first?.data as { expiresIn: number }).expiresIn <= 60_000)
  client.json(auth('ada-3600-admin'), { type: 'who', id: 1, data: {} })
  const reply = await client.waitMessage(message => message.id === 1)
  t.same(reply.data, { id: 'ada', roles: ['admin'] }, 'what is behind it is judged by it')
  const renewed = client.messages()[1]
  t.equal(renewed?.type, '$auth')
  t.ok((renewed?.data as { expiresIn: number }).expiresIn > 3_500_000)
  t.same(seen, ['open ada'], 'it is the same socket')
  const unaware = await open({ ...bearer('ada-60-user'), protocol: null })
  unaware.json(auth('ada-60-admin'))
  t.match(await unaware.waitMessages(1), [{ type: '$auth', data: { expiresIn: Number } }], 'who has not said that it knows us is answered, and not told unasked')
})

t.test('an end far away is told as a day: longer timers fire at once', async t => {
  const { open } = await bench(t, { token: { verify: () => ({ id: 'ada', expires: later(1000 * HOUR) }) } })
  const client = await open(bearer('x'))
  t.same((await client.waitMessages(1))[0]?.data, { expiresIn: 86_400_000 })
  const endless = await bench(t, { token: { verify: () => ({ id: 'ada' }), dangerouslyAllowNoExpiry: true } })
  const asking = await endless.open()
  asking.json(auth('x'))
  t.same((await asking.waitMessages(2))[1]?.data, { expiresIn: 86_400_000 })
})

t.test('C08 authorize is asked again for a new token', async t => {
  let isBanned = false
  const { open } = await bench(t, { authorize: () => !isBanned })
  const client = await open(bearer('ada-60'))
  isBanned = true
  client.json(auth('ada-60-admin'))
  t.same(await client.waitClose(), { code: 4403, reason: 'forbidden' })
})

t.test('C19 a token of another user ends the socket', async t => {
  const { open, seen } = await bench(t)
  for (const first of [bearer('ada-60'), {}]) {
    const client = await open(first)
    if (!('headers' in first)) {
      client.json(auth('ada-60'))
      await client.waitMessages(2)
    }
    client.json(auth('bob-60-admin'), say('as bob'))
    t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  }
  t.notOk(seen.includes('as bob'))
})

t.test('a bad one is refused and takes nothing away; five are 4401', async t => {
  const { open } = await bench(t)
  const client = await open(bearer('ada-60-admin'))
  client.json({ ...auth('forged'), id: 'a' }, { type: 'who', id: 1, data: {} })
  t.same((await client.waitMessage(message => message.id === 1)).data, { id: 'ada', roles: ['admin'] })
  t.equal((await client.waitMessage(message => message.id === 'a')).error?.code, 'unauthenticated')
  for (let count = 0; count < 5; count++) client.json(auth('forged'))
  t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
})

t.test('a verifier that is down or slow takes nothing away either', async t => {
  const { open } = await bench(t, { guard: { messages: { handlerTimeout: 100 } } })
  const client = await open(bearer('ada-60-admin'))
  client.json(auth('down-1'), auth('slow-bob-60'), { type: 'who', id: 1, data: {} })
  t.same((await client.waitMessage(message => message.id === 1)).data, { id: 'ada', roles: ['admin'] })
  t.same(client.messages().filter(message => message.error).map(message => message.error?.code), ['internal', 'timeout'])
})

t.test('who came with a cookie has no token that could be replaced', async t => {
  const { open, stack, asked } = await bench(t, { guard: { auth: anyOf(sessionAuth(userOf), tokenAuth({ verify: token => { asked.push(token); return null } })) } })
  const client = await open({ cookie: await stack.login('ada') })
  client.json(auth('ada-60'))
  t.equal((await client.waitMessages(1))[0]?.error?.code, 'unknown_type')
  const nobody = await open()
  t.match(await nobody.waitMessages(1), [{ type: '$auth', data: { deadline: Number } }], 'without a cookie a token is asked for')
  t.same(asked, [])
})

t.test('a new token that was being judged when its user was demoted does not bring the roles back', async t => {
  let role = 'admin'
  let release: (() => void) | null = null
  let asked = 0
  const { stack, open } = await bench(t, {
    token: {
      async verify () {
        asked++
        const roles = [role]
        if (asked === 2) await new Promise<void>(resolve => { release = resolve })
        return { id: 'ada', roles, expires: later(60_000) }
      },
    },
  })
  const client = await open(bearer('first'))
  client.json(auth('second'))
  await until(() => release !== null)
  role = 'user'
  t.equal(stack.app.wsGuard.refresh({ id: 'ada', roles: ['user'] }), 1)
  ;(release as (() => void) | null)?.()
  client.json({ type: 'who', id: 1, data: {} })
  t.same((await client.waitMessage(message => message.id === 1)).data, { id: 'ada', roles: ['user'] })
  t.equal(asked, 3, 'the token is judged again, by what holds now')
})

t.test('attempts with the tokens of several users hold the place of the last one only', async t => {
  let isClosed = true
  const { stack, open } = await bench(t, {
    guard: { connections: { perAddress: 1000, perIdentity: 1 } },
    authorize: () => {
      if (isClosed) throw Object.assign(new Error('not now'), { statusCode: 401 })
      return true
    },
  })
  const first = await open()
  first.json(auth('ada-60'))
  await first.waitMessages(2)
  isClosed = false
  first.json(auth('bob-60'))
  await first.waitMessage(({ data }) => (data as { expiresIn?: number }).expiresIn !== undefined)
  const second = await open()
  second.json(auth('ada-60'))
  t.ok(await second.waitMessage(({ data }) => (data as { expiresIn?: number }).expiresIn !== undefined), 'nobody is counted for ada')
  first.client.destroy()
  second.client.destroy()
  await until(() => stack.app.wsGuard.sockets === 0)
  const third = await open()
  third.json(auth('ada-60'))
  t.ok(await third.waitMessage(({ data }) => (data as { expiresIn?: number }).expiresIn !== undefined))
})

t.test('of many tokens of one socket one at a time is judged, authorize and all; what is behind it waits', async t => {
  const waiting: ((may: boolean) => void)[] = []
  let isHeld = false
  let asked = 0
  const { open, seen } = await bench(t, {
    authorize: () => {
      asked++
      return !isHeld || new Promise<boolean>(resolve => { waiting.push(resolve) })
    },
  })
  const client = await open(bearer('ada-60'))
  isHeld = true
  client.json(auth('ada-61'), auth('ada-62'), auth('ada-63'), say('behind'))
  await until(() => waiting.length === 1)
  await new Promise(resolve => { setTimeout(resolve, 50) })
  t.equal(asked, 2, 'one at the handshake, one now')
  waiting[0]?.(true)
  await until(() => waiting.length === 2)
  t.notOk(seen.includes('behind'))
  waiting[1]?.(false)
  t.same(await client.waitClose(), { code: 4403, reason: 'forbidden' })
  t.equal(asked, 3)
  t.notOk(seen.includes('behind'))
  t.equal(client.messages().filter(({ data }) => (data as { expiresIn?: number } | undefined)?.expiresIn !== undefined).length, 2, 'the first, and who was let stay')
})

t.test('a refresh while authorize still asks tells of no socket that nobody has heard of', async t => {
  const told: { readonly name: string, readonly connId: string, readonly identity: unknown }[] = []
  const asked: ((may: boolean) => void)[] = []
  let isHeld = true
  const { stack, open } = await bench(t, { authorize: () => isHeld ? new Promise<boolean>(resolve => { asked.push(resolve) }) : true })
  const events = new Events(stack.app)
  for (const name of ['opened', 'refreshed', 'handler:failed', 'closed'] as const) {
    t.teardown(events.listen(name, ({ connId, identity }) => { told.push({ name, connId, identity }) }))
  }
  const client = await open()
  client.json(auth('ada-60'))
  await until(() => asked.length === 1)
  stack.app.wsGuard.refresh({ id: 'ada', roles: ['editor'] })
  t.same(told, [])
  isHeld = false
  for (const answer of asked) answer(true)
  await until(() => told.length > 0)
  t.match(told, [{ name: 'opened', identity: 'ada' }])
  client.json({ type: 'who', id: 1, data: {} })
  t.same((await client.waitMessage(message => message.id === 1)).data, { id: 'ada', roles: ['editor'] })
  stack.app.wsGuard.refresh({ id: 'ada', roles: ['user'] })
  t.match(told.slice(1), [{ name: 'refreshed', connId: told[0]?.connId }])
})

t.test('who breaks the protocol while waiting is told of, with the connId that it would open with', async t => {
  const ids: string[] = []
  const { stack, open } = await bench(t)
  const events = new Events(stack.app)
  for (const name of ['opened', 'protocol:violated'] as const) t.teardown(events.listen(name, ({ connId }) => { ids.push(connId) }))
  const broken = await open()
  broken.send(Buffer.of(0xff, 0x80, 0, 0, 0, 0))
  await until(() => ids.length === 1)
  const fine = await open()
  fine.json(auth('ada-60'))
  await until(() => ids.length === 2)
  t.same(ids, ['s1', 's2'])
})

t.test('a stranger who has not said who it is has no say in a revocation', async t => {
  const { open, stack } = await bench(t)
  const user = await open({ headers: { authorization: 'Bearer ada-600-tester' } })
  const stranger = await open()
  const seen: Whom[] = []
  const revoke = (): number => stack.app.wsGuard.revoke({ where: whom => { seen.push(whom); return whom.identity!.roles!.includes('tester') } })
  t.equal(revoke(), 1)
  t.same(seen.map(({ identity }) => identity?.id), ['ada'])
  t.equal((await user.waitClose()).code, 4401)
  stranger.send(text(JSON.stringify({ type: '$auth', data: { token: 'bob-600' } })))
  await until(() => stack.app.wsGuard.revoke({ where: whom => whom.identity?.id === 'bob' }) === 1)
  t.equal((await stranger.waitClose()).code, 4401)
})
