import t from 'tap'
import Fastify from 'fastify'
import ts from 'typescript'
import { Type } from '@sinclair/typebox'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import { emitTypeScript, readModel } from '../../lib/codegen.js'
import { compileContract } from '../../lib/contract/compile.js'
import guard from '../../lib/index.js'
import type { Broken } from '../../lib/model/diff.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { CompiledContract, ContractSpec } from '../../types/contract.js'
import { brokenOutbound, inbound, OTHERS, outbound, type Part, TYPES } from '../helpers/contract-changes.js'
import { handModel } from '../helpers/model.js'
import { specOfModel } from '../helpers/spec-of-model.js'

// What `diff` says of a change is true: a client that is generated from the old contract talks to a server of the new one. Of a
// change that does not break it, all that it can send is handled and all that it gets is what it knows; of one that does, something isn't.

/** Values of every kind that the table has a bound for. */
const VALUES: readonly unknown[] = [
  ...[0, 1, 3, 6, 9, 10].map(length => 'a'.repeat(length)),
  'b', 'aa@bb.cc', 'e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301', 'one\ntwo',
  -1, 0, 1, 2, 5, 0.5, 1.5, true, null,
  [], [1], [0.5], ['a'], ['a', 'b'], ['a', 'a'], [...'abcdef'], [...'abcdefgh'],
  {}, { a: 'x' }, { b: 'x' }, { a: 'x', b: 'y' }, { a: [1] }, { a: [0.5] }, { a: 1 }, { z: 0.5 }, { b: 1 },
  Object.fromEntries([...'abcdef'].map(name => [name, name])),
  new Uint8Array(3), new Uint8Array(7),
]

/** What the value of a message can't show: numbers that the server only counts with. */
const UNSHOWN = new Set([
  'a higher cost', 'a shorter deadline', 'left out for slow readers', 'smaller frames', 'a route that is public no more', 'a lower rate',
  'an older contract that is not served any more', 'a budget of its own', 'a lower budget of its own', 'a budget that is decided for each connection',
])
/** Where `diff` is careful: it doesn't know which of two text policies is the narrower one. */
const CAREFUL = new Set(['outbound: a text policy that cleans no more'])

interface Row { readonly what: string, readonly old: ContractSpec, readonly now: ContractSpec, readonly breaks: boolean }

const breaksOld = (broken: Broken | null): boolean => broken === 'old clients' || broken === 'all'

/** Each contract has a call beside what it is about: behind it everything has arrived. */
function specOf (part: Part): ContractSpec {
  const spec = specOfModel(handModel(part, part.types))
  return { ...spec, calls: { ...spec.calls, go: { request: Type.Object({}), reply: Type.Null() } } }
}

const rows: Row[] = []
function add (what: string, old: Part, now: Part, broken: Broken | null): void {
  if (!CAREFUL.has(what)) rows.push({ what, old: specOf(old), now: specOf(now), breaks: breaksOld(broken) })
}
for (const [what, old, now, broken] of TYPES) {
  add(`inbound: ${what}`, inbound(old), inbound(now), broken)
  add(`outbound: ${what}`, outbound(old), outbound(now), brokenOutbound(what, broken))
}
for (const [what, old, now, broken] of OTHERS) if (!UNSHOWN.has(what)) add(what, old, now, broken)

/** What the contract makes of a value on its way to a client; undefined where it lets no server send it. */
function written (contract: CompiledContract, value: unknown): unknown {
  const message = contract.outbound.get('m')
  try {
    if (message?.encodeBinary) return message.encodeBinary(value)
    return (JSON.parse(message?.encode(value) ?? '{}') as { readonly data?: unknown }).data
  } catch {
    return undefined
  }
}
const sends = (contract: CompiledContract, value: unknown): boolean => written(contract, value) !== undefined

function replies ({ inbound }: CompiledContract, value: unknown): boolean {
  try {
    return inbound.get('c')?.encodeReply?.('1', value) !== undefined
  } catch {
    return false
  }
}

/** What the contract makes of a value that a client sends; REFUSED where it takes none such. */
const read = ({ inbound }: CompiledContract, type: string, value: unknown): unknown =>
  inbound.has(type) ? inbound.get(type)!.accept(value) : REFUSED
const taken = (contract: CompiledContract, type: string): readonly unknown[] =>
  VALUES.filter(value => read(contract, type, value) !== REFUSED)

/** A client of a generated module, as a test without its types sees it. */
interface AnyClient {
  readonly on: { readonly m: (listener: (data: unknown) => void) => void }
  readonly send: { readonly m: (data: unknown) => boolean }
  readonly calls: { readonly [name: string]: (request: unknown) => Promise<unknown> }
  listen (event: 'error' | 'closed', listener: (what: never) => void): void
  close (): void
}
type Create = (options: object) => AnyClient

