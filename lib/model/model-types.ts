// Tested in test/model/model.test.ts and test/codegen/accepts.test.ts.

import type {
  Annotations, ArrayModel, DefinitionModel, NamedType, NotModel, NumberModel, ObjectModel, StringModel, TypeModel,
  UnionModel,
} from '../../types/model.js'
import { canonicalText } from '../contract/tree/canonical-text.js'
import { nodesOf } from '../contract/tree/finish.js'
import {
  resolve, type ArrayNode, type Node, type NumberNode, type ObjectNode, type RefNode, type SchemaTree, type StringNode,
  type UnionNode,
} from '../contract/tree/nodes.js'
import { type Names, pascalCase } from './names.js'
import { present } from './present.js'

// The trees of a contract's schemas as types of the model: one more back end of the tree.

/** A payload, and how its type is called if it has no name of its own. */
export interface Root {
  readonly tree: SchemaTree
  readonly wanted: string
}

const byText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** Types of payloads: everything that gets a name, each one once. */
export class TypeTable {
  readonly #names: Names
  readonly #nameOf = new Map<Node, string>()
  readonly #written = new Map<string, DefinitionModel>()

  /** `roots` are in an order that is not the contract's. Names of authors come first, then those of payloads. */
  constructor (names: Names, roots: readonly Root[]) {
    this.#names = names
    this.#nameOwn(roots.map(root => root.tree))
    for (const { tree, wanted } of roots) {
      const node = rootOf(tree)
      if (!this.#nameOf.has(node)) this.#nameOf.set(node, names.take(wanted))
    }
    for (const { tree } of roots) this.#write(rootOf(tree), tree)
  }

  /** Name of a payload's type. */
  nameOf (tree: SchemaTree): string {
    return this.#nameOf.get(rootOf(tree))!
  }

  all (): readonly NamedType[] {
    return [...this.#written].map(([name, type]) => ({ name, type })).sort((a, b) => byText(a.name, b.name))
  }

  /** Schemas with an `$id`: one type wherever the same one stands, and one each where different ones have one name. */
  #nameOwn (trees: readonly SchemaTree[]): void {
    const found = new Map<string, { readonly wanted: string, readonly nodes: Node[] }>()
    for (const tree of trees) {
      for (const node of nodesOf(tree)) {
        if (node.name === undefined || node.kind === 'ref') continue
        const wanted = pascalCase(node.name)
        const key = `${wanted} ${canonicalText(node, tree.definitions)}`
        const same = found.get(key)
        if (same === undefined) found.set(key, { wanted, nodes: [node] })
        else same.nodes.push(node)
      }
    }
    for (const [, { wanted, nodes }] of [...found].sort(([a], [b]) => byText(a, b))) {
      const name = this.#names.take(wanted)
      for (const node of nodes) this.#nameOf.set(node, name)
    }
  }

  /** Makes an entry of a node that has a name. */
  #write (node: Written, tree: SchemaTree): void {
    const name = this.#nameOf.get(node)!
    if (this.#written.has(name)) return
    // a recursion comes back here
    this.#written.set(name, { kind: 'any' })
    this.#written.set(name, this.#body(node, tree, name))
  }

  /** A type at its place. `wanted`: what an object there is called. */
  #type (node: Node, tree: SchemaTree, wanted: string): TypeModel {
    const target = resolved(node, tree)
    const isNamed = this.#nameOf.has(target) || target.kind === 'object' || node.kind === 'ref'
    if (!isNamed) return this.#body(target, tree, wanted) as TypeModel
    if (!this.#nameOf.has(target)) this.#nameOf.set(target, this.#names.take(wanted))
    this.#write(target, tree)
    const { examples, default: preset, ...place } = annotationsOf(node)
    return { kind: 'ref', name: this.#nameOf.get(target)!, ...place }
  }

  /** What a node is, wherever it stands. `wanted`: the name on which those of objects in it are built. */
  #body (node: Written, tree: SchemaTree, wanted: string): DefinitionModel {
    const notes = annotationsOf(node)
    switch (node.kind) {
      case 'any':
      case 'boolean':
        return { kind: node.kind, ...notes }
      case 'never': return { kind: 'values', values: [], ...notes }
      case 'values': return { kind: 'values', values: node.values, ...notes }
      case 'number': return { ...numberModel(node), ...notes }
      case 'string': return { ...stringModel(node), ...notes }
      case 'bytes':
        return { kind: 'bytes', ...present({ minBytes: some(node.min), maxBytes: limit(node.max) }), ...notes }
      case 'array': return { ...this.#array(node, tree, wanted), ...notes }
      case 'tuple': {
        const items = node.items.map((item, i) => this.#type(item, tree, `${wanted}Item${i + 1}`))
        return { kind: 'tuple', items, ...notes }
      }
      case 'union': return { ...this.#union(node, tree, wanted), ...notes }
      case 'all': return { kind: 'all', parts: node.parts.map(part => this.#part(part, tree, wanted)), ...notes }
      // only ever a part of `all`
      case 'not': return { kind: 'any', ...notes }
      case 'object': return this.#object(node, tree, wanted)
    }
  }

  #part (node: Node, tree: SchemaTree, wanted: string): TypeModel | NotModel {
    if (node.kind !== 'not') return this.#type(node, tree, wanted)
    return { kind: 'not', type: this.#type(node.node, tree, `${wanted}Not`) }
  }

  #array ({ items, min, max, unique, contains }: ArrayNode, tree: SchemaTree, wanted: string): ArrayModel {
    return {
      kind: 'array',
      items: this.#type(items, tree, `${wanted}Item`),
      ...present({
        minItems: some(min),
        maxItems: limit(max),
        uniqueItems: unique || undefined,
        contains: contains === null
          ? undefined
          : {
              type: this.#type(contains.node, tree, `${wanted}Contained`),
              min: contains.min,
              ...present({ max: limit(contains.max) }),
            },
      }),
    }
  }

  #union (node: UnionNode, tree: SchemaTree, wanted: string): UnionModel {
    const { variants, tag } = node
    const suffix = (index: number): string => {
      const values = tag?.values[index]
      const [only] = values ?? []
      return values?.length === 1 && typeof only === 'string' ? pascalCase(only) : `Option${index + 1}`
    }
    return {
      kind: 'union',
      variants: variants.map((variant, index) => this.#type(variant, tree, wanted + suffix(index))),
      ...present({ tag: tag !== null && !tag.values.includes(null) ? tag.name : undefined }),
    }
  }

  #object (node: ObjectNode, tree: SchemaTree, name: string): ObjectModel {
    const properties = [...node.properties].sort((a, b) => byText(a.name, b.name))
    return {
      kind: 'object',
      properties: properties.map(({ name: own, required, node: inner }) =>
        ({ name: own, required, type: this.#type(inner, tree, name + pascalCase(own)) })),
      ...present({
        extra: node.extra === null ? undefined : this.#type(node.extra, tree, `${name}Value`),
        extraNames: node.extraNames?.source,
        minProperties: some(node.min),
        maxProperties: limit(node.max),
      }),
      ...annotationsOf(node),
    }
  }
}

/** What is written, once: references are followed. */
type Written = Exclude<Node, RefNode>

// The reader refuses references that lead to nothing else.
const resolved = (node: Node, tree: SchemaTree): Written => resolve(node, tree.definitions) as Written
const rootOf = (tree: SchemaTree): Written => resolved(tree.root, tree)

function numberModel ({ integer, min, max, above, below, multipleOf }: NumberNode): NumberModel {
  return {
    kind: 'number',
    integer,
    ...present({
      minimum: limit(min),
      maximum: limit(max),
      exclusiveMinimum: limit(above),
      exclusiveMaximum: limit(below),
      multipleOf: some(multipleOf),
    }),
  }
}

function stringModel ({ min, max, pattern, format, policy }: StringNode): StringModel {
  const spec = policy?.spec
  return {
    kind: 'string',
    ...present({
      minLength: some(min),
      maxLength: limit(max),
      pattern: pattern === null ? undefined : { source: pattern.source, flags: pattern.flags },
      format: format?.name,
      text: spec === undefined
        ? undefined
        : {
            policy: spec.policy,
            clean: spec.clean,
            ...present({
              maxBytes: spec.maxBytes,
              maxGraphemes: spec.maxGraphemes,
              pattern: spec.pattern,
              protocols: spec.protocols === undefined ? undefined : [...spec.protocols],
            }),
          },
    }),
  }
}

function annotationsOf ({ notes = {} }: Node): Annotations {
  const { title, description, examples, default: preset, deprecated } = notes
  return present({
    title,
    description,
    examples: Array.isArray(examples) ? examples.filter(example => JSON.stringify(example) !== undefined) : undefined,
    default: JSON.stringify(preset) === undefined ? undefined : preset,
    deprecated: deprecated === true ? true as const : undefined,
  })
}

const limit = (value: number): number | undefined => Number.isFinite(value) ? value : undefined
const some = (value: number): number | undefined => value === 0 ? undefined : value
