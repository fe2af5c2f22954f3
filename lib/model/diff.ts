import type {
  CallModel, ContractModel, InboundModel, OutboundModel, RouteModel, RulesModel, TypeModel,
} from '../../types/model.js'
import type { Kind } from './diff-bounds.js'
import { compareTypes, type Sides } from './diff-types.js'
import { hasRequired, typesOf } from './types-by-name.js'

/**
 * Who is broken by a change. `old clients`: those in use, once the server is the new one. `new clients`: those of the
 * next release, as long as they meet an old server. `all`: both. `nobody`.
 */
export type Broken = 'old clients' | 'new clients' | 'all' | 'nobody'

/** One difference between two versions of a contract. */
export interface Change {
  readonly breaks: Broken
  /** `inbound say /text`, `call history`, `route`. */
  readonly where: string
  readonly what: string
}

/** What a change of values means: who sends them breaks when they are narrowed, who gets them when they are widened. */
const BREAKS: { readonly [direction in 'inbound' | 'outbound']: { readonly [kind in Kind]: Broken } } = {
  inbound: { narrowed: 'old clients', widened: 'new clients' },
  outbound: { narrowed: 'new clients', widened: 'old clients' },
}

/** Differences of two versions of a contract, those that break somebody first. */
export function diffModels (old: ContractModel, now: ContractModel): readonly Change[] {
  const versions = { old, now, types: { before: typesOf(old), after: typesOf(now) } }
  const changes = [
    ...routeChanges(versions),
    ...entryChanges('inbound', old.inbound, now.inbound, (...one) => inboundChanges(versions, ...one)),
    ...entryChanges('outbound', old.outbound, now.outbound, (...one) => outboundChanges(versions, ...one)),
    ...entryChanges('call', old.calls, now.calls, (...one) => callChanges(versions, ...one)),
  ]
  const order: readonly Broken[] = ['all', 'old clients', 'new clients', 'nobody']
  const merged = mergeTwins(changes)
  return order.flatMap(breaks => merged.filter(change => change.breaks === breaks))
}

/** True when clients in use break. */
export const breaksOldClients = (changes: readonly Change[]): boolean =>
  changes.some(({ breaks }) => breaks === 'all' || breaks === 'old clients')

/** A change that is narrower and wider at once is one. */
function mergeTwins (changes: readonly Change[]): readonly Change[] {
  const merged = new Map<string, Change>()
  for (const change of changes) {
    const key = JSON.stringify([change.where, change.what])
    const twin = merged.get(key)
    merged.set(key, twin === undefined || twin.breaks === change.breaks ? change : { ...change, breaks: 'all' })
  }
  return [...merged.values()]
}

type Direction = keyof typeof BREAKS

const change = (breaks: Broken, where: string, what: string): Change => ({ breaks, where, what })

/** Two versions, and their types by name. */
interface Versions {
  readonly old: ContractModel
  readonly now: ContractModel
  readonly types: Pick<Sides, 'before' | 'after'>
}

/** Nothing but what is declared. */
const CLOSED = { before: false, after: false }
/** Clients pass over properties that they don't know. */
const IGNORED = { before: true, after: true }

/** `names`: of the type before and after. */
function payload (
  { types }: Versions, names: readonly [string, string], direction: Direction, where: string, isOpen: Sides['isOpen']
): Change[] {
  const [before, after] = names.map((name): TypeModel => ({ kind: 'ref', name }))
  return compareTypes(before!, after!, { ...types, isOpen })
    .map(({ kind, path, text }) => change(BREAKS[direction][kind], `${where} ${path}`.trimEnd(), text))
}

