import type { WsText } from '../text/spec.js'

// Tested in test/contract/property.test.ts.

/**
 * The one tree a schema is read into (`read.ts`), and the only thing back ends know of it.
 *
 * A back end is a function of the tree: a `switch (node.kind)` that says what it makes of each kind and calls itself
 * for `partsOf` a node, so that a new kind is a type error wherever it is forgotten. It never looks at a TypeBox
 * schema, never repeats a boot check (the reader has refused what can't be judged or written), and keeps what it
 * makes of a node in a map of its own, because nodes are shared: the same schema at two places is one node. A `ref`
 * is where a recursion comes back; its definition is written once, under its name. Names and constants are the
 * contract's own text: what writes source code passes them through `JSON.stringify` and hands everything else in
 * beside the source.
 *
 * Back ends: `inbound/sanitizer.ts` and `outbound/serializer.ts`, both written by `code/`; `inbound/url-values.ts`,
 * `faults.ts` (why a value was refused, either way), `limits.ts`, `cost.ts`, `tree/canonical-text.ts` (fingerprint),
 * and `lib/model/model-types.ts` (what clients are generated of).
 *
 * There is one spelling of "no limit": lengths and counts from 0 to Infinity, numbers from -Infinity to Infinity.
 */
export interface SchemaTree {
  /** Contract and message, for errors: `contract "chat", inbound "say"`. */
  readonly where: string
  readonly root: Node
  /** What a `ref` names. Only recursive definitions are here; all others stand in their places. */
  readonly definitions: ReadonlyMap<string, Node>
}

export type Node =
  | AnyNode | NeverNode | BooleanNode | ValuesNode | NumberNode | StringNode | BytesNode
  | ArrayNode | TupleNode | ObjectNode | UnionNode | AllNode | NotNode | RefNode

/** What is written beside a schema for people and generators. Nothing of it is checked. */
export interface Notes {
  readonly title?: string
  readonly description?: string
  readonly examples?: unknown
  readonly default?: unknown
  readonly deprecated?: boolean
  readonly readOnly?: boolean
  readonly writeOnly?: boolean
}

interface Noted {
  /** The name the schema has in its module, or its `$id`. Not unique. */
  readonly name?: string
  readonly notes?: Notes
}

/** Any JSON value, to a depth of MAX_ANY_DEPTH from a peer. */
export interface AnyNode extends Noted { readonly kind: 'any' }
/** Nothing. Outbound only. */
export interface NeverNode extends Noted { readonly kind: 'never' }
export interface BooleanNode extends Noted { readonly kind: 'boolean' }

export type Constant = string | number | boolean | null
/** Exactly one of these values: literals, enums, null. */
export interface ValuesNode extends Noted { readonly kind: 'values', readonly values: readonly Constant[] }

/** A finite number; integers from a peer are safe integers. */
export interface NumberNode extends Noted {
  readonly kind: 'number'
  readonly integer: boolean
  readonly min: number
  readonly max: number
  readonly above: number
  readonly below: number
  /** 0: none. */
  readonly multipleOf: number
}

/** Lengths are UTF-16 units of the value that is delivered, as TypeBox counts them. */
export interface StringNode extends Noted {
  readonly kind: 'string'
  readonly min: number
  readonly max: number
  readonly pattern: RegExp | null
  /** `test` asks TypeBox's registry at each use: an application may register a stricter meaning later. */
  readonly format: { readonly name: string, readonly test: (value: string) => boolean } | null
  /** The field's text policy. Null: from a peer well-formed and without NUL, ours as it is. */
  readonly policy: PolicyPart | null
}

export interface PolicyPart {
  readonly spec: WsText
  /** The value to deliver, or undefined when it is refused. Never throws. */
  readonly apply: (value: string) => string | undefined
  /** Units the value may have before the policy repairs it; equals `max` where the policy only refuses. */
  readonly rawMax: number
  /** Printable ASCII of the field's length is delivered as it came, so that nobody need ask. */
  readonly takesAscii: boolean
}

/** A binary frame. Only ever a root. */
export interface BytesNode extends Noted { readonly kind: 'bytes', readonly min: number, readonly max: number }

