import { failContract } from '../../errors/contract-error.js'
import {
  partsOf, perNode, resolve, type Constant, type Node, type SchemaTree, type Tag, type UnionNode,
} from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

/**
 * What can be seen only when all definitions are there: how unions are told apart, and recursion that no value or too
 * many ways fit. Throws WSG_ERR_CONTRACT.
 */
export function finishTree (tree: SchemaTree): SchemaTree {
  for (const [name, node] of tree.definitions) {
    if (isBareReference(node, tree, new Set([name]))) {
      failContract(tree.where, '', `the recursive type ${JSON.stringify(name)} contains itself ` +
        'with no object or array in between')
    }
  }
  const holdsReference = perNode<boolean>((node, again) => node.kind === 'ref' || partsOf(node).some(again))
  for (const node of nodesOf(tree)) {
    if (node.kind !== 'union') continue
    // the one write to a node: it can't be made before its variants are
    ;(node as { tag: Tag | null }).tag = findTag(node, tree)
    checkUnion(node, tree, holdsReference)
  }
  checkTried(tree)
  if (!hasValue(tree)) {
    failContract(tree.where, '', 'nothing fits this schema: each value would have to hold another one; ' +
      'expected a Type.Optional, an array or a variant where the recursion can end')
  }
  return tree
}

/** Every node of a tree, once. */
export function nodesOf (tree: SchemaTree): ReadonlySet<Node> {
  const seen = new Set<Node>()
  const visit = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    partsOf(node).forEach(visit)
  }
  for (const node of [tree.root, ...tree.definitions.values()]) visit(node)
  return seen
}

function isBareReference (node: Node, tree: SchemaTree, open: Set<string>): boolean {
  if (node.kind === 'union') return node.variants.some(variant => isBareReference(variant, tree, open))
  if (node.kind !== 'ref') return false
  if (open.has(node.name)) return true
  open.add(node.name)
  const bare = isBareReference(tree.definitions.get(node.name)!, tree, open)
  open.delete(node.name)
  return bare
}

/** The property that tells most objects apart: required there, with constants that no other variant has. */
function findTag (union: UnionNode, tree: SchemaTree): Tag | null {
  const objects = union.variants.map(variant => resolve(variant, tree.definitions))
  const names = new Set(objects.flatMap(node => node?.kind === 'object' ? node.properties.map(({ name }) => name) : []))
  let best: Tag | null = null
  let most = 1
  for (const name of names) {
    const values = objects.map(node => constantsOf(node, name))
    const all = values.flatMap(list => list ?? [])
    const tagged = values.filter(list => list !== null).length
    if (tagged <= most || new Set(all).size !== all.length) continue
    best = { name, values }
    most = tagged
  }
  return best
}

function constantsOf (node: Node | undefined, name: string): readonly Constant[] | null {
  const property = node?.kind === 'object' ? node.properties.find(candidate => candidate.name === name) : undefined
  return property?.required === true && property.node.kind === 'values' ? property.node.values : null
}

// Trying several variants at each level of a recursion is 2^depth.
function checkUnion (union: UnionNode, tree: SchemaTree, holdsReference: (node: Node) => boolean): void {
  const { variants, tag } = union
  const recursive = variants.map(holdsReference)
  for (const kind of ['object', 'array']) {
    const tried = variants.filter((variant, i) =>
      recursive[i] === true && ['other', kind].includes(jsonKind(variant, tree)))
    const told = tried.filter(variant => tag !== null && tag.values[variants.indexOf(variant)] !== null)
    if (tried.length - told.length + Math.min(1, told.length) > 1) {
      failContract(tree.where, '', 'a union has several recursive variants that can not be told apart at once; ' +
        'give each a Type.Literal property of the same name')
    }
  }
}

/** Variants that a value may be tried with: some 40 ns per byte. */
const MAX_TRIED = 32

// Unions without a tag that stand in each other multiply, where several variants have the same property: what is in
// there is read by each of them, and by all again in the next one.
function checkTried (tree: SchemaTree): void {
  const triedOf = perNode<number>((node, again) => {
    if (node.kind !== 'union') return Math.max(1, ...partsOf(node).map(again))
    const { variants, tag } = node
    const tried = variants.filter((_, i) => tag === null || tag.values[i] === null)
    const sums = new Map<string, number>()
    for (const [place, part] of tried.flatMap(placesIn)) sums.set(place, (sums.get(place) ?? 0) + again(part))
    return Math.max(tried.length, ...sums.values(), ...variants.map(again))
  })
  const most = Math.max(...[tree.root, ...tree.definitions.values()].map(triedOf))
  if (most > MAX_TRIED) {
    failContract(tree.where, '', `a value may have to be tried with ${most} variants of unions without a tag; ` +
      `expected ${MAX_TRIED} at most; give the variants a Type.Literal property of the same name`)
  }
}

/** The parts of a node by where they stand in its value. */
function placesIn (node: Node): (readonly [place: string, part: Node])[] {
  if (node.kind !== 'object') return partsOf(node).map(part => ['*', part])
  const declared = node.properties.map(({ name, node: part }) => [`/${name}`, part] as const)
  return node.extra === null ? declared : [...declared, ['*', node.extra]]
}

function jsonKind (node: Node, tree: SchemaTree): 'object' | 'array' | 'other' {
  const kind = resolve(node, tree.definitions)?.kind
  return kind === 'object' ? 'object' : kind === 'array' || kind === 'tuple' ? 'array' : 'other'
}

/** False when no finite value fits the root. */
function hasValue (tree: SchemaTree): boolean {
  const done = new Set<string>()
  const fits = (node: Node): boolean => {
    switch (node.kind) {
      case 'ref': return done.has(node.name)
      case 'array': return node.min === 0 || fits(node.items)
      case 'tuple': return node.items.every(fits)
      case 'union': return node.variants.some(fits)
      case 'object': return node.properties.every(property => !property.required || fits(property.node))
      default: return true
    }
  }
  for (let before = -1; before !== done.size;) {
    before = done.size
    for (const [name, node] of tree.definitions) if (fits(node)) done.add(name)
  }
  return fits(tree.root)
}
