import t from 'tap'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../lib/codegen/cli.js'
import { type Broken, breaksOldClients, diffModels } from '../../lib/model/diff.js'
import { readModel } from '../../lib/model/model.js'
import type { ContractModel, DefinitionModel, PropertyModel, TypeModel, UnionModel } from '../../types/model.js'
import { chat } from '../client/contracts.js'
import { handModel } from '../helpers/model.js'

const string: TypeModel = { kind: 'string' }
const integer: TypeModel = { kind: 'number', integer: true }
const number: TypeModel = { kind: 'number', integer: false }
const values = (...all: (string | number | boolean | null)[]): TypeModel => ({ kind: 'values', values: all })
const union = (...variants: TypeModel[]): UnionModel => ({ kind: 'union', variants })
const property = (name: string, type: TypeModel, required = true): PropertyModel => ({ name, type, required })
const object = (...properties: PropertyModel[]): DefinitionModel => ({ kind: 'object', properties })
const open = (extra: TypeModel, rest: object = {}): DefinitionModel => ({ kind: 'object', properties: [], extra, ...rest })
const text = (rest: object): TypeModel => ({ kind: 'string', text: { policy: 'line', clean: true, ...rest } })

const RULES = { roles: [] as readonly string[], cost: 1, unknownProperties: 'refuse' as const }
type Part = Partial<ContractModel>

const inbound = (type: DefinitionModel, rules: object = {}): Part =>
  ({ inbound: [{ type: 'm', payload: 'T', binary: false, ...RULES, ...rules }], types: [{ name: 'T', type }] })
const outbound = (type: DefinitionModel, rest: object = {}): Part =>
  ({ outbound: [{ type: 'm', payload: 'T', binary: false, ...rest }], types: [{ name: 'T', type }] })
const call = (request: DefinitionModel, reply: DefinitionModel, rest: object = {}): Part => ({
  calls: [{ type: 'c', request: 'Q', reply: 'R', errors: [], ...RULES, ...rest }],
  types: [{ name: 'Q', type: request }, { name: 'R', type: reply }, { name: 'E', type: values(null) }],
})

