import type { TSchema } from '@sinclair/typebox'
import { failContract } from '../../errors/contract-error.js'
import type { Use } from '../parts.js'
import type { TextAdapters } from '../text/policy.js'
import type { Node, RefNode } from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

/** What one read of one schema carries along. */
export interface Context extends Required<Use> {
  readonly adapters: TextAdapters
  /** Built with typebox 1.x. */
  readonly isOf1: boolean
  /** Recursive definitions; null while one is being read. */
  readonly definitions: Map<string, Node | null>
  /** Parts of a node, those it shares counted at every place. */
  readonly sizeOf: (node: Node) => number
  /** Reads what stands at a place. */
  readonly read: (schema: unknown, place: Place) => Node
}

/** Where a schema stands: in the data, how deep in other schemas, and what a `$ref` in it may name. */
export class Place {
  readonly context: Context
  readonly scope: Scope
  /** JSON pointer into the data, `*` for any item. */
  readonly path: string
  readonly depth: number

  constructor (context: Context, scope = new Scope(), path = '', depth = 0) {
    this.context = context
    this.scope = scope
    this.path = path
    this.depth = depth
  }

  /** True where the peer chooses the value. */
  get isFromPeer (): boolean {
    return this.context.direction === 'inbound'
  }

  /** Throws WSG_ERR_CONTRACT for this place. */
  fail (problem: string): never {
    failContract(this.context.where, this.path, problem)
  }

  /** Refuses what a peer could send without a bound. */
  checkBound (schema: TSchema, isBounded: boolean, problem: string): void {
    if (this.isFromPeer && !isBounded && schema.unboundedOnPurpose !== true) this.fail(problem)
  }

  /** Two keywords as the limits that they are. */
  range (schema: TSchema, least: string, most: string): { readonly min: number, readonly max: number } {
    const min: number = schema[least] ?? 0
    const max: number = schema[most] ?? Infinity
    if (min > max) this.fail(`${least} ${min} is above ${most} ${max}`)
    return { min, max }
  }

  /** Reads a part of the schema; `name` is a step in the data. */
  read (schema: unknown, name?: string): Node {
    const path = name === undefined ? this.path : step(this.path, name)
    return this.context.read(schema, new Place(this.context, this.scope, path, this.depth + 1))
  }

  /** The same place, seen from another scope. */
  within (scope: Scope): Place {
    return new Place(this.context, scope, this.path, this.depth)
  }

  at (name: string): Place {
    return new Place(this.context, this.scope, step(this.path, name), this.depth)
  }
}

/** A schema that was read, or is being read. */
export interface Entry {
  /** Null while its schema is being read: who asks then has come back to it. */
  node: Node | null
  /** The name under which it can come back; null for schemas without one. */
  readonly ref: RefNode | null
  recursive: boolean
}

/**
 * Names that a `$ref` may use. Each module and each recursive type opens a scope of its own inside of the one it
 * stands in, so that two modules may use one name for different things.
 */
export class Scope {
  readonly #names: Map<string, { readonly schema: TSchema, readonly scope: Scope }>
  readonly #children = new Map<TSchema | string, Scope>()
  /** By schema: what stands at two places is read once. */
  readonly entries = new Map<TSchema, Entry>()

  constructor (outer?: Scope) {
    this.#names = new Map(outer === undefined ? [] : outer.#names)
  }

  /** The scope inside this one that has these names as well. The same for an equal `key`. */
  inside (key: TSchema | string, names: Iterable<readonly [string, TSchema]>): Scope {
    let scope = this.#children.get(key)
    if (scope === undefined) {
      scope = new Scope(this)
      for (const [name, schema] of names) scope.#names.set(name, { schema, scope })
      this.#children.set(key, scope)
    }
    return scope
  }

  get names (): Iterable<string> {
    return this.#names.keys()
  }

  find (name: string): { readonly schema: TSchema, readonly scope: Scope } | undefined {
    return this.#names.get(name)
  }
}

/** One more step of a JSON pointer (RFC 6901, section 3). */
export function step (path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