const folder = mkdtempSync(join(tmpdir(), 'wsg-compatible-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const CLIENT = new URL('../../lib/client.js', import.meta.url).href

async function generated (spec: ContractSpec, index: number): Promise<Create> {
  const { text } = emitTypeScript(readModel(spec))[0]!
  const { outputText } = ts.transpileModule(text.replaceAll("'fastify-ws-guard/client'", `'${CLIENT}'`), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  })
  const path = join(folder, `client-${index}.mjs`)
  writeFileSync(path, outputText)
  return (await import(pathToFileURL(path).href) as { readonly createChatClient: Create }).createChatClient
}

/** One server for all new contracts. */
const app = Fastify()
t.teardown(() => app.close())
await app.register(guard, {
  development: true,
  upgradeRate: false,
  messages: { rate: 1e6, burst: 1e6, errors: 1e6 },
  auth: {
    name: 'roles',
    needs: { credential: 'header', session: false },
    authenticate: ({ request }) => ({ id: 1, roles: [String(request.headers['x-role'])] }),
  },
})
const handled = rows.map((): unknown[] => [])
for (const [index, { now }] of rows.entries()) {
  const compiled = compileContract(now)
  const outgoing = VALUES.filter(value => sends(compiled, value))
  const answers = VALUES.filter(value => replies(compiled, value))
  let asked = 0
  await app.register(async scope => {
    scope.wsRoute(now as never, {
      on: compiled.inbound.has('m') ? { m: (data: unknown) => { handled[index]!.push(data) } } : {},
      calls: {
        go (_request: unknown, socket: { readonly send: { readonly m: (data: unknown) => void } }) {
          for (const value of outgoing) socket.send.m(value)
          return null
        },
        ...(compiled.inbound.has('c') ? { c: () => answers[asked++ % answers.length] } : {}),
      },
    } as never)
  }, { prefix: `/row/${index}` })
}
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { readonly port: number }

/** Is it what a handler of before got, but for properties that the new contract has no longer? */
function isWhatCame (value: unknown, due: unknown): boolean {
  if (typeof value !== 'object' || typeof due !== 'object' || value === null || due === null || Array.isArray(value)) return isDeepStrictEqual(value, due)
  return Object.entries(value).every(([name, inner]) => isDeepStrictEqual(inner, (due as { readonly [name: string]: unknown })[name]))
}

/** What a client of the old contract meets: values that went either way, and what went wrong. */
interface Met { readonly sent: number, readonly got: number, readonly faults: readonly string[] }

async function meet (index: number, { old, now }: Row, role: string): Promise<Met> {
  const [before, after] = [compileContract(old), compileContract(now)]
  const create = await generated(old, index)
  const faults: string[] = []
  const got: unknown[] = []
  handled[index] = []
  const client = create({
    url: `ws://127.0.0.1:${port}/row/${index}${old.url}`,
    fingerprint: undefined,
    retry: () => false,
    timeout: 300,
    pace: { rate: 1e6, burst: 1e6 },
    WebSocket: class extends WebSocket {
      constructor (url: string, protocols: string[]) {
        super(url, protocols, { origin: `http://localhost:${port}`, headers: { 'x-role': role } })
      }
    },
  })
  client.listen('error', (error: { readonly code: string }) => { faults.push(error.code) })
  client.on.m(data => { got.push(data) })
  const ask = async (type: string, request: unknown): Promise<unknown> => {
    try {
      return await client.calls[type]!(request)
    } catch (error) {
      faults.push(`${type}: ${(error as { readonly code: string }).code}`)
      return undefined
    }
  }
  const sent = taken(before, 'm')
  for (const value of sent) client.send.m(value)
  const requests = taken(before, 'c')
  for (const request of requests) await ask('c', request)
  for (let left = requests.length === 0 ? 0 : VALUES.filter(value => replies(after, value)).length; left > 0; left--) {
    const reply = await ask('c', requests[0])
    if (reply !== undefined && !replies(before, reply)) faults.push('a reply that it does not know')
  }
  await ask('go', {})
  client.close()
  const due = sent.map(value => read(before, 'm', value))
  const came = handled[index]!
  if (came.length !== due.length || !came.every((value, i) => isWhatCame(value, due[i]))) faults.push(`${came.length} of ${due.length} values were handled as they are`)
  if (before.outbound.has('m')) {
    const count = VALUES.filter(value => sends(after, value)).length
    if (got.length !== Math.max(1, count)) faults.push(`${got.length} messages came, not ${count}`)
    for (const data of got) {
      const known = written(before, data)
      if (known === undefined || (typeof data === 'string' && known !== data)) faults.push('a message that it does not know')
    }
  }
  return { sent: sent.length + requests.length, got: got.length, faults }
}

let values = 0
for (const breaks of [false, true]) {
  t.test(breaks ? 'what is said to break clients in use breaks them' : 'what is said not to break clients in use breaks none', async t => {
    for (const [index, row] of rows.entries()) {
      if (row.breaks !== breaks) continue
      const { inbound = {} } = row.old
      const roles = Object.values(inbound).flatMap(message => 'roles' in message ? message.roles as string[] : [])
      const faults: string[] = []
      for (const role of roles.length === 0 ? ['none'] : roles) {
        const met = await meet(index, row, role)
        faults.push(...met.faults)
        values += met.sent + met.got
        if (!breaks && ('m' in inbound || 'm' in row.old.outbound!)) t.ok(met.sent + met.got > 0, `${row.what}: values were tried`)
      }
      t.equal(faults.length > 0, breaks, `${row.what}: ${faults.slice(0, 3).join(', ')}`)
    }
  })
}

t.test('the table was tried, and values went both ways', async t => {
  t.ok(rows.length > 110, `${rows.length} changes`)
  t.ok(values > 500, `${values} values`)
})
