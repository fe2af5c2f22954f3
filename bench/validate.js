// What does judging one message cost? Our sanitizer and validator in one (`accept`: a clean copy, text policy, checks) against
// ajv, zod 4 and TypeBox on the same five fields. Nanoseconds per message; every library does what it offers to deliver
// declared fields only. `accept` is told what the socket sees at a glance of the frame: printable ASCII, as these are, no \\u, or nothing. The two ratios that count are at the end: against TypeBox's check alone, and against another commit.
// `npm run build`, `npm ci` in bench/, then: node bench/validate.js [rounds] [root of another commit, built]
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import { Ajv } from 'ajv'
import { z } from 'zod'
import { defineContract, text } from '../dist/esm/lib/contract.js'
import { compileContract } from '../dist/esm/lib/contract/compile.js'
import { isSay, LIMITS, payloads } from './lib/message.js'
import { median, spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 40)
const other = process.argv[3]
// Short rounds, and many: on a busy machine some of them are left alone.
const RUNS = 20_000
const SAMPLES = 64

const fields = {
  n: Type.Number({ minimum: 0, maximum: LIMITS.n }),
  flag: Type.Boolean(),
  tags: Type.Array(Type.String({ maxLength: LIMITS.tag }), { maxItems: LIMITS.tags }),
}
const strict = Type.Object({ id: Type.Integer({ minimum: 0 }), text: Type.String({ maxLength: LIMITS.text }), ...fields }, { additionalProperties: false })
const contract = defineContract({
  name: 'bench',
  url: '/ws',
  inbound: { say: Type.Object({ id: Type.Integer({ minimum: 0 }), text: text({ maxLength: LIMITS.text }), ...fields }) },
})
const generated = compileContract(contract).inbound.get('say')
const before = other && await compileOther(other)
const ajv = new Ajv().compile(strict)
const ajvRemoving = new Ajv({ removeAdditional: true }).compile(strict)
const zodStrict = z.strictObject({
  id: z.int().min(0),
  text: z.string().max(LIMITS.text),
  n: z.number().min(0).max(LIMITS.n),
  flag: z.boolean(),
  tags: z.array(z.string().max(LIMITS.tag)).max(LIMITS.tags),
})
const compiled = TypeCompiler.Compile(strict)

const REFUSED = Symbol.for('fastify-ws-guard.refused')
const JUDGES = {
  'accept (copy, text policy, check)': value => generated.accept(value, 'ascii') !== REFUSED,
  'the same, of a frame beyond ASCII, without \\u': value => generated.accept(value, true) !== REFUSED,
  'the same, of a frame with \\u': value => generated.accept(value) !== REFUSED,
  ...before && { 'accept of the other commit': value => before.accept(value) !== REFUSED },
  'checks by hand (no copy)': isSay,
  'ajv, additionalProperties: false (no copy)': value => ajv(value),
  'ajv, removeAdditional (mutates)': value => ajvRemoving(value),
  'zod 4 strictObject (copy)': value => zodStrict.safeParse(value).success,
  'TypeBox TypeCompiler (no copy)': value => compiled.Check(value),
  'TypeBox Value.Check (no copy)': value => Value.Check(strict, value),
  'TypeBox Value.Clean(Clone) and Check (copy)': value => Value.Check(strict, Value.Clean(strict, Value.Clone(value))),
}

// Parsed from text, as they are on a socket: literals of a program have hidden classes that parsed objects don't share.
const values = payloads(SAMPLES).map(payload => JSON.parse(JSON.stringify(payload)))
const foreign = { ...values[0], extra: 1 }
const wrong = { ...values[0], tags: [1] }
const times = new Map(Object.keys(JUDGES).map(name => [name, []]))
for (const [name, judge] of Object.entries(JUDGES)) {
  if (!values.every(judge) || judge(structuredClone(wrong))) throw new Error(`${name}: a wrong verdict`)
}
if (generated.accept(foreign) !== REFUSED) throw new Error('an undeclared property was accepted')
for (let round = -10; round < rounds; round++) {
  for (const [name, judge] of Object.entries(JUDGES)) {
    let accepted = 0
    const started = process.hrtime.bigint()
    for (let run = 0; run < RUNS; run++) if (judge(values[run % SAMPLES])) accepted++
    const elapsed = Number(process.hrtime.bigint() - started) / RUNS
    if (accepted !== RUNS) throw new Error(`${name}: a wrong verdict`)
    if (round >= 0) times.get(name).push(elapsed)
  }
}
console.log(`node ${process.version}, ${rounds} rounds of ${RUNS} messages; ns per message, min / median / max`)
const ours = times.get('accept (copy, text policy, check)')
table(['judge', 'ns', 'median : accept'], [...times].map(([name, list]) => [name, spread(list, 0), (median(list) / median(ours)).toFixed(1)]))

// Of the best rounds: a busy machine makes medians of neighbours.
const ratio = (name, base) => (Math.min(...times.get(name)) / Math.min(...times.get(base))).toFixed(2)
for (const name of Object.keys(JUDGES).slice(0, 3)) console.log(`${name} : TypeBox's check alone = ${ratio(name, 'TypeBox TypeCompiler (no copy)')}`)
if (before) {
  console.log(`accept of the other commit : TypeBox's check alone = ${ratio('accept of the other commit', 'TypeBox TypeCompiler (no copy)')}`)
  console.log(`accept : accept of the other commit = ${ratio('accept (copy, text policy, check)', 'accept of the other commit')}`)
}

// What else a frame costs on its way to `accept`.
const whole = compileContract(contract)
const frames = payloads(SAMPLES).map(data => JSON.stringify({ type: 'say', data }))
const PARTS = {
  'isPlain (a glance)': frame => whole.isPlain(frame, frame.length) === 'ascii',
  'scan (depth, values)': frame => whole.scan(frame) === null,
  'forbidden keys': frame => !whole.mayHoldForbiddenKey(frame, true),
  'JSON.parse': frame => JSON.parse(frame) !== null,
}
const parts = Object.entries(PARTS).map(([name, part]) => {
  const elapsed = Array.from({ length: rounds + 10 }, () => {
    let done = 0
    const started = process.hrtime.bigint()
    for (let run = 0; run < RUNS; run++) if (part(frames[run % SAMPLES])) done++
    if (done !== RUNS) throw new Error(`${name}: a wrong answer`)
    return Number(process.hrtime.bigint() - started) / RUNS
  })
  return [name, spread(elapsed.slice(10), 0)]
})
console.log(`\nbefore it, of a frame of ${frames[0].length} bytes`)
table(['part', 'ns'], parts)

/** The same contract, by another commit's library. */
async function compileOther (root) {
  const from = file => import(new URL(`dist/esm/lib/${file}`, pathToFileURL(join(root, '/'))))
  const [lib, compiler] = await Promise.all([from('contract.js'), from('contract/compile.js')])
  const payload = Type.Object({ ...contract.inbound.say.properties, text: lib.text({ maxLength: LIMITS.text }) })
  return compiler.compileContract({ ...contract, inbound: { say: payload } }).inbound.get('say')
}
