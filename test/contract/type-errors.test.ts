import t from 'tap'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../helpers/sources.js'

// What two versions of TypeScript say of twelve mistakes. An editor shows the beginning of a message, so that is where it has to be told what
// is wrong: the first 200 characters are compared. The package is taken as published, from dist/.

/** Without bin/tsc, which tap's hooks can't load. */
const COMPILERS = { 6: 'typescript/lib/tsc.js', 7: 'typescript-7/lib/tsc.js' }
type Version = keyof typeof COMPILERS

const BEFORE = `
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/session'
import { Type } from '@sinclair/typebox'
import { sessionAuth } from 'fastify-ws-guard'
import { defineContract } from 'fastify-ws-guard/contract'
import { createClient } from 'fastify-ws-guard/client'
declare module 'fastify' { interface Session { user?: User } }
declare const app: FastifyInstance
const Said = Type.Object({ from: Type.String(), tags: Type.Array(Type.String()) })
const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 500 }) }), kick: { payload: Type.Object({ user: Type.Integer() }), roles: ['moderator'] } },
  outbound: { said: Said, anything: Type.Object({ data: Type.Unknown(), any: Type.Any() }), picture: Type.Uint8Array() },
  calls: {
    history: { request: Type.Object({ limit: Type.Integer(), of: Type.Array(Type.String()) }), reply: Type.Array(Said), errors: { too_far: Said } },
    rename: { request: Type.Object({ state: Type.Union([Type.Literal('open'), Type.Literal('closed')]) }), reply: Type.Object({ state: Type.Union([Type.Literal('open'), Type.Literal('closed')]) }) },
  },
})
const client = createClient<typeof chat>({ url: '/rooms/:room' })
const on = { say () {}, kick () {} }
const calls = { history: () => [], rename: () => ({ state: 'open' as const }) }
`
const REGISTERED = `
interface User { id: number, name: string }
declare module 'fastify-ws-guard' { interface Register { identity: User, groups: 'lobby' | ['user', number] } }
`

interface Mistake {
  readonly code: string
  /** How the message begins, or that of either version. A handler with arguments makes messages long. */
  readonly says: string | { readonly [V in Version]: string }
  /** What it tells further on. */
  readonly tells?: string
}

