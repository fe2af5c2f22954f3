import type {
  CallModel, ContractModel, DefinitionModel, InboundModel, OutboundModel, RulesModel, TypeModel,
} from '../../types/model.js'
import type { Kind, TypeChange } from './diff-bounds.js'
import { compareTypes, type Sides, typesOf } from './diff-types.js'

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
  const changes = [
    ...routeChanges(old, now),
    ...inboundChanges(old, now),
    ...outboundChanges(old, now),
    ...callChanges(old, now),
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

const told = (changes: readonly TypeChange[], direction: Direction, where: string): Change[] =>
  changes.map(({ kind, path, text }) => change(BREAKS[direction][kind], `${where} ${path}`.trimEnd(), text))

const change = (breaks: Broken, where: string, what: string): Change => ({ breaks, where, what })

function payload (
  old: ContractModel, now: ContractModel, names: readonly [string, string], direction: Direction, where: string,
  isOpen: Sides['isOpen'] = { before: false, after: false }
): Change[] {
  const sides: Sides = { before: typesOf(old.types), after: typesOf(now.types), isOpen }
  const [before, after] = names.map((name): TypeModel => ({ kind: 'ref', name }))
  return told(compareTypes(before!, after!, sides), direction, where)
}

function routeChanges (old: ContractModel, now: ContractModel): Change[] {
  const route = 'route'
  const [was, is] = [old.route, now.route]
  return [
    ...(old.url === now.url ? [] : [change('all', route, `${old.url} became ${now.url}`)]),
    ...(JSON.stringify(old.envelope) === JSON.stringify(now.envelope)
      ? []
      : [change('all', 'envelope', `${JSON.stringify(old.envelope)} became ${JSON.stringify(now.envelope)}`)]),
    ...handshakeChanges(old, now, 'params'),
    ...handshakeChanges(old, now, 'query'),
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
        ]),
  ]
}

/** Path parameters and the query string are sent by clients. */
function handshakeChanges (old: ContractModel, now: ContractModel, part: 'params' | 'query'): Change[] {
  const [before, after] = [old[part], now[part]]
  if (before !== undefined && after !== undefined) return payload(old, now, [before, after], 'inbound', part)
  if (after !== undefined) {
    const type = typesOf(now.types).get(after) as DefinitionModel
    const needs = type.kind === 'object' && type.properties.some(property => property.required)
    return [change(needs ? 'old clients' : 'new clients', part, 'is checked now')]
  }
  return before === undefined ? [] : [change('nobody', part, 'is not checked any more')]
}

/** Pairs of entries by their type, and those that only one side has. */
function pairs<E extends { readonly type: string }> (old: readonly E[], now: readonly E[]): Pairs<E> {
  const [had, has] = [old, now].map(entries => new Map(entries.map(entry => [entry.type, entry])))
  return {
    removed: old.filter(({ type }) => !has!.has(type)),
    added: now.filter(({ type }) => !had!.has(type)),
    kept: old.flatMap((entry): (readonly [E, E])[] => {
      const other = has!.get(entry.type)
      return other === undefined ? [] : [[entry, other]]
    }),
  }
}

interface Pairs<E> {
  readonly removed: readonly E[]
  readonly added: readonly E[]
  readonly kept: readonly (readonly [E, E])[]
}

function inboundChanges (old: ContractModel, now: ContractModel): Change[] {
  const { removed, added, kept } = pairs<InboundModel>(old.inbound, now.inbound)
  return [
    ...removed.map(({ type }) => change('old clients', `inbound ${type}`, 'removed')),
    ...added.map(({ type }) => change('new clients', `inbound ${type}`, 'added')),
    ...kept.flatMap(([was, is]) => {
      const where = `inbound ${was.type}`
      if (was.binary !== is.binary) return [change('all', where, is.binary ? 'is binary now' : 'is binary no more')]
      return [
        ...ruleChanges(was, is, where),
        ...payload(old, now, [was.payload, is.payload], 'inbound', where, dropping(was, is)),
      ]
    }),
  ]
}

function outboundChanges (old: ContractModel, now: ContractModel): Change[] {
  const { removed, added, kept } = pairs<OutboundModel>(old.outbound, now.outbound)
  return [
    ...removed.map(({ type }) => change('old clients', `outbound ${type}`, 'removed: clients wait for it in vain')),
    ...added.map(({ type }) => change('new clients', `outbound ${type}`, 'added: an old server never sends it')),
    ...kept.flatMap(([was, is]) => {
      const where = `outbound ${was.type}`
      if (was.binary !== is.binary) return [change('all', where, is.binary ? 'is binary now' : 'is binary no more')]
      const isLossy = is.whenSlow !== undefined && JSON.stringify(was.whenSlow) !== JSON.stringify(is.whenSlow)
      return [
        ...(isLossy ? [change('old clients', where, 'may be left out for slow readers')] : []),
        ...payload(old, now, [was.payload, is.payload], 'outbound', where, IGNORED),
      ]
    }),
  ]
}

/** Clients pass over properties that they don't know. */
const IGNORED = { before: true, after: true }

const dropping = (was: RulesModel, is: RulesModel): Sides['isOpen'] =>
  ({ before: was.unknownProperties === 'drop', after: is.unknownProperties === 'drop' })

function callChanges (old: ContractModel, now: ContractModel): Change[] {
  const { removed, added, kept } = pairs<CallModel>(old.calls, now.calls)
  return [
    ...removed.map(({ type }) => change('old clients', `call ${type}`, 'removed')),
    ...added.map(({ type }) => change('new clients', `call ${type}`, 'added')),
    ...kept.flatMap(([was, is]) => {
      const where = `call ${was.type}`
      const codes = (call: CallModel): Map<string, string> => new Map(call.errors.map(({ code, data }) => [code, data]))
      const [had, has] = [codes(was), codes(is)]
      return [
        ...ruleChanges(was, is, where),
        ...payload(old, now, [was.request, is.request], 'inbound', `${where} request`, dropping(was, is)),
        ...payload(old, now, [was.reply, is.reply], 'outbound', `${where} reply`, IGNORED),
        // A client has to take codes that it does not know anyway: those of the protocol.
        ...without(had, has).map(code => change('nobody', `${where} error ${code}`, 'removed')),
        ...without(has, had).map(code => change('nobody', `${where} error ${code}`, 'added')),
        ...[...had].flatMap(([code, data]) => has.has(code)
          ? payload(old, now, [data, has.get(code)!], 'outbound', `${where} error ${code}`, IGNORED)
          : []),
      ]
    }),
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
