import t from 'tap'
import fc from 'fast-check'
import { Type } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { InputData, JSONSchemaInput, FetchingJSONSchemaStore, quicktype } from 'quicktype-core'
import { jsonSchema } from '../../lib/codegen/json-schema.js'
import { readModel } from '../../lib/model/model.js'
import { compileContract } from '../../lib/contract/compile.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import { chat } from '../client/contracts.js'
import { handModel } from '../helpers/model.js'
import { randomOf } from '../helpers/random.js'
import { randomContract, spoil } from '../helpers/random-contracts.js'

t.test('a value fits the schema of its frame when the server takes it, and else not', async t => {
  const verdicts = { accepted: 0, refused: 0 }
  for (const [seed, { contract, inbound, calls }] of fc.sample(randomContract, { numRuns: Number(process.env['FC_RUNS'] ?? 15), seed: 5 }).entries()) {
    const server = compileContract(contract)
    const model = readModel(contract)
    const ajv = new Ajv({ strict: false })
    ajv.addSchema(jsonSchema(model), 'bundle')
    const { below } = randomOf(seed)
    const payloads = [
      ...model.inbound.map(({ type, payload }) => ({ type, name: payload, value: inbound.get(type)!.value })),
      ...model.calls.map(({ type, request }) => ({ type, name: request, value: calls.get(type)!.request.value })),
    ]
    for (const { type, name, value } of payloads) {
      const good = fc.sample(value, { numRuns: 5, seed })
      for (const one of [...good, ...good.map(each => spoil(each, below))]) {
        const isTaken = server.inbound.get(type)!.accept(one) !== REFUSED
        verdicts[isTaken ? 'accepted' : 'refused']++
        const fits = ajv.validate(`bundle#/definitions/${name}`, one)
        if (fits !== isTaken) t.equal(fits, isTaken, JSON.stringify({ type, one }))
      }
    }
  }
  t.ok(verdicts.accepted > 50 && verdicts.refused > 50, JSON.stringify(verdicts))
})

t.test('the root takes any frame of either side', async t => {
  const validate = new Ajv({ strict: false }).compile(jsonSchema(readModel(chat)))
  for (const frame of [
    { type: 'say', data: { text: 'x' } }, { type: 'say', data: { text: 'x' }, id: 'a' }, { type: 'add', id: 1, data: { n: 1 } }, { id: 1, data: 2 },
    { id: 1, error: { code: 'too_far', message: 'x', data: { oldest: 1 } } }, { type: '$ping' }, { type: '$cancel', id: 1 },
    { type: '$error', error: { code: 'rate_limited', message: 'x', retryAfter: 5 } },
  ]) t.ok(validate(frame), JSON.stringify(frame))
  for (const frame of [{ type: 'say' }, { type: 'nope', data: {} }, { type: 'add', data: { n: 1 } }, { id: 1 }, [], null]) {
    t.notOk(validate(frame), JSON.stringify(frame))
  }
})

t.test('a flat frame is any form of its payload, and names that are chosen at run time', async t => {
  const [a, b] = [Type.Object({ kind: Type.Literal('a'), n: Type.Integer() }), Type.Object({ kind: Type.Literal('b'), s: Type.Optional(Type.Null()) })]
  const marks = Type.Record(Type.String({ pattern: '^m[0-9]$' }), Type.Null(), { maxProperties: 2 })
  const flat = { name: 'flat', url: '/flat', envelope: { data: null }, inbound: { move: Type.Union([a, b]), mark: marks }, calls: { ask: { request: Type.Union([a, b]), reply: Type.Null() } } }
  const server = compileContract(flat)
  const validate = new Ajv({ strict: false }).compile(jsonSchema(readModel(flat)))
  for (const [frame, fits] of [
    [{ type: 'move', kind: 'a', n: 1 }, true], [{ type: 'move', kind: 'b' }, true], [{ type: 'move', kind: 'b', s: null }, true], [{ type: 'ask', id: 1, kind: 'b' }, true],
    [{ type: 'mark', m1: null, m2: null }, true], [{ type: 'mark' }, true], [{ type: 'mark', m1: null, m2: null, m3: null }, false], [{ type: 'mark', x: null }, false],
    [{ type: 'move', kind: 'a' }, false], [{ type: 'move', kind: 'b', n: 1 }, false], [{ type: 'move' }, false], [{ type: 'move', kind: 'c' }, false],
  ] as const) {
    t.equal(validate(frame), fits, JSON.stringify(frame))
    t.equal(server.inbound.get(frame.type)!.accept(frame) !== REFUSED, fits, 'as the server')
  }
  t.notOk(validate({ type: 'ask', kind: 'b' }), 'a call needs an id')
})

t.test('what draft-07 can not say is in x- fields', async t => {
  const { definitions } = jsonSchema(handModel({}, [
    { name: 'A', type: { kind: 'string', minLength: 3, pattern: { source: 'a', flags: 'i' }, text: { policy: 'line', clean: true } } },
    { name: 'B', type: { kind: 'string', pattern: { source: '\\p{L}', flags: 'u' } } },
    { name: 'C', type: { kind: 'values', values: ['x', null], title: 'Of the author' } },
    { name: 'D', type: { kind: 'object', properties: [], extra: { kind: 'boolean' }, extraNames: '^a' } },
    { name: 'E', type: { kind: 'values', values: [] } },
  ])) as { readonly definitions: object }
  t.match(definitions, {
    A: { title: 'A', type: 'string', minLength: 2, 'x-pattern': { source: 'a', flags: 'i' }, 'x-text': { policy: 'line', clean: true } },
    B: { pattern: '\\p{L}' },
    C: { title: 'C', description: 'Of the author', enum: ['x', null] },
    D: { patternProperties: { '^a': { type: 'boolean' } }, additionalProperties: false },
    E: { not: {} },
  })
})

for (const [lang, expected] of [['rust', /pub struct (SayMessage|Say)\b/], ['go', /type (SayMessage|Say) struct/]] as const) {
  t.test(`quicktype makes ${lang} of it, with our names`, async t => {
    const { definitions, ...root } = jsonSchema(readModel(chat)) as { readonly definitions: { readonly [name: string]: object } }
    const input = new InputData()
    const schemas = new JSONSchemaInput(new FetchingJSONSchemaStore())
    for (const name of ['SayMessage', 'SaidEvent', 'HistoryAnswer']) {
      await schemas.addSource({ name, schema: JSON.stringify({ ...root, anyOf: undefined, title: name, $ref: `#/definitions/${name}`, definitions }) })
    }
    input.addInput(schemas)
    const { lines } = await quicktype({ inputData: input, lang })
    const text = lines.join('\n')
    t.match(text, expected)
    for (const name of ['SayMessage', 'SaidEvent', 'HistoryAnswer']) t.match(text, new RegExp(`(struct|type) ${name}\\b`))
    t.notMatch(text, /Anonymous|Class\d|Element\b/)
  })
}
