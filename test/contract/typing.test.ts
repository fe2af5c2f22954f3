import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

// What an editor shows and what the compiler says, which type tests can't hold: names in messages, hovers, definitions.

const SOURCE = `
import type { FastifyInstance } from 'fastify'
import { Type } from '@sinclair/typebox'
import type {} from '../../types/fastify.js'
import { defineContract } from '../../lib/contract/define.js'
declare const app: FastifyInstance
const chat = defineContract({
  name: 'chat',
  url: '/chat',
  inbound: { say: Type.Object({ text: Type.String() }) },
  outbound: {
    /** Somebody spoke. */
    said: Type.Object({ from: Type.String(), text: Type.String() }),
  },
  calls: { sum: { request: Type.Object({ n: Type.Array(Type.Number()) }), reply: Type.Number() } },
})
app.wsRoute(chat, {
  on: { say (data, socket) { socket.send.said({ from: 'x', ...data }) } },
  calls: { sum: request => request.n.length },
})
app.wsRoute(chat, { on: { sya () {} }, calls: { sum: () => 1 } })
app.wsRoute(chat, { on: { say () {} } })
app.wsRoute(chat, { on: { say (_data, socket) { socket.send.said({ from: 'x', text: 'y', passwordHash: 'z' }) } }, calls: { sum: () => 'x' } })
`
const FILE = join(process.cwd(), 'test/contract/typing-sample.ts')

function languageService (): ts.LanguageService {
  const options: ts.CompilerOptions = {
    strict: true, noEmit: true, skipLibCheck: true, types: ['node'], target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  }
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [FILE],
    getScriptVersion: () => '1',
    getScriptSnapshot: name => {
      const text = name === FILE ? SOURCE : ts.sys.readFile(name)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => process.cwd(),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: name => name === FILE || ts.sys.fileExists(name),
    readFile: name => name === FILE ? SOURCE : ts.sys.readFile(name),
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  })
}

t.test('compiler messages and hovers', async t => {
  const service = languageService()
  const lineOf = (position: number): string => SOURCE.slice(0, position).split('\n').length.toString()
  const messages = service.getSemanticDiagnostics(FILE).map(({ start, messageText }) => `${lineOf(start ?? 0)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  const at = (text: string): number => SOURCE.indexOf(text)
  const hover = (position: number): string => ts.displayPartsToString(service.getQuickInfoAtPosition(FILE, position)?.displayParts)

  t.test('the message names what is wrong', async t => {
    const line = (text: string): string => lineOf(at(text))
    t.notMatch(messages.join('\n'), new RegExp(`^${line('on: { say (data')}:`, 'm'), 'a route that is right has no message')
    const of = (text: string): string => messages.filter(message => message.startsWith(`${line(text)}:`)).join('\n')
    t.match(of('{ sya ()'), /'sya' does not exist/, 'a misspelt handler')
    t.match(of('{ on: { say () {} } })'), /'calls' is missing/, 'a forgotten part')
    t.match(of('passwordHash'), /'passwordHash' does not exist/, 'an undeclared property')
    t.match(of('passwordHash'), /the reply of 'sum' in 'chat' has another type/, 'a wrong reply')
  })

  t.test('payloads hover plainly', async t => {
    t.equal(hover(at('data, socket')), '(parameter) data: {\n    text: string;\n}')
    t.equal(hover(at('request =>')), '(parameter) request: {\n    n: number[];\n}')
  })

  t.test('a contract hovers as its name and the beginning of the rest', async t => {
    const text = hover(at('chat = define'))
    t.match(text, /^const chat: Contract<"chat", \{/)
    t.ok(text.split('\n').length <= 30, text)
  })

  t.test('a sender leads to the contract', async t => {
    const position = at('said({ from')
    const info = service.getQuickInfoAtPosition(FILE, position)
    t.match(hover(position), /said: \(data: \{(\s+readonly (from|text): string;){2}\s+\}\) => boolean/)
    t.equal(ts.displayPartsToString(info?.documentation), 'Somebody spoke.')
    const [definition] = service.getDefinitionAtPosition(FILE, position) ?? []
    t.equal(definition?.textSpan.start, at('said: Type.Object'))
  })
})
