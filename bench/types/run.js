// How type checking grows with a contract. Writes a contract of N messages and what uses it, and lets both compilers report
// what they did. `node bench/types/run.js [server|client|generated] [--runs=3] [N …]`; see README.md beside it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { resolve } = createRequire(join(root, 'package.json'))
/** Version 7 says with `exports` what may be resolved of it. */
const COMPILERS = {
  'TypeScript 6': resolve('typescript/lib/tsc.js'),
  'TypeScript 7': join(resolve('typescript-7/package.json'), '../lib/tsc.js'),
}
const RUNS = Number(process.argv.find(arg => arg.startsWith('--runs='))?.slice('--runs='.length) ?? 3)
const SIDES = { server: serverOf, client: clientOf, generated: generatedOf }
const side = process.argv.slice(2).find(arg => arg in SIDES) ?? 'server'
const sizes = process.argv.slice(2).filter(arg => /^\d+$/.test(arg)).map(Number)
/** Messages of each kind that a client uses. */
const USED = 10

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

/** 40 % inbound, 40 % outbound, 20 % calls of two schemas. */
function partsOf (size) {
  const messages = Math.round(size * 0.4)
  return { messages, calls: size - 2 * messages }
}

function contractOf (size) {
  const { messages, calls } = partsOf(size)
  return `import { Type } from '@sinclair/typebox'
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
`
}

/** What a generator writes: one named interface per schema, and the function that makes the client. */
function stubOf (size) {
  const { messages, calls } = partsOf(size)
  const shape = (name, index) => `export interface ${name} {
  id: string
  n${index}: number
  urgent: boolean
  author: { name: string, age?: number }
  tags: string[]
  counts: { [key: string]: number }
  state: 'open' | 'closed' | null
}`
  return `import type { AddressSource, Client, ClientOptions } from '../../../dist/esm/lib/client.js'
${lines(messages, index => `${shape(`In${index}`, index)}\n${shape(`Out${index}`, index)}`)}
${lines(calls, index => `${shape(`Request${index}`, index)}\n${shape(`Reply${index}`, index + calls)}`)}
export interface Bench {
  name: 'bench'
  url: '/bench/:room'
  params: { static: { room: string } }
  inbound: { ${lines(messages, index => `in${index}: { static: In${index} }`)} }
  outbound: { ${lines(messages, index => `out${index}: { static: Out${index} }`)} }
  calls: { ${lines(calls, index => `call${index}: { request: { static: Request${index} }, reply: { static: Reply${index} } }`)} }
}
export type BenchOptions<U extends AddressSource = AddressSource> = ClientOptions<Bench> & { readonly url: U } & (
  U extends \`\${string}/:\${string}\` ? { readonly params: { room: string } }
    : string extends U ? { readonly params?: { room: string } } : { readonly params?: never }
)
export interface BenchClient extends Client<Bench> {}
export declare function createBenchClient<const U extends AddressSource> (options: BenchOptions<U>): BenchClient
`
}

/** A program that makes a client, and uses it. */
function userOf (size, made) {
  const { messages, calls } = partsOf(size)
  return `${made}
${lines(Math.min(USED, messages), index => `client.on.out${index}(data => { const n: number = data.n${index}; return n })
client.send.in${index}(${value(index)})`)}
${lines(Math.min(USED, calls), index => `export const call${index} = async (): Promise<number> => (await client.calls.call${index}(${value(index)})).n${index + calls}`)}
`
}

const INFERRED = `import { createClient } from '../../../dist/esm/lib/client.js'
import type { contract } from './contract.js'
const client = createClient<typeof contract>({ url: '/bench/:room' })`

const GENERATED = `import { createBenchClient } from './contract.js'
const client = createBenchClient({ url: '/bench/:room', params: { room: 'lobby' } })`

/** A client that uses ten messages of each kind, its types inferred. */
function clientOf (size) {
  return { 'contract.ts': contractOf(size), 'client.ts': userOf(size, INFERRED) }
}

/** The same with generated interfaces. */
function generatedOf (size) {
  return { 'contract.ts': stubOf(size), 'client.ts': userOf(size, GENERATED) }
}

/** A server that handles or sends each message once. */
function serverOf (size) {
  const { messages, calls } = partsOf(size)
  return {
    'contract.ts': contractOf(size),
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

function measure (tsc, files) {
  const directory = join(root, 'bench/types/.generated')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, target: 'es2023', module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }))
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
    const { instantiations, check, total, memory } = measure(compiler, SIDES[side](size))
    console.log(`| ${name} | ${size} | ${instantiations} | ${check.toFixed(2)} | ${total.toFixed(2)} | ${memory} |`)
  }
}
