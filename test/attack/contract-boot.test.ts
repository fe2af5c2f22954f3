import { Kind, Type, type TSchema } from '@sinclair/typebox'
import t from 'tap'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract } from '../../lib/contract.js'
import type { ContractSpec } from '../../types/contract.js'
import { ask, codes, contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { oneMessage, readCorpus } from '../helpers/contract.js'
import { executed } from '../helpers/executed.js'
import { json } from '../helpers/frames.js'
import { isLinear } from '../helpers/growth.js'
import { closeFrame, upgrade } from '../helpers/handshake.js'
import type { RawClient } from '../helpers/raw-client.js'

// What a contract must not be is refused when its route is declared, not when a peer finds it out.

const free = { guard: { messages: NO_LIMITS } }
const short = Type.String({ maxLength: 8 })
const kind = (name: string, schema: object): TSchema => ({ [Kind]: name, ...schema }) as unknown as TSchema

t.test('F15 F18 a contract that would check less than it says is refused at boot', async t => {
  const typos: { [name: string]: unknown } = {
    'a type that is none': kind('String', { type: 'strng', maxLength: 1 }),
    'no TypeBox schema': { type: 'string', maxLength: 1 },
    'an unknown format': Type.String({ format: 'e-mial', maxLength: 9 }),
    'a length as text': Type.String({ maxLength: '1' as never }),
    'a misspelt keyword': Type.String({ maxLenght: 3 }),
    'closed as text': Type.Object({}, { additionalProperties: 'false' as never }),
    'a bound of another type': Type.Number({ maxLength: 3 }),
    'a bound as text': Type.Integer({ minimum: '0' as never }),
    'required as text': kind('Object', { properties: { a: short }, required: 'a' }),
    'required without a property': kind('Object', { properties: { a: short }, required: ['b'] }),
    'a pattern that is none': Type.String({ maxLength: 3, pattern: '(' }),
    'an empty range': Type.Integer({ minimum: 2, maximum: 1 }),
    'no length': Type.String(),
    'no number of items': Type.Array(short),
    'no number of properties': Type.Record(Type.String(), short),
    'anything, not on purpose': Type.Any(),
    nothing: undefined,
  }
  for (const name of Object.getOwnPropertyNames(Object.prototype)) typos[`a property ${name}`] = Type.Object(Object.defineProperty({}, name, { value: short, enumerable: true }))
  const contracts: (readonly [string, ContractSpec])[] = Object.entries(typos).flatMap(([name, schema]) => [
    [name, oneMessage(schema as TSchema)] as const,
    [`${name}, inside`, oneMessage(Type.Object({ deep: Type.Union([Type.Object({ v: schema as TSchema }), Type.Null()]) }))] as const,
  ])
  for (const name of [...Object.getOwnPropertyNames(Object.prototype), '$cancel', '']) {
    contracts.push([`a message ${name}`, { name: 'a', url: '/test', inbound: Object.defineProperty({}, name, { value: Type.Object({}), enumerable: true }) }])
  }
  await contractStack(t, app => {
    const noted: string[] = []
    for (const [name, contract] of contracts) {
      const handler = (): void => { noted.push(name) }
      const on = Object.fromEntries(Object.keys(contract.inbound ?? {}).map(type => [type, handler]))
      t.throws(() => app.wsRoute(contract, { on } as never), { code: 'WSG_ERR_CONTRACT' }, name)
    }
  })
})

interface Pattern { readonly id: string, readonly pattern: string, readonly flags: string, readonly verdict: string, readonly attack: { readonly n: number, readonly recipe: string } }

t.test('F19 patterns: refused at boot, or each message is judged soon', async t => {
  const { patterns } = readCorpus<{ patterns: Pattern[] }>('redos.json')
  t.equal(patterns.length, 16)
  const accepted: Pattern[] = []
  const server = await contractStack(t, app => {
    for (const row of patterns) {
      const contract = defineContract({
        name: row.id,
        url: `/${row.id}`,
        inbound: { v: Type.Object({ v: Type.RegExp(new RegExp(row.pattern, row.flags), { maxLength: 256 }) }) },
        calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } },
      })
      const handlers = { on: { v: () => {} }, calls: { ping: ({ n }: { n: number }) => n } }
      if (row.verdict !== 'linear') {
        t.throws(() => { app.wsRoute(contract, handlers) }, { code: 'WSG_ERR_CONTRACT', message: /super-linear/ }, row.id)
        continue
      }
      try {
        app.wsRoute(contract, handlers)
        accepted.push(row)
      } catch (error) {
        t.equal((error as { code?: string }).code, 'WSG_ERR_CONTRACT', `${row.id}: more is refused than must be`)
      }
    }
  }, free)
  t.ok(accepted.length >= 6, `${accepted.length} of ${patterns.length} are accepted`)
  for (const row of accepted) {
    const client = await server.open({ path: `/${row.id}` })
    // eslint-disable-next-line no-new-func
    const attack = (new Function(`return ${row.attack.recipe}`) as () => (n: number) => string)()
    for (const n of [8, 31, 63, 120, 250]) await ask(client, { type: 'v', data: { v: attack(n) } })
    await isLinear(t, row.id, 240, n => ({ type: 'v', data: { v: attack(n) } }), async raw => await ask(client, raw))
  }
  t.ok(await server.answers())
})