const MISTAKES: { readonly [name: string]: Mistake } = {
  'a handler that is missing': {
    code: 'app.wsRoute(chat, { on: { say ({ text }, socket) { socket.send.said({ from: text, tags }) } }, calls })',
    says: 'Property \'kick\' is missing in type \'{ say({ text }: { text: string; }, socket: GuardedSocket<Contract<"chat", { readonly name: "chat"; readonly url: "/rooms/:room"; readonly inbound: { readonly say: T',
  },
  'a handler that is misspelt': {
    code: 'app.wsRoute(chat, { on: { sya () {}, kick () {} }, calls })',
    says: 'Object literal may only specify known properties, and \'sya\' does not exist in type \'{ readonly "\'sya\' does not exist in \'chat\'. Did you mean \'say\'?": never; } & MessageHandlers<Contract<"chat", { read',
  },
  'a handler too many in a variable': {
    code: 'const more = { ...on, kik () {} }; app.wsRoute(chat, { on: more, calls })',
    says: {
      6: 'Type \'{ kik(): void; say(): void; kick(): void; }\' is not assignable to type \'{ readonly "\'kik\' does not exist in \'chat\'. Did you mean \'kick\'?": never; } & MessageHandlers<Contract<"chat", { readonly ',
      7: 'Type \'{ say(): void; kick(): void; kik(): void; }\' is not assignable to type \'{ readonly "\'kik\' does not exist in \'chat\'. Did you mean \'kick\'?": never; } & MessageHandlers<Contract<"chat", { readonly ',
    },
  },
  'a handler too many in a spread': {
    code: 'app.wsRoute(chat, { on: { ...more }, calls })',
    says: {
      6: 'Type \'{ kik(): void; say(): void; kick(): void; }\' is not assignable to type \'{ readonly "\'kik\' does not exist in \'chat\'. Did you mean \'kick\'?": never; } & MessageHandlers<Contract<"chat", { readonly ',
      7: 'Type \'{ say(): void; kick(): void; kik(): void; }\' is not assignable to type \'{ readonly "\'kik\' does not exist in \'chat\'. Did you mean \'kick\'?": never; } & MessageHandlers<Contract<"chat", { readonly ',
    },
  },
  'a handler of a call that is missing': {
    code: 'app.wsRoute(chat, { on, calls: { history: () => [] } })',
    says: 'Property \'rename\' is missing in type \'{ history: () => never[]; }\' but required in type \'CallHandlers<Contract<"chat", { readonly name: "chat"; readonly url: "/rooms/:room"; readonly inbound: { readon',
  },
  'a handler of a call that is misspelt': {
    code: 'app.wsRoute(chat, { on, calls: { histroy: () => [], rename: calls.rename } })',
    says: 'Object literal may only specify known properties, but \'histroy\' does not exist in type \'{ readonly "\'histroy\' does not exist in \'chat\'. Did you mean \'history\'?": never; } & CallHandlers<Contract<"chat',
  },
  'an option that is misspelt': {
    code: 'app.wsRoute(chat, { on, calls, authorise: () => true })',
    says: 'Object literal may only specify known properties, but \'authorise\' does not exist in type \'{ readonly "\'authorise\' does not exist. Did you mean \'authorize\'?": never; } & WithBoth<Contract<"chat", { rea',
  },
  'an option that is misspelt in a variable': {
    code: 'const options = { on, calls, authorise: () => true }; app.wsRoute(chat, options)',
    says: {
      6: 'Argument of type \'{ on: { say(): void; kick(): void; }; calls: { history: () => never[]; rename: () => { state: "open"; }; }; authorise: () => boolean; }\' is not assignable to parameter of type \'{ rea',
      7: 'Argument of type \'{ on: { say(): void; kick(): void; }; calls: { history: () => never[]; rename: () => { state: \'open\'; }; }; authorise: () => boolean; }\' is not assignable to parameter of type \'{ rea',
    },
    tells: 'Property \'"\'authorise\' does not exist. Did you mean \'authorize\'?"\' is missing',
  },
  'a wrong reply': {
    code: 'app.wsRoute(chat, { on, calls: { ...calls, history: () => [{ from: 1, tags: [] }] } })',
    says: 'Type \'() => { from: number; tags: never[]; }[]\' is not assignable to type \'{ readonly "the reply of \'history\' in \'chat\' has another type at /*/from": never; } & Handler<{ limit: number; of: string[]; ',
  },
  'a wrong reply of an async handler': {
    code: 'app.wsRoute(chat, { on, calls: { ...calls, async history ({ limit }, socket) { return [{ from: socket.id, tags: [limit] }] } } })',
    says: 'Type \'({ limit }: { limit: number; of: string[]; }, socket: GuardedSocket<Contract<"chat", { readonly name: "chat"; readonly url: "/rooms/:room"; readonly inbound: { readonly say: TObject<{ text: TStr',
    tells: 'the reply of \'history\' in \'chat\' has another type at /*/tags/*',
  },
  'a wrong reply among right ones': {
    code: 'app.wsRoute(chat, { on, calls: { ...calls, history: () => Math.random() > 0.5 ? null : [] } })',
    says: 'Type \'() => never[] | null\' is not assignable to type \'{ readonly "the reply of \'history\' in \'chat\' has another type": never; } & Handler<{ limit: number; of: string[]; }, GuardedSocket<Contract<"chat',
  },
  'no reply': {
    code: 'app.wsRoute(chat, { on, calls: { ...calls, async history () {} } })',
    says: 'Type \'() => Promise<void>\' is not assignable to type \'{ readonly "the reply of \'history\' in \'chat\' has another type": never; } & Handler<{ limit: number; of: string[]; }, GuardedSocket<Contract<"chat"',
  },
  'an undeclared field': {
    code: 'client.send.say({ text: \'x\', loud: true })',
    says: 'Object literal may only specify known properties, and \'loud\' does not exist in type \'{ readonly text: string; }\'.',
  },
  'a message that the contract lacks': {
    code: 'client.send.sya({ text: \'x\' })',
    says: 'Property \'sya\' does not exist on type \'{ readonly say: (data: { readonly text: string; }) => boolean; readonly kick: (data: { readonly user: number; }) => boolean; }\'.',
  },
  'a group that is not registered': {
    code: 'app.wsRoute(chat, { on, calls, onOpen (socket) { socket.join([\'user\', \'7\']) } })',
    says: {
      6: 'Argument of type \'["user", string]\' is not assignable to parameter of type \'Readonly<["user", number] | "lobby">\'.\n  Type \'["user", string]\' is not assignable to type \'readonly ["user", number]\'.\n    ',
      7: 'Argument of type \'["user", string]\' is not assignable to parameter of type \'Readonly<"lobby" | ["user", number]>\'.\n  Type \'["user", string]\' is not assignable to type \'readonly ["user", number]\'.\n    ',
    },
  },
  'a key of a contract that is misspelt': {
    code: 'defineContract({ name: \'x\', url: \'/x\', inbond: {} })',
    says: 'Argument of type \'{ name: "x"; url: "/x"; inbond: {}; }\' is not assignable to parameter of type \'{ readonly "\'inbond\' does not exist. Did you mean \'inbound\'?": never; } & { readonly name: "x"; readonl',
    tells: '\'inbond\' does not exist. Did you mean \'inbound\'?',
  },
  'a rule that is misspelt': {
    code: 'defineContract({ name: \'x\', url: \'/x\', inbound: { say: { payload: Said, cots: 1 } } })',
    says: 'Type \'{ payload: TObject<{ from: TString; tags: TArray<TString>; }>; cots: 1; }\' is not assignable to type \'{ readonly "\'cots\' does not exist. Did you mean \'cost\'?": never; } & { readonly payload: TOb',
    tells: '\'cots\' does not exist. Did you mean \'cost\'?',
  },
}

