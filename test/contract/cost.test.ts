import { Type, type TSchema } from '@sinclair/typebox'
import t from 'tap'
import { compileContract, type CompileOptions } from '../../lib/contract/compile.js'
import { html, identifier, line, text, url } from '../../lib/contract/text/builders.js'
import { oneMessage } from '../helpers/contract.js'

const compile = (schema: TSchema, rules = {}, options: CompileOptions = {}): ReturnType<typeof compileContract> =>
  compileContract(oneMessage(schema, rules), { htmlAdapter: dirty => dirty, ...options })
const costOf = (schema: TSchema, rules = {}, options: CompileOptions = {}): number =>
  compile(schema, rules, options).inbound.get('m')!.cost

const bio = Type.Object({ bio: html({ maxLength: 10_000 }) })

t.test('a message whose texts can take long costs a token for each millisecond', async t => {
  t.equal(costOf(bio), 17, '16 KiB at a microsecond a byte')
  t.equal(costOf(Type.Object({ bio: html({ maxLength: 100 }) })), 1, 'a short one')
  t.equal(costOf(Type.Object({ a: html({ maxLength: 200 }), b: html({ maxLength: 200 }) })), 2, 'together')
  t.equal(costOf(Type.Object({ list: Type.Array(html({ maxLength: 100 }), { maxItems: 10 }) })), 4, 'of all items')
  t.equal(costOf(Type.Object({ list: Type.Array(html({ maxLength: 100 }), { maxItems: 0 }) })), 1, 'of none')
  t.equal(costOf(Type.Object({ list: Type.Record(Type.String(), html({ maxLength: 100 }), { maxProperties: 10 }) })), 4)
  t.equal(costOf(Type.Object({ say: text({ maxLength: 5000, maxGraphemes: 500 }) })), 5)
  const tree = Type.Recursive(Self => Type.Object({ t: html({ maxLength: 10 }), in: Type.Optional(Self) }))
  t.equal(costOf(tree), 66, 'all that a frame can hold')
})

t.test('definitions that reach each other by many ways are looked at once', async t => {
  const names = Array.from({ length: 24 }, (_, i) => `D${i}`)
  const part = Object.fromEntries(names.map(name => [name, Type.Optional(Type.Ref(name))]))
  const module = Type.Module(Object.fromEntries(names.map(name => [name, Type.Object({ ...part, bio: html({ maxLength: 10 }) })])))
  t.equal(costOf(module.Import('D0')), 200)
})

t.test('what costs a fair price is paid by its bytes', async t => {
  for (const build of [text, line, identifier, url]) t.equal(costOf(Type.Object({ v: build({ maxLength: 60_000 }) })), 1, build.name)
  t.equal(costOf(Type.Object({ v: Type.Any({ unboundedOnPurpose: true }) })), 1)
  t.equal(costOf(Type.Uint8Array({ maxByteLength: 1_000_000 })), 1)
})

t.test('the contract\'s own cost wins, and a derived one is never more than can be saved up', async t => {
  t.equal(costOf(bio, { cost: 3 }), 3)
  t.equal(costOf(bio, { cost: 0.5 }), 0.5)
  t.equal(costOf(bio, {}, { burst: 10 }), 10)
  t.equal(costOf(bio, {}, { burst: 7.5 }), 7)
  t.equal(costOf(bio, {}, { burst: 1 }), 1)
})
