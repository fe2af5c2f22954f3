import type { Broken } from '../../lib/model/diff.js'
import type { BudgetModel, ContractModel, DefinitionModel, PropertyModel, RouteModel, TypeModel, UnionModel } from '../../types/model.js'

// Changes of a contract, and whom each of them breaks. test/model/diff.test.ts asks `diff`, test/model/compatible.test.ts clients and servers.

export const string: TypeModel = { kind: 'string' }
export const integer: TypeModel = { kind: 'number', integer: true }
export const number: TypeModel = { kind: 'number', integer: false }
export const values = (...all: (string | number | boolean | null)[]): TypeModel => ({ kind: 'values', values: all })
export const union = (...variants: TypeModel[]): UnionModel => ({ kind: 'union', variants })
export const property = (name: string, type: TypeModel, required = true): PropertyModel => ({ name, type, required })
export const object = (...properties: PropertyModel[]): DefinitionModel => ({ kind: 'object', properties })
const open = (extra: TypeModel, rest: object = {}): DefinitionModel => ({ kind: 'object', properties: [], extra, ...rest })
const text = (rest: object): TypeModel => ({ kind: 'string', text: { policy: 'line', clean: true, ...rest } })

export const RULES = { roles: [] as readonly string[], cost: 1, unknownProperties: 'refuse' as const }
export type Part = Partial<ContractModel>

export const inbound = (type: DefinitionModel, rules: object = {}): Part =>
  ({ inbound: [{ type: 'm', payload: 'T', binary: false, ...RULES, ...rules }], types: [{ name: 'T', type }] })
export const outbound = (type: DefinitionModel, rest: object = {}): Part =>
  ({ outbound: [{ type: 'm', payload: 'T', binary: false, ...rest }], types: [{ name: 'T', type }] })
const call = (request: DefinitionModel, reply: DefinitionModel, rest: object = {}): Part => ({
  calls: [{ type: 'c', request: 'Q', reply: 'R', errors: [], ...RULES, ...rest }],
  types: [{ name: 'Q', type: request }, { name: 'R', type: reply }, { name: 'E', type: values(null) }],
})

/** Changes of a type, as they are for what comes in. What goes out is the mirror image. */
export const TYPES: readonly (readonly [what: string, old: DefinitionModel, now: DefinitionModel, broken: Broken | null])[] = [
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

const TENANT = (...budgets: BudgetModel[]): RouteModel => ({ public: true, rate: 20, burst: 40, ...(budgets.length === 0 ? {} : { budgets }), handlerTimeout: 9 })

const SERVING = {
  public: true,
  rate: 20,
  burst: 40,
  handlerTimeout: 9,
  versions: [{ name: 'chat', fingerprint: 'cf-1111111111111111', limits: { maxPayload: 512, depth: 3, nodes: 1024 }, adapted: [], gone: [] }],
}

/** Changes of everything else. */
export const OTHERS: readonly (readonly [what: string, old: Part, now: Part, broken: Broken | null])[] = [
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
  ['undeclared properties refused', inbound(object(property('a', string)), { unknownProperties: 'drop' }), inbound(object(property('a', string))), 'old clients'],
  ['undeclared properties dropped', inbound(object(property('a', string))), inbound(object(property('a', string)), { unknownProperties: 'drop' }), 'new clients'],
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
  ['an older contract that is not served any more', { route: SERVING }, { route: { ...SERVING, versions: [] } }, 'old clients'],
  ['an older contract that is served as well', { route: { ...SERVING, versions: [] } }, { route: SERVING }, null],
  ['a budget of its own', { route: TENANT() }, { route: TENANT({ name: 'tenant', rate: 9, burst: 9 }) }, 'old clients'],
  ['a lower budget of its own', { route: TENANT({ name: 'tenant', rate: 9, burst: 9 }) }, { route: TENANT({ name: 'tenant', rate: 9, burst: 5 }) }, 'old clients'],
  ['a budget that is decided for each connection', { route: TENANT({ name: 'tenant', rate: 9, burst: 9 }) }, { route: TENANT({ name: 'tenant', burst: 9 }) }, 'old clients'],
  ['a budget that is gone', { route: TENANT({ name: 'tenant' }) }, { route: TENANT() }, null],
  ['a lower rate', { route: { public: true, rate: 20, burst: 40, handlerTimeout: 9 } },
    { route: { public: true, rate: 10, burst: 40, handlerTimeout: 9 } }, 'old clients'],
]

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

/** Whom a change of `TYPES` breaks in a message that goes out. */
export function brokenOutbound (what: string, broken: Broken | null): Broken | null {
  if (what in OUTBOUND) return OUTBOUND[what]!
  return broken === null ? null : MIRROR[broken]
}