function routeChanges (versions: Versions): Change[] {
  const { old, now } = versions
  const route = 'route'
  const [was, is] = [old.route, now.route]
  return [
    ...(old.url === now.url ? [] : [change('all', route, `${old.url} became ${now.url}`)]),
    ...(JSON.stringify(old.envelope) === JSON.stringify(now.envelope)
      ? []
      : [change('all', 'envelope', `${JSON.stringify(old.envelope)} became ${JSON.stringify(now.envelope)}`)]),
    ...handshakeChanges(versions, 'params'),
    ...handshakeChanges(versions, 'query'),
    ...lowered(old.limits.maxPayload, now.limits.maxPayload, 'limits', 'bytes of a frame'),
    ...lowered(old.limits.depth, now.limits.depth, 'limits', 'levels of a frame'),
    ...lowered(old.limits.nodes, now.limits.nodes, 'limits', 'values of a frame'),
    ...(was === undefined || is === undefined
      ? []
      : [
          ...(was.public === is.public
            ? []
            : [change(is.public ? 'new clients' : 'old clients', route, is.public ? 'is public' : 'is not public')]),
          ...amount(was.rate, is.rate, route, 'messages per second'),
          ...amount(was.burst, is.burst, route, 'messages at once'),
          ...amount(was.handlerTimeout, is.handlerTimeout, route, 'ms of a handler'),
          ...budgetChanges(was, is),
          ...versionChanges(was, is, now.fingerprint),
        ]),
  ]
}

/** Budgets of the application's own. What is decided for each connection may be less than it was. */
function budgetChanges ({ budgets: before = [] }: RouteModel, { budgets: after = [] }: RouteModel): Change[] {
  return after.flatMap(({ name, rate, burst }) => {
    const was = before.find(budget => budget.name === name)
    if (was === undefined) return [change('old clients', 'route', `has the budget ${name} now`)]
    const compare = (old: number | undefined, now: number | undefined, unit: string): Change[] => {
      if (old !== undefined && now !== undefined) return amount(old, now, 'route', `${unit} of the budget ${name}`)
      return old === now ? [] : [change('old clients', 'route', `decides the ${unit} of the budget ${name} otherwise`)]
    }
    return [...compare(was.rate, rate, 'messages per second'), ...compare(was.burst, burst, 'messages at once')]
  })
}

/** Older contracts that are not served any more. */
function versionChanges (was: RouteModel, is: RouteModel, fingerprint: string): Change[] {
  const served = [fingerprint, ...(is.versions ?? []).map(version => version.fingerprint)]
  return (was.versions ?? []).filter(version => !served.includes(version.fingerprint))
    .map(version => change('old clients', 'route', `${version.fingerprint} is not served any more`))
}

/** Path parameters and the query string are sent by clients. */
function handshakeChanges (versions: Versions, part: 'params' | 'query'): Change[] {
  const { old: { [part]: before }, now: { [part]: after }, types } = versions
  if (before !== undefined && after !== undefined) return payload(versions, [before, after], 'inbound', part, CLOSED)
  if (after !== undefined) {
    const needs = hasRequired({ kind: 'ref', name: after }, types.after)
    return [change(needs ? 'old clients' : 'new clients', part, 'is checked now')]
  }
  return before === undefined ? [] : [change('nobody', part, 'is not checked any more')]
}

/** What is said of an entry that is gone, and of one that is new. */
const WORDS = {
  inbound: ['removed', 'added'],
  outbound: ['removed: clients wait for it in vain', 'added: an old server never sends it'],
  call: ['removed', 'added'],
} as const

/** Entries that only one side has; `compare` is asked about those that both have. */
function entryChanges<E extends { readonly type: string }> (
  kind: keyof typeof WORDS, old: readonly E[], now: readonly E[], compare: (was: E, is: E, where: string) => Change[]
): Change[] {
  const [had, has] = [old, now].map(entries => new Map(entries.map(entry => [entry.type, entry])))
  const [removed, added] = WORDS[kind]
  return [
    ...old.flatMap(was => {
      const where = `${kind} ${was.type}`
      const is = has!.get(was.type)
      return is === undefined ? [change('old clients', where, removed)] : compare(was, is, where)
    }),
    ...now.filter(({ type }) => !had!.has(type)).map(({ type }) => change('new clients', `${kind} ${type}`, added)),
  ]
}

