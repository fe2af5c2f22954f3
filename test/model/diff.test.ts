import t from 'tap'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../lib/codegen/cli.js'
import { type Broken, breaksOldClients, diffModels } from '../../lib/model/diff.js'
import { readModel } from '../../lib/model/model.js'
import type { ContractModel, DefinitionModel, TypeModel } from '../../types/model.js'
import { chat } from '../client/contracts.js'
import {
  brokenOutbound, inbound, integer, number, object, OTHERS, outbound, type Part, property, string, TYPES, union, values,
} from '../helpers/contract-changes.js'
import { handModel } from '../helpers/model.js'

/** Everybody that a change breaks. */
function brokenBy (old: Part, now: Part): Broken | null {
  const all = new Set(diffModels(handModel(old, old.types), handModel(now, now.types)).map(change => change.breaks))
  if (all.has('all') || (all.has('old clients') && all.has('new clients'))) return 'all'
  return [...all].find(one => one !== 'nobody') ?? ([...all][0] ?? null)
}

t.test('a table of changes', async t => {
  t.ok(TYPES.length + OTHERS.length >= 60, `${TYPES.length + OTHERS.length}`)
  for (const [what, old, now, broken] of TYPES) {
    t.equal(brokenBy(inbound(old), inbound(now)), broken, `inbound: ${what}`)
    t.equal(brokenBy(inbound(old), inbound(old)), null)
    t.equal(brokenBy(outbound(old), outbound(now)), brokenOutbound(what, broken), `outbound: ${what}`)
  }
  for (const [what, old, now, broken] of OTHERS) t.equal(brokenBy(old, now), broken, what)
})

t.test('variants of unions are told apart by their tag; types that hold themselves end', async t => {
  const variant = (tag: string, type: TypeModel): { name: string, type: DefinitionModel } =>
    ({ name: tag, type: object(property('kind', values(tag)), property('x', type)) })
  const tagged = (...names: string[]): TypeModel => ({ ...union(...names.map((name): TypeModel => ({ kind: 'ref', name }))), tag: 'kind' })
  const part = (type: TypeModel, ...types: ContractModel['types']): Part => ({ ...inbound(type), types: [{ name: 'T', type }, ...types] })
  t.equal(brokenBy(part(tagged('a', 'b'), variant('a', string), variant('b', integer)),
    part(tagged('b', 'a'), variant('a', string), variant('b', integer))), null)
  t.equal(brokenBy(part(tagged('a'), variant('a', string)), part(tagged('a', 'b'), variant('a', string), variant('b', integer))), 'new clients')
  t.equal(brokenBy(part(tagged('a', 'b'), variant('a', string), variant('b', number)),
    part(tagged('a', 'b'), variant('a', string), variant('b', integer))), 'old clients')
  const tree = (label: TypeModel): Part => ({
    ...inbound(object()),
    types: [{ name: 'T', type: object(property('label', label), property('next', union({ kind: 'ref', name: 'T' }, values(null)))) }],
  })
  t.equal(brokenBy(tree(string), tree(string)), null)
  t.equal(brokenBy(tree(integer), tree(number)), 'new clients')
})

t.test('the worst comes first, and is told with its place', async t => {
  const changes = diffModels(
    handModel(inbound(object(property('a/b', { kind: 'string', maxLength: 9 })))),
    handModel(inbound(object(property('a/b', { kind: 'string', maxLength: 5 }), property('c', string, false))))
  )
  t.same(changes, [
    { breaks: 'old clients', where: 'inbound m /a~1b', what: 'at most 9 characters became at most 5 characters' },
    { breaks: 'new clients', where: 'inbound m /c', what: 'added' },
  ])
  t.ok(breaksOldClients(changes))
})

t.test('the command: lines, exit codes, bad input', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'wsg-diff-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, content: unknown): string => {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const run = async (...args: string[]): Promise<{ status: number, printed: string[], complained: string[] }> => {
    const [printed, complained]: [string[], string[]] = [[], []]
    const status = await main(['diff', ...args], { print: line => { printed.push(line) }, complain: line => { complained.push(line) } })
    return { status, printed, complained }
  }
  const [old, same] = [file('old.json', readModel(chat)), file('same.json', readModel(chat))]
  t.same(await run(old, same), { status: 0, printed: ['no change that anybody can meet'], complained: [] })
  const { calls, ...rest } = readModel(chat)
  const less = file('less.json', { ...rest, calls: calls.slice(1), fingerprint: 'cf-0000000000000000' })
  t.match(await run(old, less), { status: 1, printed: ['breaks old clients  call add: removed', /fingerprints differ.*4426/] })
  t.match(await run(less, old), { status: 0, printed: ['breaks new clients  call add: added', /4426/] })
  t.match(await run(less, old, '--strict'), { status: 1 })
  t.match(JSON.parse((await run(old, less, '--json')).printed[0]!), [{ breaks: 'old clients', where: 'call add' }])
  for (const [args, cause] of [
    [[old], /expected two files, got 1/],
    [[old, join(folder, 'none.json')], /none\.json: it can not be read/],
    [[old, file('broken.json', '{')], /broken\.json: it can not be read/],
    [[file('asyncapi.json', { asyncapi: '3.0.0' }), old], /asyncapi\.json: expected what `fastify-ws-guard model` writes/],
    [[file('null.json', 'null'), old], /null\.json: expected/],
  ] as const) {
    const { status, complained } = await run(...args)
    t.equal(status, 2)
    t.equal(complained.length, 1)
    t.match(complained[0], cause)
  }
})
