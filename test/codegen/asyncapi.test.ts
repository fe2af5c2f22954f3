import t from 'tap'
import fc from 'fast-check'
import { Parser } from '@asyncapi/parser'
import { asyncApi } from '../../lib/codegen/asyncapi.js'
import { readModel } from '../../lib/model/model.js'
import type { Json } from '../../lib/codegen/schema-of.js'
import type { ContractModel } from '../../types/model.js'
import { chat } from '../client/contracts.js'
import { handModel } from '../helpers/model.js'
import { randomContract, reversed } from '../helpers/random-contracts.js'

const parser = new Parser()

/** What the official parser holds against a document; notes that there are later versions don't count. */
async function faultsOf (document: Json): Promise<string[]> {
  const diagnostics = await parser.validate(JSON.stringify(document))
  return diagnostics.filter(({ severity }) => severity === 0).map(({ path, message }) => `${path.join('/')}: ${message}`)
}

/** A member, however deep. */
function at (value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, name) => (inner as { readonly [name: string]: unknown } | undefined)?.[name], value)
}

/** Every schema object in a document that is of type `object` or a union. */
function * nested (value: unknown): Iterable<{ readonly [name: string]: unknown }> {
  if (typeof value !== 'object' || value === null) return
  const one = value as { readonly [name: string]: unknown }
  if (one['type'] === 'object') yield one
  for (const inner of Object.values(one)) yield * nested(inner)
}

t.test('the chat as a document', async t => {
  const document = asyncApi(readModel(chat), { server: 'wss://chat.example.com', version: '2.1.0' })
  t.same(await faultsOf(document), [])
  const { document: parsed } = await parser.parse(JSON.stringify(document))
  t.equal(parsed!.info().version(), '2.1.0')
  t.same(parsed!.channels().all().map(channel => channel.address()), ['/rooms/{room}'])
  t.same(parsed!.servers().all().map(server => server.host()), ['chat.example.com'])
  t.same(parsed!.operations().all().map(operation => operation.id()), [
    'receiveSayMessage', 'receiveTypingMessage', 'answerAddCall', 'answerHistoryCall', 'sendLeftEvent', 'sendSaidEvent',
    'answerPing', 'receiveCancel', 'sendError',
  ])
  t.same(at(document, 'operations', 'answerHistoryCall', 'reply', 'messages'), [
    { $ref: '#/channels/Chat/messages/HistoryAnswer' }, { $ref: '#/channels/Chat/messages/HistoryFailure' },
  ])
  t.same(at(document, 'components', 'messages', 'HistoryAnswer', 'correlationId'), { location: '$message.payload#/id' })
  t.same(at(document, 'components', 'schemas', 'SayMessage', 'properties', 'type'), { type: 'string', enum: ['say'] })
  t.match(at(document, 'channels', 'Chat'), {
    bindings: { ws: { method: 'GET', query: { type: 'object' } } },
    'x-fingerprint': /^cf-/,
    'x-limits': { depth: Number },
    'x-close-codes': [{ code: 1000, name: 'normal', retryable: true }],
  })
  t.same(Object.keys(at(document, 'components', 'securitySchemes') as object), ['session', 'bearer'])
  t.match(at(document, 'components', 'securitySchemes', 'session'), { in: 'cookie', name: 'sessionId' }, 'what @fastify/session calls it')
  t.ok([...nested(document)].length > 10)
  // A binding's query has no name of its own.
  const nameless = [...nested({ ...document, channels: {} })].filter(one => one['title'] === undefined || !('additionalProperties' in one))
  t.same(nameless, [], 'every object has a title, and says whether it takes more')
  t.notMatch(JSON.stringify(document), '"const":')
})

