import type { CompiledContract } from '../../types/contract.js'
import { PAYLOAD_DEFAULT } from './limits.js'

/** One line of the table. `bytes` is infinite where only maxPayload bounds the message. */
export interface ReportRow {
  readonly type: string
  readonly kind: 'message' | 'call' | 'binary'
  readonly bytes: number
  readonly roles: readonly string[] | null
  readonly cost: number
}

/** What the compiler derived, for the boot log and for `guard report`. Plain text, no values of any message. */
export function writeReport (contract: Omit<CompiledContract, 'report'>, rows: readonly ReportRow[]): string {
  const { limits } = contract
  const head = ['inbound', 'kind', 'bytes at most', 'roles', 'cost']
  const cells = rows.map(row => [row.type, row.kind, Number.isFinite(row.bytes) ? String(row.bytes) : 'maxPayload', row.roles?.join(' ') ?? '-', String(row.cost)])
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map(line => line[i]!.length)))
  const line = (parts: readonly string[]): string => '  ' + parts.map((part, i) => part.padEnd(widths[i]!)).join('  ').trimEnd()
  const large = limits.maxPayload > PAYLOAD_DEFAULT ? ` (above the usual ${PAYLOAD_DEFAULT}: lower maxLength or maxItems of the largest message)` : ''
  return [
    `contract ${contract.name} ${contract.url} ${contract.fingerprint}${contract.interpreted ? ' (interpreted: code generation is forbidden)' : ''}`,
    `  maxPayload ${limits.maxPayload} bytes${large}, depth ${limits.depth}, nodes ${limits.nodes}`,
    ...(rows.length === 0 ? ['  no inbound messages'] : [line(head), ...cells.map(line)]),
    `  outbound: ${[...contract.outbound.keys()].join(', ') || '-'}`,
  ].join('\n')
}
