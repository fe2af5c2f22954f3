import type { FastifyInstance } from 'fastify'

// Tested in test/foreign/hook-order.test.ts and test/foreign/trust-proxy.test.ts.

/**
 * What Fastify keeps to itself of an instance, by the description of its symbol: the instance's own, or what it
 * inherits from the scopes around it. Undefined where this version of Fastify has no such symbol.
 */
export function memberOf (instance: FastifyInstance, description: string): unknown {
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const key = Object.getOwnPropertySymbols(at).find(symbol => symbol.description === description)
    if (key !== undefined) return (instance as unknown as Record<symbol, unknown>)[key]
  }
  return undefined
}