t.test('a public route needs no credentials; schemes of one\'s own are taken as they are', async t => {
  const route = { public: true, rate: 20, burst: 40, handlerTimeout: 10_000 }
  const budgets = [{ name: 'tenant', rate: 500, burst: 1000 }, { name: 'plan' }]
  t.same(at(asyncApi(readModel(chat, { route: { ...route, budgets } })), 'channels', 'Chat', 'x-budgets'), [{ name: 'tenant', perSecond: 500, burst: 1000 }, { name: 'plan' }])
  t.equal(at(asyncApi(readModel(chat, { route })), 'components', 'securitySchemes'), undefined)
  const own = asyncApi(readModel(chat), { securitySchemes: { key: { type: 'httpApiKey', in: 'header', name: 'X-Key' } } })
  t.same(await faultsOf(own), [])
  t.same(at(own, 'operations', 'receiveSayMessage', 'security'), [{ $ref: '#/components/securitySchemes/key' }])
})

t.test('rules of a message, parameters, binary and flat frames', async t => {
  const model: ContractModel = handModel({
    url: '/files/:id(^\\d+$)',
    params: 'P',
    envelope: { type: 'event', data: null, id: 'ref' },
    inbound: [
      { type: 'put', payload: 'Bytes', binary: true, roles: [], cost: 1, unknownProperties: 'refuse', maxBytes: 9 },
      { type: 'say', payload: 'Say', binary: false, roles: ['admin'], cost: 3, deadline: 50, unknownProperties: 'drop' },
    ],
  }, [
    { name: 'Bytes', type: { kind: 'bytes', maxBytes: 9 } },
    { name: 'P', type: { kind: 'object', properties: [{ name: 'id', required: true, type: { kind: 'string', description: 'Which.' } }] } },
    { name: 'Say', type: { kind: 'object', properties: [{ name: 'text', required: true, type: { kind: 'string' } }] } },
  ])
  const document = asyncApi(model)
  t.same(await faultsOf(document), [])
  t.match(at(document, 'operations', 'receiveSayMessage'), { 'x-roles': ['admin'], 'x-cost': 3, 'x-deadline': 50, 'x-unknown-properties': 'drop' })
  t.match(at(document, 'channels', 'Chat'), { address: '/files/{id}', parameters: { id: { description: 'Which.' } } })
  t.match(at(document, 'components', 'messages', 'PutMessage'), {
    contentType: 'application/octet-stream', payload: { $ref: '#/components/schemas/Bytes' },
  })
  t.match(at(document, 'components', 'schemas', 'SayMessage'), {
    properties: { text: { type: 'string' }, event: { enum: ['say'] } }, required: ['text', 'event'],
  })
})

t.test('several contracts in one document keep their names apart', async t => {
  const [one, two] = [readModel(chat), { ...readModel(chat), name: 'chat.v2', typeName: 'ChatV2' }]
  const document = asyncApi([one, two])
  t.same(await faultsOf(document), [])
  t.same(Object.keys(at(document, 'channels') as object), ['Chat', 'ChatV2'])
  t.ok(at(document, 'components', 'schemas', 'ChatV2.Say'))
})

t.test('contracts made at random are accepted, and do not depend on the order of declarations', async t => {
  for (const { contract } of fc.sample(randomContract, { numRuns: Number(process.env['FC_RUNS'] ?? 3), seed: 3 })) {
    const document = asyncApi(readModel(contract))
    t.same(await faultsOf(document), [])
    t.equal(JSON.stringify(asyncApi(readModel(reversed(contract)))), JSON.stringify(document))
  }
})

t.test('an option that nobody reads, and a server that is no URL, are told', async t => {
  t.throws(() => asyncApi(readModel(chat), { tittle: 'Chat' } as never), { code: 'WSG_ERR_GENERATE', message: /^asyncApi: options: .*, got "tittle"; did you mean "title"\?/ })
  t.throws(() => asyncApi(readModel(chat), { server: 'chat.example.com' }), { code: 'WSG_ERR_GENERATE', message: 'asyncApi: options.server: expected wss://host, got "chat.example.com"' })
})
