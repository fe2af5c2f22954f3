/**
 * Marks a value that a contract does not accept. Compared by identity; no message can hold it, because JSON has no
 * symbols.
 */
export const REFUSED: unique symbol = Symbol.for('fastify-ws-guard.refused') as typeof REFUSED
