// How type checking grows with a contract. Writes a contract of N messages with a handler for each, and lets both
// compilers report what they did. `node bench/types/run.js [N …]`; see README.md beside it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const root = fileURLToPath(new URL('../..', import.meta.url))
const COMPILERS = { 'TypeScript 6': 'typescript', 'TypeScript 7': 'typescript-7' }
const RUNS = 3
const sizes = process.argv.slice(2).map(Number)

/** Seven properties: scalars, a nested object, an array, a record and a union. */
const schema = index => `Type.Object({
      id: Type.String({ maxLength: 64 }),
      n${index}: Type.Integer({ minimum: 0 }),
      urgent: Type.Boolean(),
      author: Type.Object({ name: Type.String({ maxLength: 64 }), age: Type.Optional(Type.Integer()) }),
      tags: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 8 }),
      counts: Type.Record(Type.String(), Type.Number()),
      state: Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Null()]),
    })`

const value = index => `{ id: '', n${index}: 1, urgent: true, author: { name: '' }, tags: [''], counts: { a: 1 }, state: 'open' }`

const lines = (count, write) => Array.from({ length: count }, (_, index) => write(index)).join('\n')

/** 40 % inbound, 40 % outbound, 20 % calls of two schemas; each is handled or sent once. */
function sourceOf (size) {
  const messages = Math.round(size * 0.4)
  const calls = size - 2 * messages
  return {
    'contract.ts': `import { Type } from '@sinclair/typebox'
import type { ContractSpec } from '../../../types/contract.js'
declare function defineContract<const C extends ContractSpec> (spec: C): Readonly<C>
export const contract = defineContract({
  name: 'bench',
  url: '/bench/:room',
  params: Type.Object({ room: Type.String({ maxLength: 32 }) }),
  inbound: {
${lines(messages, index => `    in${index}: ${schema(index)},`)}
  },
  outbound: {
${lines(messages, index => `    out${index}: ${schema(index)},`)}
  },
  calls: {
${lines(calls, index => `    call${index}: { request: ${schema(index)}, reply: ${schema(index + calls)} },`)}
  },
})
`,
    'server.ts': `import type { FastifyInstance } from 'fastify'
import type {} from '../../../types/fastify.js'
import { contract } from './contract.js'
declare const app: FastifyInstance
app.wsRoute(contract, {
  authorize: ({ params }) => params.room !== '',
  on: {
${lines(messages, index => `    in${index} (data, socket) { const n: number = data.n${index}; socket.send.out${index}(${value(index)}); return n },`)}
  },
  calls: {
${lines(calls, index => `    async call${index} ({ n${index}, author }) { return { ...${value(index + calls)}, n${index + calls}: n${index}, author, state: 'open' as const } },`)}
  },
})
`,
  }
}

function measure (compiler, files) {
  const directory = join(root, 'bench/types/.generated')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, target: 'es2023', module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }))
  const tsc = join(createRequire(join(root, 'package.json')).resolve(`${compiler}/package.json`), '../bin/tsc')
  let best = null
  for (let run = 0; run < RUNS; run++) {
    const started = process.hrtime.bigint()
    const output = execFileSync(process.execPath, [tsc, '-p', directory, '--extendedDiagnostics'], { encoding: 'utf8' })
    const total = Number(process.hrtime.bigint() - started) / 1e9
    const read = label => Number(new RegExp(`^${label}:\\s+([\\d.]+)`, 'mi').exec(output)?.[1])
    if (best === null || total < best.total) best = { instantiations: read('Instantiations'), check: read('Check time'), total, memory: Math.round(read('Memory used') / 1024) }
  }
  rmSync(directory, { recursive: true, force: true })
  return best
}

console.log('| compiler | messages | instantiations | check, s | process, s | memory, MB |')
console.log('|---|---:|---:|---:|---:|---:|')
for (const [name, compiler] of Object.entries(COMPILERS)) {
  for (const size of sizes.length > 0 ? sizes : [0, 10, 100, 500]) {
    const { instantiations, check, total, memory } = measure(compiler, sourceOf(size))
    console.log(`| ${name} | ${size} | ${instantiations} | ${check.toFixed(2)} | ${total.toFixed(2)} | ${memory} |`)
  }
}