/** All of it is right. */
const RIGHT = `
const tags: readonly string[] = Object.freeze(['a'])
app.wsRoute(chat, {
  auth: sessionAuth(session => session.user),
  onOpen (socket) {
    const { id, name }: { id: number, name: string } = socket.identity
    socket.join('lobby')
    socket.join(['user', id])
    const sent: boolean = socket.send.said({ from: name, tags })
    const reached: number = socket.group(['user', id]).send.said({ from: name, tags })
    socket.send.anything({ data: null, any: 'x' })
    socket.send.picture(Buffer.alloc(1))
    void [sent, reached]
  },
  on: {
    say ({ text }, socket) { text.trim(); socket.leave('lobby') },
    kick: { authorize: ({ user }, { identity }) => user !== identity.id, handle () {} },
  },
  calls: {
    async history ({ limit }, _socket, { fail }) {
      if (limit > 5) throw fail.too_far({ from: '', tags })
      return Object.freeze([{ from: '', tags }])
    },
    rename: { authorize: () => true, handle: ({ state }) => ({ state: state === 'open' ? 'closed' : 'open' }) },
  },
})
app.wsRoute(chat, { on, calls, logLevel: 'warn' })
app.wsRoute(chat, { on, calls: { ...calls, history: () => JSON.parse('[]') } })
app.wsRoute(chat, { on, calls: { ...calls, rename: async () => ({ state: 'open' }) } })
void client.calls.history({ limit: 1, of: tags })
`

const folder = mkdtempSync(join(mkdirs(join(ROOT, 'build')), 'type-errors-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function mkdirs (path: string): string {
  mkdirSync(path, { recursive: true })
  return path
}

/** Messages by the line that they are about, from 1. Lines of one message are kept together. */
function messagesOf (version: Version, source: string): Map<number, string> {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: 'es2023',
    lib: ['es2023', 'dom'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['sample.ts'] }))
  writeFileSync(join(folder, 'sample.ts'), source)
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules', COMPILERS[version]), '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    // The test runner's loader is not for compilers.
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const messages = new Map<number, string>()
  for (const [, file = '', line, text = ''] of stdout.matchAll(/^(\S.*?)\((\d+),\d+\): error TS\d+: (.*(?:\n .*)*)/gm)) {
    if (!file.endsWith('sample.ts')) throw new Error(`not of the sample: ${file}: ${text}`)
    messages.set(Number(line), text)
  }
  return messages
}

for (const version of [6, 7] as const) {
  t.test(`TypeScript ${version}`, async t => {
    const before = `${BEFORE}${REGISTERED}${RIGHT}`
    const first = before.split('\n').length
    const names = Object.keys(MISTAKES)
    const messages = messagesOf(version, `${before}${names.map(name => `${MISTAKES[name]!.code}\n`).join('')}`)

    t.test('what is right has no message', async t => {
      t.same([...messages].filter(([line]) => line < first), [])
    })
    for (const [index, name] of names.entries()) {
      t.test(name, async t => {
        const { says, tells = '' } = MISTAKES[name]!
        const message = messages.get(first + index) ?? 'compiles'
        t.equal(message.slice(0, 200), typeof says === 'string' ? says : says[version])
        t.ok(message.includes(tells), message)
        if (name.includes('reply')) t.ok(message.split('\n').length <= 3, message)
      })
    }
  })
}

t.test('an identity without an id is told where it is used', async t => {
  const source = `
import { sessionAuth } from 'fastify-ws-guard'
declare module 'fastify-ws-guard' { interface Register { identity: { name: string } } }
export const auth: import('fastify-ws-guard').AuthStrategy = sessionAuth(() => ({ id: 1 }))
`
  t.match([...messagesOf(7, source).values()].join(), 'Register: an identity needs an id, a string or a number')
})
