import { failContract } from '../../errors/contract-error.js'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { resolve, type Node, type SchemaTree } from '../tree/nodes.js'

// Tested in test/contract/when-slow.test.ts.

/**
 * Throws WSG_ERR_CONTRACT where `whenSlow: { latest }` would not tell messages apart: it names a property that every
 * payload has, and whose value is one text, number or boolean.
 */
export function checkLatest (tree: SchemaTree, latest: string): void {
  const where = `${tree.where}.whenSlow.latest`
  const visit = (given: Node): void => {
    const node = resolve(given, tree.definitions)!
    if (node.kind === 'union') return node.variants.forEach(visit)
    if (node.kind !== 'object') {
      failContract(where, '', 'expected a payload that is a Type.Object; write "drop" instead')
    }
    const names = node.properties.map(({ name }) => name)
    const property = node.properties.find(({ name }) => name === latest)
    if (property === undefined) {
      failContract(where, '', `expected a property of the payload, got ${got(latest)}${didYouMean(latest, names)}`)
    }
    if (!property.required) failContract(where, '', `expected a property that is not optional, got ${got(latest)}`)
    if (!isScalar(property.node)) {
      failContract(where, '', `expected a property that is a string, a number or a boolean, got ${got(latest)}`)
    }
  }
  const isScalar = (given: Node): boolean => {
    const node = resolve(given, tree.definitions)!
    if (node.kind === 'union') return node.variants.every(isScalar)
    return ['string', 'number', 'boolean', 'values'].includes(node.kind)
  }
  visit(tree.root)
}