t.test('F20 nothing that stands in a contract is run', async t => {
  const { cases } = readCorpus<{ cases: { id: string, kw: string, schema: { readonly [key: string]: unknown }, data: unknown }[] }>('schema-injection.json')
  t.equal(cases.length, 314)
  const texts = (value: unknown): string[] => typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null ? [...Object.keys(value), ...Object.values(value).flatMap(texts)] : []
  const evil = [...new Set(cases.flatMap(one => texts(one.schema)).filter(text => text.includes('__pwned')))]
  t.ok(evil.length > 10)
  let compiled = 0
  const uncoded: string[] = []
  const attempt = (contract: ContractSpec, data: unknown): void => {
    try {
      const { inbound, outbound, query } = compileContract(contract)
      compiled++
      for (const message of inbound.values()) for (const value of [data, null, {}]) if (typeof message.accept(value) === 'symbol') message.explain(value)
      query?.(data)
      for (const message of outbound.values()) try { message.encode(data) } catch { /* refused */ }
    } catch (error) {
      if ((error as { code?: string }).code !== 'WSG_ERR_CONTRACT') uncoded.push(`${contract.name}: ${String(error)}`)
    }
  }
  for (const { id, schema, data } of cases) attempt({ ...oneMessage({ [Kind]: 'Object', ...schema } as never), name: id }, data)
  for (const text of evil) {
    const named = Type.Object({ [text]: Type.Optional(short) }, { title: text, description: text, $id: text })
    attempt(oneMessage(named), { [text]: 'x' })
    attempt({ name: 'a', url: '/', outbound: { m: named }, query: named }, { [text]: 'x' })
    attempt(oneMessage(Type.Object({ v: Type.Union([Type.Literal(text), Type.Object({ [text]: Type.Literal(text) })]) })), { v: { [text]: text } })
    attempt(oneMessage(Type.Object({ v: Type.String({ maxLength: 9, pattern: text }) })), { v: 'x' })
    attempt({ name: 'a', url: '/', inbound: { [text]: Type.Object({}) }, outbound: { [text]: Type.Object({}) } }, {})
    attempt({ name: text, url: text, description: text, inbound: { m: Type.Object({}) } }, {})
    attempt({ name: 'a', url: '/', inbound: { m: named }, envelope: { type: text, data: `${text}2`, id: `${text}3` } }, { [text]: 'x' })
    t.equal((globalThis as { __pwned?: unknown }).__pwned, undefined, text)
  }
  t.same(uncoded, [])
  t.ok(compiled > evil.length, `${compiled} contracts compiled`)
})

t.test('F23 two hundred types cost no more than one', async t => {
  const handled: string[] = []
  const open = async (count: number): Promise<RawClient> => {
    const names = Array.from({ length: count }, (_, n) => `type${n}`)
    const contract = { name: 'many', url: '/many', inbound: Object.fromEntries(names.map(name => [name, Type.Object({ n: Type.Integer() })])), calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } } }
    const server = await contractStack(t, app => {
      app.wsRoute(contract, { on: Object.fromEntries(names.map(name => [name, () => { handled.push(name) }])), calls: { ping: ({ n }: { n: number }) => n } } as never)
    }, free)
    return await server.open({ path: '/many' })
  }
  const client = await open(200)
  for (const type of ['type0', 'type199']) t.same(await ask(client, { type, data: { n: 1 } }), [])
  t.same(handled, ['type0', 'type199'])
  const unknown = Buffer.concat(Array.from({ length: 200 }, (_, n) => json({ type: `type${200 + n}`, data: { n: 1 } })))
  const told = async (client: RawClient): Promise<void> => {
    const before = client.messages().length
    client.send(unknown)
    const replies = (await client.waitMessages(before + 200)).slice(before)
    if (!codes(replies).every(code => code === 'unknown_type')) throw new Error(`not told: ${JSON.stringify(replies)}`)
  }
  const [few, many] = [await open(12), await open(192)]
  await told(few)
  const [ofFew, ofMany] = [await executed(() => told(few)), await executed(() => told(many))]
  t.ok(ofFew > 200, `${ofFew} blocks for 200 messages`)
  t.ok(ofMany < 1.5 * ofFew, `with 192 types ${ofMany} blocks, with 12 ${ofFew}`)
})

t.test('F27 a client that was built for another contract is refused, and told so where it understands', async t => {
  let fingerprint = ''
  const contract = defineContract({ name: 'shape', url: '/shape', inbound: { m: Type.Object({ n: Type.Integer() }) } })
  const server = await contractStack(t, app => {
    fingerprint = app.wsRoute(contract, { on: { m: () => {} } }).fingerprint
  })
  const { stack } = server
  t.match(fingerprint, /^cf-[0-9a-f]{16}$/)
  const other = compileContract({ ...contract, inbound: { m: Type.Object({ n: Type.Number() }) } }).fingerprint
  t.not(other, fingerprint)
  for (const offered of [other, 'cf-0000000000000000', `${fingerprint}0`, fingerprint.slice(0, -1)]) {
    const refused = await upgrade(stack.port, stack.page({ path: '/shape', protocol: offered }))
    t.equal(refused.status, 426, offered)
    t.equal((JSON.parse(refused.body) as { code: string }).code, 'WSG_ERR_CONTRACT_MISMATCH')
    const told = await upgrade(stack.port, stack.page({ path: '/shape', protocol: `wsg.v1, ${offered}` }))
    t.same(await closeFrame(told), { code: 4426, reason: 'stale' }, `${offered}, of a client that knows our close codes`)
    for (const { client } of [refused, told]) {
      t.notMatch(client.received().toString('latin1'), offered)
      client.destroy()
    }
  }
  for (const protocol of [null, 'wsg.v1', `wsg.v1, ${fingerprint}`]) {
    const opened = await upgrade(stack.port, stack.page({ path: '/shape', protocol }))
    t.equal(opened.status, 101, String(protocol))
    t.equal(opened.headers.get('sec-websocket-protocol'), protocol === null ? undefined : 'wsg.v1')
    opened.client.destroy()
  }
  await server.empty()
  t.ok(await server.answers())
})
