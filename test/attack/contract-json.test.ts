import { isUtf8 } from 'node:buffer'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { ask, codes, contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { frame, text } from '../helpers/frames.js'
import { readCorpus } from '../helpers/contract.js'
import { isLinear } from '../helpers/growth.js'
import { wideRoute } from '../helpers/wide-contract.js'
import type { Handled } from '../helpers/wide-contract.js'

// docs/protocol.md section 5: what is decided before a schema is asked.

const free = { guard: { messages: NO_LIMITS } }
const inAny = (json: string): string => `{"type":"any","data":${json}}`

t.test('F01 nesting, at any depth and of any kind, is refused before it is parsed', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const shapes: { readonly [name: string]: (depth: number) => string } = {
    arrays: depth => '['.repeat(depth) + ']'.repeat(depth),
    objects: depth => '{"":'.repeat(depth) + '0' + '}'.repeat(depth),
    mixed: depth => '[{"a":'.repeat(depth / 2) + '0' + '}]'.repeat(depth / 2),
    'arrays that never end': depth => '['.repeat(depth),
    'objects that never end': depth => '{"a":'.repeat(depth),
  }
  for (const [name, build] of Object.entries(shapes)) {
    for (const depth of [33, 1000, 3000, 10_000, 32_000]) {
      const json = build(depth)
      for (const raw of [json, inAny(json), `{"type":"say","data":{"text":${json}}}`]) {
        t.same(codes(await ask(client, raw)), ['too_deep'], `${name}, ${depth}`)
      }
    }
    await isLinear(t, name, 32_000, depth => inAny(build(depth)), async raw => await ask(client, raw))
  }
  t.same(handled, [])
  t.same(await ask(client, inAny('['.repeat(16) + ']'.repeat(16))), [], 'sixteen levels of anything are fine')
  t.same(codes(await ask(client, inAny('['.repeat(17) + ']'.repeat(17)))), ['invalid_message'])
  t.same(codes(await ask(client, `{"type":"say","data":{"text":"${'['.repeat(300)}"}}`)), [undefined], 'brackets in a text are text')
  t.equal(handled.length, 2)
  t.equal(server.stack.log.lines.filter(line => line.level >= 50).length, 0)
  t.ok(await server.answers())
})

t.test('F02 F25 many values, many keys and keys that would collide', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const keys = (count: number, stride: number): string => `{${Array.from({ length: count }, (_, n) => `"${n * stride}":1`).join()}}`
  const rows: readonly (readonly [name: string, json: string, verdict: string | null])[] = [
    ['30,000 []', `[${new Array(30_000).fill('[]').join()}]`, 'too_many_nodes'],
    ['21,000 [] in 64 KB', `[${new Array(21_000).fill('[]').join()}]`, 'too_many_nodes'],
    ['10,000 keys', keys(10_000, 1), 'too_many_nodes'],
    ['one [] after 100,000 commas', `[${','.repeat(100_000)}[]]`, 'too_many_nodes'],
    ['4,000 keys, 2^16 apart', keys(4000, 2 ** 16), null],
    ['4,000 keys, 2^20 apart', keys(4000, 2 ** 20), null],
    ['8,000 values', `[${new Array(8000).fill('0').join()}]`, null],
  ]
  for (const [name, json, verdict] of rows) {
    const before = handled.length
    t.same(codes(await ask(client, inAny(json))), verdict === null ? [] : [verdict], name)
    t.equal(handled.length - before, verdict === null ? 1 : 0)
    // The same where a schema says what is allowed.
    t.equal(codes(await ask(client, `{"type":"map","data":${json}}`)).length, 1)
  }
  for (const stride of [1, 2 ** 16, 2 ** 20]) await isLinear(t, `keys ${stride} apart`, 4000, count => inAny(keys(count, stride)), async raw => await ask(client, raw))
  t.ok(await server.answers())
})

t.test('F05 the last of two equal keys counts, for the check and for the handler', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  t.same(await ask(client, '{"type":"nope","type":"id","data":{"n":"x"},"data":{"n":1,"n":2}}'), [])
  t.same(handled.splice(0), [{ type: 'id', data: { n: 2 } }])
  t.same(codes(await ask(client, '{"type":"id","data":{"n":1,"n":"2"}}')), ['invalid_message'])
  t.same(codes(await ask(client, '{"type":"id","data":{"n":1},"data":null}')), ['invalid_message'])
  t.same(codes(await ask(client, '{"type":"id","type":"chat.kick","data":{"n":1}}')), ['unknown_type'])
  t.same(await ask(client, '{"type":"id","data":{"\\u006e":1,"n":3}}'), [], 'an escaped name is the same name')
  t.same(handled, [{ type: 'id', data: { n: 3 } }])
  t.ok(await server.answers())
})

interface JsonRow { readonly name: string, readonly expect: 'accept' | 'reject' | 'either', readonly base64: string }
const JSON_CORPUS = `${process.cwd()}/../shared/corpus/json-parsing.json`

/** What JSON.parse says of a text; undefined when it is none. */
function parsed (json: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) }
  } catch {
    return undefined
  }
}

