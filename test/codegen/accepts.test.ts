import t from 'tap'
import fc from 'fast-check'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { emitTypeScript, readModel } from '../../lib/codegen.js'
import { compileContract } from '../../lib/contract/compile.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { ContractModel } from '../../types/model.js'
import { writeTsconfig } from '../helpers/modules.js'
import { type Pair, type RandomContract, merged, randomContract, reversed, spoil } from '../helpers/random-contracts.js'
import { ROOT } from '../helpers/sources.js'

// Contracts made by fast-check. What the server says of a value, three TypeScript compilers must say of it as well: a value that it
// takes is assigned to the generated type, one that it refuses is too, under @ts-expect-error. More contracts, and others:
// FC_RUNS=1000 FC_SEED=7 node build/test/codegen/accepts.test.js

const RUNS = Number(process.env['FC_RUNS'] ?? 100)
const SEED = Number(process.env['FC_SEED'] ?? 1)
/** Values of each payload, as many again that are spoilt, and pairs of them in one. */
const VALUES = 5

const folder = mkdtempSync(join(mkdirBuild(), 'generated-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function mkdirBuild (): string {
  const build = join(ROOT, 'build')
  mkdirSync(build, { recursive: true })
  return build
}

const contracts = fc.sample(randomContract, { numRuns: RUNS, seed: SEED })
const verdicts = { accepted: 0, refused: 0 }
contracts.forEach(writeContract)

t.test('values were tried on both sides', async t => {
  t.equal(contracts.length, RUNS)
  t.ok(verdicts.accepted > RUNS * 5 && verdicts.refused > RUNS * 5, JSON.stringify(verdicts))
  t.comment(`${RUNS} contracts, ${verdicts.accepted} values accepted, ${verdicts.refused} refused`)
})

/** Compilers by their version, without bin/tsc, which tap's hooks can't load; the last one with what projects may ask beside `strict`. */
const COMPILERS = [
  ['5.9', 'typescript-5/lib/tsc.js', {}],
  ['6.0', 'typescript/lib/tsc.js', {}],
  ['7.0', 'typescript-7/lib/tsc.js', {}],
  ['7.0', 'typescript-7/lib/tsc.js', { exactOptionalPropertyTypes: true, erasableSyntaxOnly: true, noPropertyAccessFromIndexSignature: true }],
] as const

for (const [version, compiler, options] of COMPILERS) {
  t.test(`TypeScript ${version} ${Object.keys(options).join(' ')} agrees with the server about every value`, async t => {
    writeTsconfig(folder, { isolatedModules: true, noUncheckedIndexedAccess: true, ...options })
    const script = join(ROOT, 'node_modules', compiler)
    t.match((await run(script, ['-v'])).output, `Version ${version}`)
    const { status, output } = await run(script, ['-p', folder, '--pretty', 'false'])
    t.equal(status, 0, output.split('\n').slice(0, 20).join('\n'))
  })
}

t.test('the order of declarations is not in the output', async t => {
  for (const { contract } of contracts) {
    const written = JSON.stringify(emitTypeScript(readModel(contract)))
    const other = JSON.stringify(emitTypeScript(readModel(reversed(contract))))
    if (written !== other) t.fail('differs', { contract: JSON.stringify(contract), written, other })
  }
  t.pass(`${contracts.length} contracts`)
})

t.test('a model is plain JSON', async t => {
  for (const { contract } of contracts) {
    const model = readModel(contract)
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(model)), model)) t.same(JSON.parse(JSON.stringify(model)), model)
  }
  t.pass(`${contracts.length} contracts`)
})

function writeContract (random: RandomContract, index: number): void {
  const model = readModel(random.contract)
  const [file] = emitTypeScript(model)
  writeFileSync(join(folder, `c${index}.client.ts`), file!.text)
  writeFileSync(join(folder, `c${index}.values.ts`), valuesOf(random, model, `./c${index}.client.js`, index))
}

/** TypeScript that assigns values to the generated types, and passes them to a client. */
function valuesOf ({ contract, inbound, outbound, calls }: RandomContract, model: ContractModel, client: string, seed: number): string {
  const server = compileContract(contract)
  let draws = 0
  const assign = (name: string, use: string | null, { value }: Pair, isAccepted: (value: unknown) => boolean): string[] => {
    const random = randomOf(seed * 1000 + draws++)
    const good = fc.sample(value, { numRuns: VALUES, seed: seed * 1000 + draws })
    const bad = [...good.map(one => spoil(one, random)), ...good.slice(1).map((one, index) => merged(one, good[index]))]
    return [...good, ...bad].flatMap(one => {
      const verdict = isAccepted(one)
      verdicts[verdict ? 'accepted' : 'refused']++
      const expect = verdict ? [] : ['// @ts-expect-error the server refuses it']
      const text = code(one)
      return [...expect, `take<Types.${name}>(${text})`, ...(use === null ? [] : [...expect, `${use}(${text})`])]
    })
  }
  const accepts = (type: string) => (value: unknown): boolean => {
    const clean = server.inbound.get(type)!.accept(value)
    return clean !== REFUSED && isDeepStrictEqual(clean, value)
  }
  const leaves = (encode: () => string, dataOf: (text: string) => unknown, value: unknown): boolean => {
    try {
      return isDeepStrictEqual(dataOf(encode()), value)
    } catch {
      return false
    }
  }
  const data = (text: string): unknown => (JSON.parse(text) as { readonly data: unknown }).data
  return [
    `import type * as Types from '${client}'`,
    `declare const client: Types.${model.typeName}Client`,
    'declare function take<T> (value: T): void',
    ...model.inbound.flatMap(({ type, payload }) =>
      assign(payload, `client.send[${code(type)}]`, inbound.get(type)!, accepts(type))),
    ...model.outbound.flatMap(({ type, payload }) =>
      assign(payload, null, outbound.get(type)!, value => leaves(() => server.outbound.get(type)!.encode(value), data, value))),
    ...model.calls.flatMap(({ type, request, reply }) => [
      ...assign(request, `client.calls[${code(type)}]`, calls.get(type)!.request, accepts(type)),
      ...assign(reply, null, calls.get(type)!.reply, value => leaves(() => server.inbound.get(type)!.encodeReply!('1', value), data, value)),
    ]),
    'export {}',
    '',
  ].join('\n')
}

/** On one line, also for those to whom U+2028 ends one. */
function code (value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028')
}

/** Mulberry32: the same numbers everywhere. */
function randomOf (seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

async function run (script: string, args: readonly string[]): Promise<{ status: number, output: string }> {
  return await new Promise(resolve => {
    execFile(process.execPath, [script, ...args], { cwd: ROOT, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}