/** A message of either direction. */
function messageChanges (
  versions: Versions, direction: Direction, was: OutboundModel, is: OutboundModel, where: string,
  isOpen: Sides['isOpen']
): Change[] {
  if (was.binary !== is.binary) return [change('all', where, is.binary ? 'is binary now' : 'is binary no more')]
  return payload(versions, [was.payload, is.payload], direction, where, isOpen)
}

const inboundChanges = (versions: Versions, was: InboundModel, is: InboundModel, where: string): Change[] => [
  ...ruleChanges(was, is, where),
  ...messageChanges(versions, 'inbound', was, is, where, dropping(was, is)),
]

function outboundChanges (versions: Versions, was: OutboundModel, is: OutboundModel, where: string): Change[] {
  const isLossy = is.whenSlow !== undefined && JSON.stringify(was.whenSlow) !== JSON.stringify(is.whenSlow)
  return [
    ...(isLossy ? [change('old clients', where, 'may be left out for slow readers')] : []),
    ...messageChanges(versions, 'outbound', was, is, where, IGNORED),
  ]
}

const dropping = (was: RulesModel, is: RulesModel): Sides['isOpen'] =>
  ({ before: was.unknownProperties === 'drop', after: is.unknownProperties === 'drop' })

function callChanges (versions: Versions, was: CallModel, is: CallModel, where: string): Change[] {
  const [had, has] = [was, is].map(call => new Map(call.errors.map(({ code, data }) => [code, data])))
  return [
    ...ruleChanges(was, is, where),
    ...payload(versions, [was.request, is.request], 'inbound', `${where} request`, dropping(was, is)),
    ...payload(versions, [was.reply, is.reply], 'outbound', `${where} reply`, IGNORED),
    // A client has to take codes that it does not know anyway: those of the protocol.
    ...without(had!, has!).map(code => change('nobody', `${where} error ${code}`, 'removed')),
    ...without(has!, had!).map(code => change('nobody', `${where} error ${code}`, 'added')),
    ...[...had!].flatMap(([code, data]) => has!.has(code)
      ? payload(versions, [data, has!.get(code)!], 'outbound', `${where} error ${code}`, IGNORED)
      : []),
  ]
}

/** Keys of the one that the other has not. */
const without = (one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): string[] =>
  [...one.keys()].filter(key => !other.has(key))

function ruleChanges (was: RulesModel, is: RulesModel, where: string): Change[] {
  const gone = was.roles.filter(role => !is.roles.includes(role))
  const come = is.roles.filter(role => !was.roles.includes(role))
  // Without roles anybody may.
  const isNarrower = is.roles.length > 0 && (was.roles.length === 0 || gone.length > 0)
  const isWider = was.roles.length > 0 && (is.roles.length === 0 || come.length > 0)
  const roles = `roles ${was.roles.join(', ') || '(none)'} became ${is.roles.join(', ') || '(none)'}`
  const drops = is.unknownProperties === 'drop'
  return [
    ...(isNarrower ? [change('old clients', where, roles)] : []),
    ...(isWider ? [change('new clients', where, roles)] : []),
    ...(was.cost === is.cost
      ? []
      : [change(is.cost > was.cost ? 'old clients' : 'new clients', where, `cost ${was.cost} became ${is.cost}`)]),
    ...(was.deadline === undefined || is.deadline === undefined
      ? []
      : amount(was.deadline, is.deadline, where, 'ms of deadline')),
    ...(was.unknownProperties === is.unknownProperties
      ? []
      : [drops
          ? change('new clients', where, 'undeclared properties are dropped now')
          : change('old clients', where, 'undeclared properties are refused now')]),
  ]
}

/** Less of what clients may have breaks those in use; more, those of the next release on an old server. */
function amount (was: number, is: number, where: string, unit: string): Change[] {
  if (was === is) return []
  return [change(is < was ? 'old clients' : 'new clients', where, `${was} ${unit} became ${is}`)]
}

/** More is told by the type that needs it. */
const lowered = (was: number, is: number, where: string, unit: string): Change[] =>
  is < was ? amount(was, is, where, unit) : []