t.test('F06 the corpus of JSON texts: exactly one answer each', { skip: existsSync(JSON_CORPUS) ? false : 'no corpus' }, async t => {
  const { entries } = JSON.parse(readFileSync(JSON_CORPUS, 'utf8')) as { entries: JsonRow[] }
  t.equal(entries.length, 317)
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  let invalid = 0
  for (const { name, expect, base64 } of entries) {
    const bytes = Buffer.from(base64, 'base64')
    if (!isUtf8(bytes)) {
      invalid++
      const doomed = await server.open()
      doomed.send(frame({ payload: bytes }))
      t.equal((await doomed.waitClose()).code, 1007, name)
      doomed.client.destroy()
      continue
    }
    const json = bytes.toString()
    for (const raw of [json, inAny(json)]) {
      const before = handled.length
      const replies = await ask(client, raw)
      const oracle = parsed(raw)
      t.equal(replies.length + handled.length - before, 1, `${name}: one answer`)
      const [code] = codes(replies)
      if (oracle === undefined) t.ok(code === 'invalid_json' || code === 'too_deep', `${name}: ${code}`)
      else if (replies.length === 0) t.same((handled.at(-1)!).data, (oracle.value as { data: unknown }).data, `${name}: as it was sent`)
      else t.ok(['invalid_message', 'too_deep', 'too_many_nodes'].includes(code!), `${name}: ${code}`)
      if (raw === json && expect === 'reject') t.ok(code === 'invalid_json' || code === 'too_deep', `${name}: rejected`)
      if (replies.length > 0) t.same(Object.keys(replies[0]!), ['type', 'error'], 'nothing of the parser\'s message')
    }
  }
  t.equal(invalid, 25, 'as many are not UTF-8')
  t.ok(handled.length > 60, `${handled.length} texts reach the handler`)
  t.ok(await server.answers())
})

t.test('F06 F07 bad JSON is answered five times, then closed; a BOM and an empty frame are no JSON', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled))
  const client = await server.open()
  const good = '{"type":"say","data":{"text":"x"}}'
  for (const raw of [`\ufeff${good}`, '', ' ', `${good}${good}`, `${good};`]) t.same(await ask(client, raw), [{ type: '$error', error: { code: 'invalid_json', message: 'Not JSON' } }], JSON.stringify(raw))
  client.send(text('{'))
  t.same(await client.waitClose(), { code: 4400, reason: 'bad_message' })
  t.same(handled, [])
  t.ok(await server.answers())
})

interface ProtoRow { readonly id: string, readonly cat: string, readonly json: string, readonly danger: string }

const prototypes = (): unknown => [Object.prototype, Array.prototype, Function.prototype, String.prototype].map(one => Reflect.ownKeys(one))

/** The places of a value where an object's prototype is not its own kind's, or `__proto__` is a key. */
function unclean (value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const prototype: unknown = Object.getPrototypeOf(value)
  const bad = prototype !== (Array.isArray(value) ? Array.prototype : Object.prototype) || Object.hasOwn(value, '__proto__')
  return [...bad ? [at] : [], ...Object.entries(value).flatMap(([key, inner]) => unclean(inner, `${at}/${key}`))]
}

t.test('F10 F11 F13 F14 F26 prototype pollution: one answer each, and nothing is polluted', async t => {
  const { entries } = readCorpus<{ entries: ProtoRow[] }>('proto-pollution.json')
  t.equal(entries.length, 64)
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const before = JSON.stringify(prototypes(), (_, value) => typeof value === 'symbol' ? String(value) : value as unknown)
  for (const { id, json, danger } of entries) {
    for (const raw of [json, inAny(json), inAny(`[[${json}]]`), `{"type":"map","data":${json}}`, `{"type":"optional","data":${json}}`, `{"type":"say","data":{"text":${json}}}`, `{"extra":${json},"type":"id","data":{"n":1}}`]) {
      const count = handled.length
      const replies = await ask(client, raw)
      t.equal(replies.length + handled.length - count, 1, `${id}: one answer to ${raw.slice(0, 80)}`)
      for (const { data } of handled.slice(count)) {
        t.same(unclean(data), [], `${id}: clean`)
        t.equal(Object.getPrototypeOf(Object.assign({}, data)), Object.prototype, `${id}: may be merged`)
      }
      if (danger === 'key' && /__proto__|\\u|"prototype"/.test(json)) t.ok(['forbidden_key', 'too_deep'].includes(codes(replies)[0]!), `${id}: refused by its key`)
      if (danger === 'type' && raw === json) t.ok(['unknown_type', 'invalid_message'].includes(codes(replies)[0]!), `${id}: no such type`)
      if (danger === 'none' && raw === json) t.same(codes(replies), [], `${id}: harmless`)
      t.notMatch(JSON.stringify(replies), /polluted|__proto__|constructor|prototype/, `${id}: nothing of it is repeated`)
    }
    t.equal(({} as { polluted?: unknown }).polluted, undefined)
    t.equal(JSON.stringify(prototypes(), (_, value) => typeof value === 'symbol' ? String(value) : value as unknown), before, `${id}: prototypes are untouched`)
  }
  t.equal(server.stack.log.lines.filter(line => line.level >= 50).length, 0)
  t.ok(await server.answers())
})
