// What does writing an outbound message cost, checked and projected? Nanoseconds per message, best of several rounds,
// against JSON.stringify alone and TypeBox's compiled check followed by JSON.stringify. The second figure adds the copy
// of the text into a buffer, because concatenated strings put a part of their work off until then.
// `npm run build` first, then `node bench/serializer.js`.
import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { compileSerializer } from '../dist/esm/lib/contract/outbound/serializer.js'
import { readSchema } from '../dist/esm/lib/contract/tree/read.js'

const SAMPLES = 32
const ROUNDS = 8
const samples = make => Array.from({ length: SAMPLES }, (_, index) => make(index))
const said = index => ({ from: `user${index}`, text: `hello there, message number ${index}` })
const Said = Type.Object({ from: Type.String({ maxLength: 64 }), text: Type.String({ maxLength: 500 }) })

const cases = {
  '2 strings': { schema: Said, values: samples(said), runs: 150_000 },
  '5 fields, array of 3 strings': {
    schema: Type.Object({
      id: Type.Integer({ minimum: 0 }),
      ...Said.properties,
      urgent: Type.Boolean(),
      tags: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 8 }),
    }),
    values: samples(index => ({ id: index * 977, ...said(index), urgent: index % 2 === 0, tags: [`alpha${index}`, 'beta', 'gamma'] })),
    runs: 150_000,
  },
  'list of 100': { schema: Type.Array(Said, { maxItems: 100 }), values: samples(() => Array.from({ length: 100 }, (_, index) => said(index))), runs: 3_000 },
}

const buffer = Buffer.alloc(1 << 16)

console.log('| message | writer | ns | ns with the copy |')
console.log('|---|---|---:|---:|')
for (const [name, { schema, values, runs }] of Object.entries(cases)) {
  const check = TypeCompiler.Compile(schema)
  const writers = {
    ours: compileSerializer(readSchema(schema, { where: 'bench', direction: 'outbound' })),
    'JSON.stringify': value => JSON.stringify(value),
    'Check + JSON.stringify': value => {
      if (!check.Check(value)) throw new Error('refused')
      return JSON.stringify(value)
    },
  }
  const best = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [writer, write] of Object.entries(writers)) {
      for (const copied of [false, true]) {
        let bytes = 0
        const started = process.hrtime.bigint()
        for (let run = 0; run < runs; run++) {
          const text = write(values[run % SAMPLES])
          bytes += copied ? buffer.utf8Write(text, 0) : text.length
        }
        const ns = Number(process.hrtime.bigint() - started) / runs
        if (bytes === 0) throw new Error('nothing was written')
        const key = `${writer} ${copied}`
        best[key] = Math.min(best[key] ?? Infinity, ns)
      }
    }
  }
  for (const writer of Object.keys(writers)) console.log(`| ${name} | ${writer} | ${best[`${writer} false`].toFixed(0)} | ${best[`${writer} true`].toFixed(0)} |`)
}