/** Changes of a type, as they are for what comes in. What goes out is the mirror image. */
const TYPES: readonly (readonly [what: string, old: DefinitionModel, now: DefinitionModel, broken: Broken | null])[] = [
  ['a lower maxLength', { kind: 'string', maxLength: 9 }, { kind: 'string', maxLength: 5 }, 'old clients'],
  ['a higher maxLength', { kind: 'string', maxLength: 5 }, { kind: 'string', maxLength: 9 }, 'new clients'],
  ['a maxLength that was not there', string, { kind: 'string', maxLength: 5 }, 'old clients'],
  ['a minLength', string, { kind: 'string', minLength: 1 }, 'old clients'],
  ['no minLength any more', { kind: 'string', minLength: 1 }, string, 'new clients'],
  ['a pattern', string, { kind: 'string', pattern: { source: 'a', flags: '' } }, 'old clients'],
  ['no pattern any more', { kind: 'string', pattern: { source: 'a', flags: '' } }, string, 'new clients'],
  ['another pattern', { kind: 'string', pattern: { source: 'a', flags: '' } }, { kind: 'string', pattern: { source: 'b', flags: '' } }, 'all'],
  ['a format', string, { kind: 'string', format: 'email' }, 'old clients'],
  ['a text policy', string, text({}), 'old clients'],
  ['another text policy', text({}), text({ policy: 'text' }), 'all'],
  ['a text policy that cleans no more', text({}), text({ clean: false }), 'all'],
  ['fewer graphemes', text({ maxGraphemes: 9 }), text({ maxGraphemes: 5 }), 'old clients'],
  ['a higher minimum', { kind: 'number', integer: true, minimum: 1 }, { kind: 'number', integer: true, minimum: 2 }, 'old clients'],
  ['a lower minimum', { kind: 'number', integer: true, minimum: 2 }, { kind: 'number', integer: true, minimum: 1 }, 'new clients'],
  ['a higher exclusive maximum', { ...number, exclusiveMaximum: 1 } as TypeModel, { ...number, exclusiveMaximum: 2 } as TypeModel, 'new clients'],
  ['an integer that was a number', number, integer, 'old clients'],
  ['a number that was an integer', integer, number, 'new clients'],
  ['multipleOf', number, { ...number, multipleOf: 5 } as TypeModel, 'old clients'],
  ['a value more', values('a'), values('a', 'b'), 'new clients'],
  ['a value less', values('a', 'b'), values('a'), 'old clients'],
  ['another order of values', values('a', 'b'), values('b', 'a'), null],
  ['any string where there were values', values('a', 'b'), string, 'new clients'],
  ['values where there was any string', string, values('a', 'b'), 'old clients'],
  ['a shorter string than one of the values', values('aaa'), { kind: 'string', maxLength: 2 }, 'all'],
  ['null as well', string, union(string, values(null)), 'new clients'],
  ['null no more', union(string, values(null)), string, 'old clients'],
  ['another kind', string, integer, 'all'],
  ['any value', string, { kind: 'any' }, 'new clients'],
  ['a type where any value was', { kind: 'any' }, string, 'old clients'],
  ['a property that has to be there', object(), object(property('a', string)), 'all'],
  ['a property that may be there', object(), object(property('a', string, false)), 'new clients'],
  ['a property that has to be there now', object(property('a', string, false)), object(property('a', string)), 'old clients'],
  ['a property that may be left out now', object(property('a', string)), object(property('a', string, false)), 'new clients'],
  ['a property less', object(property('a', string, false)), object(), 'old clients'],
  ['a renamed property', object(property('a', string)), object(property('b', string)), 'all'],
  ['another order of properties', object(property('a', string), property('b', string)), object(property('b', string), property('a', string)), null],
  ['a change deep inside', object(property('a', { kind: 'array', items: integer })), object(property('a', { kind: 'array', items: number })), 'new clients'],
  ['further properties', object(), open(string), 'new clients'],
  ['no further properties', open(string), object(), 'old clients'],
  ['other further properties', open(integer), open(number), 'new clients'],
  ['names that have to match', open(string), open(string, { extraNames: '^a' }), 'old clients'],
  ['fewer properties', open(string, { maxProperties: 9 }), open(string, { maxProperties: 5 }), 'old clients'],
  ['more items', { kind: 'array', items: string, maxItems: 5 }, { kind: 'array', items: string, maxItems: 9 }, 'new clients'],
  ['items that have to differ', { kind: 'array', items: string }, { kind: 'array', items: string, uniqueItems: true }, 'old clients'],
  ['a longer tuple', { kind: 'tuple', items: [string] }, { kind: 'tuple', items: [string, string] }, 'all'],
  ['another item of a tuple', { kind: 'tuple', items: [integer] }, { kind: 'tuple', items: [number] }, 'new clients'],
  ['a description', string, { kind: 'string', description: 'x', deprecated: true, examples: ['x'] }, null],
]

