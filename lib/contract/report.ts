import type { CompiledContract, CompiledInbound, CompiledOutbound } from '../../types/contract.js'
import type { CostlyField } from './cost.js'
import { PAYLOAD_DEFAULT } from './limits.js'

// Tested in test/contract/compile.test.ts.

/** One line of the table. */
export interface ReportRow {
  readonly inbound: CompiledInbound
  /** Infinite where only maxPayload bounds the message. */
  readonly bytes: number
  readonly costly: readonly CostlyField[]
  /** Tokens that pay for the costly fields. */
  readonly fair: number
}

/** What the compiler derived, for the boot log and for `guard report`. Plain text, no values of any message. */
export function writeReport (contract: Omit<CompiledContract, 'report'>, rows: readonly ReportRow[]): string {
  const { limits } = contract
  const head = ['inbound', 'kind', 'bytes at most', 'roles', 'cost']
  const cells = rows.map(({ inbound: { type, kind, binary, roles, cost }, bytes }) =>
    [
      type,
      binary ? 'binary' : kind,
      Number.isFinite(bytes) ? String(bytes) : 'maxPayload',
      roles?.join(' ') ?? '-',
      String(cost),
    ])
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map(line => line[i]!.length)))
  const line = (parts: readonly string[]): string =>
    '  ' + parts.map((part, i) => part.padEnd(widths[i]!)).join('  ').trimEnd()
  const large = limits.maxPayload > PAYLOAD_DEFAULT
    ? ` (above the usual ${PAYLOAD_DEFAULT}: lower maxLength or maxItems of the largest message)`
    : ''
  return [
    `contract ${contract.name} ${contract.url} ${contract.fingerprint}`,
    `  maxPayload ${limits.maxPayload} bytes${large}, depth ${limits.depth}, nodes ${limits.nodes}`,
    ...(rows.length === 0 ? ['  no inbound messages'] : [line(head), ...cells.map(line)]),
    ...rows.flatMap(costlyLines),
    `  outbound: ${[...contract.outbound.values()].map(outboundText).join(', ') || '-'}`,
  ].join('\n')
}

function outboundText ({ type, whenSlow }: CompiledOutbound): string {
  if (whenSlow === 'close') return type
  return `${type} (when slow: ${whenSlow === 'drop' ? 'dropped' : `the latest by ${whenSlow.latest}`})`
}

function costlyLines ({ inbound: { type, cost }, costly, fair }: ReportRow): string[] {
  if (fair === 1) return []
  const fields = costly.slice(0, 3).map(({ path, policy, ns }) =>
    `${path || 'the payload'} (${policy}, up to ${Math.ceil(ns / 1e6)} ms)`)
  const advice = cost < fair ? `its cost ${cost} pays for less: ${fair} would be fair` : `it costs ${cost}`
  return [`  costly: ${type}: ${fields.join(', ')}; ${advice}; lower maxLength or maxItems`]
}
