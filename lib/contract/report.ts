import type { CompiledContract } from '../../types/contract.js'
import type { Estimate } from './cost.js'
import { PAYLOAD_DEFAULT } from './limits.js'

// Tested in test/contract/compile.test.ts.

/** One line of the table. `bytes` is infinite where only maxPayload bounds the message. */
export interface ReportRow {
  readonly type: string
  readonly kind: 'message' | 'call' | 'binary'
  readonly bytes: number
  readonly roles: readonly string[] | null
  readonly cost: number
  readonly estimate: Estimate
}

/** What the compiler derived, for the boot log and for `guard report`. Plain text, no values of any message. */
export function writeReport (contract: Omit<CompiledContract, 'report'>, rows: readonly ReportRow[]): string {
  const { limits } = contract
  const head = ['inbound', 'kind', 'bytes at most', 'roles', 'cost']
  const cells = rows.map(({ type, kind, bytes, roles, cost }) =>
    [type, kind, Number.isFinite(bytes) ? String(bytes) : 'maxPayload', roles?.join(' ') ?? '-', String(cost)])
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
    `  outbound: ${[...contract.outbound.keys()].join(', ') || '-'}`,
  ].join('\n')
}

function costlyLines ({ type, cost, estimate: { fields, suggested } }: ReportRow): string[] {
  if (suggested === null || suggested <= cost) return []
  const shown = fields.slice(0, 3).map(({ path, policy, ns }) =>
    `${path || 'the payload'} (${policy}, up to ${Math.ceil(ns / 1e6)} ms)`)
  const what = shown.length === 0 ? 'its texts together' : shown.join(', ')
  return [`  costly: ${type}: ${what}; lower maxLength or maxItems, or give it cost: ${suggested}`]
}