/** Changes of everything else. */
const OTHERS: readonly (readonly [what: string, old: Part, now: Part, broken: Broken | null])[] = [
  ['an inbound message more', {}, inbound(string), 'new clients'],
  ['an inbound message less', inbound(string), {}, 'old clients'],
  ['an outbound message more', {}, outbound(string), 'new clients'],
  ['an outbound message less', outbound(string), {}, 'old clients'],
  ['a call more', {}, call(string, string), 'new clients'],
  ['a call less', call(string, string), {}, 'old clients'],
  ['a wider reply', call(string, integer), call(string, number), 'old clients'],
  ['a narrower request', call(number, string), call(integer, string), 'old clients'],
  ['an error more', call(string, string), call(string, string, { errors: [{ code: 'x', data: 'E' }] }), 'nobody'],
  ['a role where none was needed', inbound(string), inbound(string, { roles: ['a'] }), 'old clients'],
  ['a role more that may', inbound(string, { roles: ['a'] }), inbound(string, { roles: ['a', 'b'] }), 'new clients'],
  ['a role that may no more', inbound(string, { roles: ['a', 'b'] }), inbound(string, { roles: ['a'] }), 'old clients'],
  ['no role needed any more', inbound(string, { roles: ['a'] }), inbound(string), 'new clients'],
  ['another role', inbound(string, { roles: ['a'] }), inbound(string, { roles: ['b'] }), 'all'],
  ['a higher cost', inbound(string), inbound(string, { cost: 2 }), 'old clients'],
  ['a lower cost', inbound(string, { cost: 2 }), inbound(string), 'new clients'],
  ['a shorter deadline', inbound(string, { deadline: 9 }), inbound(string, { deadline: 5 }), 'old clients'],
  ['undeclared properties refused', inbound(string, { unknownProperties: 'drop' }), inbound(string), 'old clients'],
  ['undeclared properties dropped', inbound(string), inbound(string, { unknownProperties: 'drop' }), 'new clients'],
  ['a property less where undeclared ones are dropped', inbound(object(property('a', string, false)), { unknownProperties: 'drop' }),
    inbound(object(), { unknownProperties: 'drop' }), null],
  ['a binary message', inbound(string), inbound({ kind: 'bytes' }, { binary: true }), 'all'],
  ['fewer bytes', inbound({ kind: 'bytes', maxBytes: 9 }, { binary: true }), inbound({ kind: 'bytes', maxBytes: 5 }, { binary: true }), 'old clients'],
  ['left out for slow readers', outbound(string), outbound(string, { whenSlow: 'drop' }), 'old clients'],
  ['another url', {}, { url: '/other' }, 'all'],
  ['another envelope', {}, { envelope: { type: 'event', data: 'data', id: 'id' } }, 'all'],
  ['a query that may be there', {}, { query: 'Q', types: [{ name: 'Q', type: object(property('a', string, false)) }] }, 'new clients'],
  ['a query that has to be there', {}, { query: 'Q', types: [{ name: 'Q', type: object(property('a', string)) }] }, 'old clients'],
  ['smaller frames', {}, { limits: { maxPayload: 512, depth: 3, nodes: 1024 } }, 'old clients'],
  ['a name of a type', inbound(object()), { ...inbound(object()), types: [{ name: 'U', type: object() }], inbound: [{ type: 'm', payload: 'U', binary: false, ...RULES }] }, null],
  ['a route that is public no more', { route: { public: true, rate: 20, burst: 40, handlerTimeout: 9 } },
    { route: { public: false, rate: 20, burst: 40, handlerTimeout: 9 } }, 'old clients'],
  ['a lower rate', { route: { public: true, rate: 20, burst: 40, handlerTimeout: 9 } },
    { route: { public: true, rate: 10, burst: 40, handlerTimeout: 9 } }, 'old clients'],
]

/** Everybody that a change breaks. */
function brokenBy (old: Part, now: Part): Broken | null {
  const all = new Set(diffModels(handModel(old, old.types), handModel(now, now.types)).map(change => change.breaks))
  if (all.has('all') || (all.has('old clients') && all.has('new clients'))) return 'all'
  return [...all].find(one => one !== 'nobody') ?? ([...all][0] ?? null)
}

const MIRROR: { readonly [broken in Broken]: Broken } = {
  'old clients': 'new clients', 'new clients': 'old clients', all: 'all', nobody: 'nobody',
}
/** Clients pass over properties that they don't know: there what comes in and what goes out differ. */
const OUTBOUND: { readonly [what: string]: Broken | null } = {
  'a property that has to be there': 'new clients',
  'a property that may be there': null,
  'a property less': null,
  'a renamed property': 'all',
  'further properties': null,
  'no further properties': null,
}

t.test('a table of changes', async t => {
  t.ok(TYPES.length + OTHERS.length >= 60, `${TYPES.length + OTHERS.length}`)
  for (const [what, old, now, broken] of TYPES) {
    t.equal(brokenBy(inbound(old), inbound(now)), broken, `inbound: ${what}`)
    t.equal(brokenBy(inbound(old), inbound(old)), null)
    const mirrored = what in OUTBOUND ? OUTBOUND[what]! : broken === null ? null : MIRROR[broken]
    t.equal(brokenBy(outbound(old), outbound(now)), mirrored, `outbound: ${what}`)
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
