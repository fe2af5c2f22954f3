import type { Shape, ShapeTree } from './shape.js'
import { failContract } from '../../errors/contract-error.js'

/**
 * Recursion that a value could make expensive or endless. Throws WSG_ERR_CONTRACT for a definition that contains itself
 * with nothing in between, and for a union whose variants recurse and can't be told apart before they do: trying each
 * at every level is 2^depth, in TypeBox as well as here.
 */
export function checkRecursion (tree: ShapeTree, where: string): void {
  for (const [name, shape] of tree.definitions) {
    if (isBareReference(shape, tree, new Set([name]))) failContract(where, '', `the recursive type ${JSON.stringify(name)} contains itself with no object or array in between`)
  }
  const seen = new Set<Shape>()
  for (const shape of [tree.root, ...tree.definitions.values()]) checkUnions(shape, where, seen)
}

function isBareReference (shape: Shape, tree: ShapeTree, open: Set<string>): boolean {
  if (shape.kind === 'union') return shape.variants.some(variant => isBareReference(variant, tree, open))
  if (shape.kind !== 'ref') return false
  if (open.has(shape.name)) return true
  open.add(shape.name)
  const target = tree.definitions.get(shape.name)
  const bare = target !== undefined && isBareReference(target, tree, open)
  open.delete(shape.name)
  return bare
}

function checkUnions (shape: Shape, where: string, seen: Set<Shape>): void {
  if (seen.has(shape)) return
  seen.add(shape)
  if (shape.kind === 'union') {
    const recursive = shape.variants.filter(variant => holdsReference(variant))
    if (recursive.length > 1 && !(shape.tag !== null && recursive.every(variant => isToldFirst(variant, shape.tag!.name)))) {
      failContract(where, '', 'a union has several recursive variants that can not be told apart at once; ' +
        'give each a Type.Literal property of the same name, declared first')
    }
  }
  for (const inner of partsOf(shape)) checkUnions(inner, where, seen)
}

function isToldFirst (variant: Shape, tag: string): boolean {
  if (variant.kind !== 'object') return false
  const recursive = variant.properties.findIndex(property => holdsReference(property.shape))
  return recursive === -1 || variant.properties.findIndex(property => property.name === tag) < recursive
}

function holdsReference (shape: Shape): boolean {
  return shape.kind === 'ref' || partsOf(shape).some(holdsReference)
}

/** The shapes directly inside a shape; references are not followed. */
export function partsOf (shape: Shape): readonly Shape[] {
  switch (shape.kind) {
    case 'array': return [shape.items]
    case 'tuple': return shape.items
    case 'union': return shape.variants
    case 'object': {
      const declared = shape.properties.map(property => property.shape)
      return shape.extra === null ? declared : [...declared, shape.extra]
    }
    default: return []
  }
}
