import type { TSchema } from '@sinclair/typebox'
import { failContract } from '../../errors/contract-error.js'
import type { Shape } from './shape.js'
import type { TextAdapters } from '../text/policy.js'

/** `inbound` and `url` come from a peer and must be bounded; `outbound` is ours. `url`: path parameters and query string. */
export type Direction = 'inbound' | 'outbound' | 'url'

/** What one walk over one schema carries along. */
export interface WalkContext {
  /** Contract and message, for boot errors: `contract "chat", inbound "say"`. */
  readonly where: string
  readonly direction: Direction
  readonly unknown: 'refuse' | 'drop'
  readonly adapters: TextAdapters
  /** Schemas that a `$ref` may name. */
  readonly scope: Map<string, TSchema>
  /** Recursive shapes; null while one is being walked. */
  readonly definitions: Map<string, Shape | null>
  /** Definitions that were named from within themselves. */
  readonly recursive: Set<string>
  /** Schemas in each definition that was walked. */
  readonly sizes: Map<string, number>
  /** Schemas read so far. */
  readonly counter: { schemas: number }
  /** Walks a sub-schema. `path` is a JSON pointer into the data, `*` for any item. */
  readonly walk: (schema: unknown, path: string, depth: number) => Shape
}

/** True where the peer chooses the value. */
export function isFromPeer (context: WalkContext): boolean {
  return context.direction !== 'outbound'
}

/** Throws WSG_ERR_CONTRACT for a place in a schema. */
export function fail (context: WalkContext, path: string, problem: string): never {
  failContract(context.where, path, problem)
}

/** One more step of a JSON pointer (RFC 6901, section 3). */
export function step (path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
