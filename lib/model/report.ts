import type { ContractModel, OutboundModel, RulesModel, VersionModel } from '../../types/model.js'
import { tokensFor } from '../contract/cost.js'
import { DEFAULT_RATE } from '../contract/default-rate.js'
import { PAYLOAD_DEFAULT } from '../contract/limits.js'
import { budgetText } from './budget-text.js'

/**
 * What a compiled contract costs and allows, as lines: the largest frame of each message, its roles and its price,
 * fields that are dear to judge, and what a socket may send per second at most. No values of any message.
 */
export function report (model: ContractModel): readonly string[] {
  const { limits, route } = model
  const { rate, burst } = route ?? DEFAULT_RATE
  const incoming = [
    ...model.inbound.map(message => ({ ...message, kind: message.binary ? 'binary' : 'message' })),
    ...model.calls.map(call => ({ ...call, kind: 'call' })),
  ]
  const rows = incoming.map(message => [
    message.type,
    message.kind,
    message.maxBytes === undefined ? `maxPayload (${limits.maxPayload})` : String(message.maxBytes),
    message.roles.join(' ') || '-',
    String(message.cost),
    perSecond(message, rate),
    message.deadline === undefined ? '-' : String(message.deadline),
    message.unknownProperties,
  ])
  const heaviest = Math.max(0, ...incoming.map(({ maxBytes = limits.maxPayload, cost }) => maxBytes * rate / cost))
  const large = limits.maxPayload > PAYLOAD_DEFAULT
    ? ` (above the usual ${PAYLOAD_DEFAULT}: lower maxLength or maxItems of the largest message)`
    : ''
  const access = route === undefined ? '' : route.public ? ', public' : ', authenticated'
  return [
    `${model.name} ${model.url} ${model.fingerprint}${access}`,
    `  a frame: at most ${limits.maxPayload} bytes${large}, ${limits.depth} levels, ${limits.nodes} values`,
    `  a socket: ${rate} tokens per second, ${burst} saved up${route === undefined ? ' (the defaults)' : ''}; ` +
      `at most ${Math.ceil(heaviest)} bytes per second that are handled`,
    ...(route?.budgets ?? []).map(budget => `  all that share "${budget.name}": ${budgetText(budget, 'tokens')}`),
    ...(rows.length === 0 ? ['  nothing comes in'] : table([HEAD, ...rows])),
    ...incoming.flatMap(message => costlyLine(message, burst)),
    ...model.outbound.map(message => `  sends ${message.type}; a slow reader ${slowText(message)}`),
    ...(route?.versions ?? []).map(older),
  ]
}

function slowText ({ whenSlow }: OutboundModel): string {
  if (whenSlow === undefined) return 'is closed 1013'
  return whenSlow === 'drop' ? 'misses some' : `gets the latest by ${whenSlow.latest}`
}

function costlyLine ({ type, cost, costly = [] }: RulesModel & { readonly type: string }, burst: number): string[] {
  const fair = tokensFor(costly, burst)
  if (fair === 1) return []
  const fields = costly.slice(0, 3).map(({ path, policy, ns }) =>
    `${path || 'the payload'} (${policy}, up to ${Math.ceil(ns / 1e6)} ms)`)
  const advice = cost < fair ? `its cost ${cost} pays for less: ${fair} would be fair` : `it costs ${cost}`
  return [`  costly: ${type}: ${fields.join(', ')}; ${advice}; lower maxLength or maxItems`]
}

/** Rates, roles and costs are those of the route's contract; what a frame may be is the older one's own. */
function older ({ name, fingerprint, limits, adapted, gone }: VersionModel): string {
  const named = (what: string, types: readonly string[]): string =>
    types.length === 0 ? '' : `; ${what} ${types.join(', ')}`
  return `  also serves ${name} ${fingerprint}, a frame at most ${limits.maxPayload} bytes, ${limits.depth} levels, ` +
    `${limits.nodes} values${named('adapts', adapted)}${named('gone', gone)}`
}

const HEAD = ['inbound', 'kind', 'bytes at most', 'roles', 'cost', 'per second', 'deadline', 'undeclared']

const perSecond = ({ cost }: RulesModel, rate: number): string => String(Math.round(rate / cost * 100) / 100)

function table (rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
}
