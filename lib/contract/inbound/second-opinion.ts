import { Kind, Type, type TProperties, type TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { failContract } from '../../errors/contract-error.js'
import { type Node, type ObjectNode, type SchemaTree } from '../tree/nodes.js'

// Tested in test/contract/property.test.ts.

/** More values or variants than this are looked up in a map instead of compared one by one. */
export const INLINE_VALUES = 8

/** TypeBox's verdict on the sanitizer's copy. */
export type Check = (copy: unknown) => boolean

/**
 * TypeBox's own verdict on what the sanitizer made: a second opinion by other code, and the one that runs patterns
 * and formats. It is asked about the root and about each node where asking further would be wrong or slow, for which
 * the sanitizer asks when it gets there: a recursion, an open object inside of another (its compiler mixes up their
 * keys), and each variant of a union that is looked up by a tag. Such nodes are taken out of what stands around them.
 * Nothing that TypeBox sees has an `$id`: it names the functions it generates by that alone, so that two schemas of
 * one name would share one. Uniqueness and long lists of constants are decided by the sanitizer. Throws
 * WSG_ERR_CONTRACT for a schema that TypeBox does not take.
 */
export function compileChecks (tree: SchemaTree): ReadonlyMap<Node, Check> {
  const checks = new Map<Node, Check>()
  const work: Node[] = [tree.root, ...tree.definitions.values()]
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    if (checks.has(node)) continue
    const schema = new Writer(work).write(node)
    if (schema[Kind] === 'Unknown') continue
    try {
      const compiled = TypeCompiler.Compile(schema)
      checks.set(node, copy => compiled.Check(copy))
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown reason'
      failContract(tree.where, '', `TypeBox does not take the schema: ${reason}`)
    }
  }
  return checks
}

/** True for a union whose variants are told apart by a map: each is asked about by itself. */
function isLookedUp (node: Node): boolean {
  return node.kind === 'union' && node.tag !== null && node.variants.length > INLINE_VALUES
}

// Writes the schema of one node. What is to be asked about by itself goes to the list.
class Writer {
  readonly #apart: Node[]
  #open = 0

  constructor (apart: Node[]) {
    this.#apart = apart
  }

  write (node: Node): TSchema {
    switch (node.kind) {
      case 'boolean': return Type.Boolean()
      case 'values': return node.values.length > INLINE_VALUES
        ? Type.Unknown()
        : Type.Union(node.values.map(value => value === null ? Type.Null() : Type.Literal(value)))
      case 'number': return (node.integer ? Type.Integer : Type.Number)({
        ...(node.min > -Infinity && { minimum: node.min }),
        ...(node.max < Infinity && { maximum: node.max }),
        ...(node.above > -Infinity && { exclusiveMinimum: node.above }),
        ...(node.below < Infinity && { exclusiveMaximum: node.below }),
        ...(node.multipleOf > 0 && { multipleOf: node.multipleOf }),
      })
      case 'string': {
        const length = {
          ...(node.min > 0 && { minLength: node.min }), ...(node.max < Infinity && { maxLength: node.max }),
        }
        const format = node.format === null ? {} : { format: node.format.name }
        if (node.pattern === null) return Type.String({ ...length, ...format })
        const pattern = Type.RegExp(node.pattern, length)
        return node.format === null ? pattern : Type.Intersect([pattern, Type.String(format)])
      }
      case 'array': return Type.Array(this.write(node.items), {
        ...(node.min > 0 && { minItems: node.min }), ...(node.max < Infinity && { maxItems: node.max }),
      })
      case 'tuple': return Type.Tuple(node.items.map(item => this.write(item)))
      case 'object': return this.#object(node)
      case 'all': return Type.Intersect(node.parts.map(part => this.write(part)))
      case 'union': {
        if (!isLookedUp(node)) return Type.Union(node.variants.map(variant => this.write(variant)))
        this.#apart.push(...node.variants)
        return Type.Unknown()
      }
      case 'any':
      case 'ref':
      case 'bytes':
      case 'never':
      case 'not':
        return Type.Unknown()
    }
  }

  #object (node: ObjectNode): TSchema {
    if (node.extra !== null && this.#open > 0) {
      this.#apart.push(node)
      return Type.Unknown()
    }
    const properties: TProperties = {}
    for (const { name, required, node: inner } of node.properties) {
      const schema = this.write(inner)
      properties[name] = required ? schema : Type.Optional(schema)
    }
    const counts = {
      ...(node.min > 0 && { minProperties: node.min }), ...(node.max < Infinity && { maxProperties: node.max }),
    }
    if (node.extra === null) return Type.Object(properties, counts)
    this.#open++
    const extra = this.write(node.extra)
    this.#open--
    if (node.extraNames === null) return Type.Object(properties, { ...counts, additionalProperties: extra })
    return Type.Record(Type.RegExp(node.extraNames), extra, counts)
  }
}
