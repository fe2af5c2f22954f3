import { WSG_ERR_DEPENDENCY } from '../errors/coded.js'

/**
 * Smallest versions without known holes that this plugin relies on being closed; of Node one per line that gets fixes.
 */
export const FLOORS = { fastify: '5.8.5', node: ['20.20.2', '22.22.2', '24.14.1', '25.8.2', '26.0.0'] } as const

function compare (a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('-', 1)[0]!.split('.').map(Number)) as [number[], number[]]
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Throws WSG_ERR_DEPENDENCY for a Fastify or a Node below its floor. */
export function checkVersions (fastify: string, node: string): void {
  if (compare(fastify, FLOORS.fastify) < 0) {
    throw new WSG_ERR_DEPENDENCY(`fastify: expected ${FLOORS.fastify} or later, got ${fastify} (CVE-2026-3635: ` +
      'forged X-Forwarded headers were believed)')
  }
  const newest = FLOORS.node[FLOORS.node.length - 1]!
  // A line without a floor of its own, as 21 and 23, had no release with the fixes; what comes later than all has them.
  const floor = FLOORS.node.find(version => version.split('.', 1)[0] === node.split('.', 1)[0]) ?? newest
  if (compare(node, floor) < 0) {
    throw new WSG_ERR_DEPENDENCY(`node: expected at least ${FLOORS.node.join(', ')}, got ${node} (CVE-2025-59466, ` +
      'CVE-2026-21710, CVE-2026-21717)')
  }
}
