import t from 'tap'
import { Type, type TSchema } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract } from '../../lib/contract.js'
import { readModel } from '../../lib/model/model.js'
import { report } from '../../lib/model/report.js'
import type { ContractSpec, WhenSlow } from '../../types/contract.js'

const moved = Type.Object({ id: Type.Integer(), x: Type.Number(), note: Type.Optional(Type.String()), at: Type.Object({}) })

const compile = (payload: TSchema, whenSlow: unknown) =>
  compileContract({ name: 'board', url: '/', outbound: { moved: { payload, whenSlow } } } as ContractSpec)

t.test('a rule for slow readers is kept', async t => {
  const rules: WhenSlow[] = ['close', 'drop', { latest: 'id' }]
  for (const rule of rules) t.same(compile(moved, rule).outbound.get('moved')?.whenSlow, rule)
  t.equal(compileContract({ name: 'board', url: '/', outbound: { moved } }).outbound.get('moved')?.whenSlow, 'close')
  t.equal(compile(Type.Uint8Array({ maxByteLength: 9 }), 'drop').outbound.get('moved')?.whenSlow, 'drop', 'of bytes too')
})

t.test('a rule that is none, or that would do nothing, does not boot', async t => {
  const rows: [TSchema, unknown, RegExp][] = [
    [moved, 'wait', /outbound "moved"\.whenSlow: expected "close", "drop" or \{ latest: "<a property of the payload>" \}, got "wait"/],
    [moved, {}, /whenSlow: expected .*, got an object/],
    [moved, { latest: 7 }, /whenSlow: expected .*, got an object/],
    [moved, { latest: 'id', drop: true }, /whenSlow: expected .*, got an object/],
    [moved, { latest: 'di' }, /whenSlow\.latest: expected a property of the payload, got "di"; did you mean "id"/],
    [moved, { latest: '__proto__' }, /expected a property of the payload, got "__proto__"/],
    [moved, { latest: 'note' }, /expected a property that is not optional, got "note"/],
    [moved, { latest: 'at' }, /expected a property that is a string, a number or a boolean, got "at"/],
    [Type.String(), { latest: 'id' }, /expected a payload that is a Type.Object; write "drop" instead/],
    [Type.Union([moved, Type.Object({ x: Type.Number() })]), { latest: 'id' }, /got "id"/],
    [Type.Uint8Array({ maxByteLength: 9 }), { latest: 'id' }, /Type.Object/],
  ]
  for (const [payload, rule, message] of rows) t.throws(() => compile(payload, rule), { code: 'WSG_ERR_CONTRACT', message }, String(message))
  t.throws(() => compileContract({ name: 'x', url: '/', inbound: { say: { payload: Type.Object({}), whenSlow: 'drop' } } } as ContractSpec),
    { code: 'WSG_ERR_CONTRACT', message: /got "whenSlow"/ }, 'a rule of what goes out')
})

t.test('a union fits where each of its forms has the property', async t => {
  const shape = Type.Union([moved, Type.Object({ id: Type.Union([Type.String(), Type.Literal(7)]) })])
  t.same(compile(shape, { latest: 'id' }).outbound.get('moved')?.whenSlow, { latest: 'id' })
})

t.test('it is in the report and in the model, and not on the wire', async t => {
  const plain = defineContract({ name: 'board', url: '/', outbound: { moved, left: moved, said: moved } })
  const ruled = defineContract({
    ...plain, outbound: { moved: { payload: moved, whenSlow: { latest: 'id' } }, left: { payload: moved, whenSlow: 'drop' }, said: { payload: moved, whenSlow: 'close' } },
  })
  t.equal(compileContract(ruled).fingerprint, compileContract(plain).fingerprint)
  const lines = report(readModel(ruled)).filter(line => line.startsWith('  sends'))
  t.same(lines, ['  sends left; a slow reader misses some', '  sends moved; a slow reader gets the latest by id', '  sends said; a slow reader is closed 1013'])
  t.same(readModel(ruled).outbound.map(({ type, whenSlow }) => [type, whenSlow]), [['left', 'drop'], ['moved', { latest: 'id' }], ['said', undefined]])
})