export interface ArrayNode extends Noted {
  readonly kind: 'array'
  readonly items: Node
  readonly min: number
  readonly max: number
  /** No two items are the same JSON value. */
  readonly unique: boolean
  /** How many items have to fit `node`. Outbound only. */
  readonly contains: { readonly node: Node, readonly min: number, readonly max: number } | null
}

export interface TupleNode extends Noted { readonly kind: 'tuple', readonly items: readonly Node[] }

export interface Property {
  readonly name: string
  readonly node: Node
  readonly required: boolean
}

export interface ObjectNode extends Noted {
  readonly kind: 'object'
  readonly properties: readonly Property[]
  /** What a property that isn't declared holds; null where there can be none. */
  readonly extra: Node | null
  /** Names of such properties match; null: any. */
  readonly extraNames: RegExp | null
  /** What becomes of properties from a peer that are neither declared nor `extra`. */
  readonly unknown: 'refuse' | 'drop'
  /** Own properties at least and at most. */
  readonly min: number
  readonly max: number
  /** Keys of a flat envelope that stand beside the payload and are no part of it. */
  readonly beside: readonly string[]
}

/** Any of the variants. Constants are one variant, and no variant is a union itself. */
export interface UnionNode extends Noted {
  readonly kind: 'union'
  readonly variants: readonly Node[]
  /** The property that tells objects apart: its values in each variant, null for variants that don't have it. */
  readonly tag: Tag | null
}

export interface Tag {
  readonly name: string
  readonly values: readonly (readonly Constant[] | null)[]
}

/** Scalars that several schemas describe at once: all must accept. The first one is no `not`. */
export interface AllNode extends Noted { readonly kind: 'all', readonly parts: readonly Node[] }
/** What `node` refuses. Outbound only, in `all`. */
export interface NotNode extends Noted { readonly kind: 'not', readonly node: Node }
/** A recursion: names an entry of `SchemaTree.definitions`. */
export interface RefNode extends Noted { readonly kind: 'ref', readonly name: string }

/** Nested recursions a value may have. Enough for a thread of comments, far from the stack's end. */
export const MAX_RECURSION = 32

/** Levels inside `Any` and `Unknown`, and inside what is ignored or dropped. */
export const MAX_ANY_DEPTH = 16

/** UTF-16 units of a name that the peer chooses (records, open objects). */
export const MAX_NAME_LENGTH = 128

/** The nodes directly inside a node; references are not followed. */
export function partsOf (node: Node): readonly Node[] {
  switch (node.kind) {
    case 'array': return node.contains === null ? [node.items] : [node.items, node.contains.node]
    case 'tuple': return node.items
    case 'union': return node.variants
    case 'all': return node.parts
    case 'not': return [node.node]
    case 'object': {
      const declared = node.properties.map(property => property.node)
      return node.extra === null ? declared : [...declared, node.extra]
    }
    default: return []
  }
}

/** What is told of each node, once: the same schema at two places is one node. `again` asks for another node. */
export function perNode<V> (tell: (node: Node, again: (node: Node) => V) => V): (node: Node) => V {
  const known = new Map<Node, V>()
  const again = (node: Node): V => {
    let told = known.get(node)
    if (told === undefined) known.set(node, told = tell(node, again))
    return told
  }
  return again
}

/** True for what holds other values: an object, a list, or anything. */
export function isContainer (node: Node, definitions: ReadonlyMap<string, Node>): boolean {
  const kind = resolve(node, definitions)?.kind
  return kind === 'object' || kind === 'array' || kind === 'tuple' || kind === 'any' || kind === 'union'
}

/** All that a node may be: variants of unions, references followed. */
export function formsOf (node: Node, definitions: ReadonlyMap<string, Node>): readonly Node[] {
  const target = resolve(node, definitions)!
  return target.kind === 'union' ? target.variants.flatMap(variant => formsOf(variant, definitions)) : [target]
}

/** What a node stands for: the definition of a reference. */
export function resolve (node: Node, definitions: ReadonlyMap<string, Node | null>): Node | undefined {
  const seen = new Set<string>()
  let target: Node | null | undefined = node
  while (target?.kind === 'ref') {
    if (seen.has(target.name)) return undefined
    seen.add(target.name)
    target = definitions.get(target.name)
  }
  return target ?? undefined
}
