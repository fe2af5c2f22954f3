import { failContract } from '../../errors/contract-error.js'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { formsOf, type SchemaTree } from '../tree/nodes.js'

// Tested in test/contract/when-slow.test.ts.

const SCALARS: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'values'])

/**
 * Throws WSG_ERR_CONTRACT where `whenSlow: { latest }` would not tell messages apart: it names a property that every
 * payload has, and whose value is one text, number or boolean.
 */
export function checkLatest (tree: SchemaTree, latest: string): void {
  const where = `${tree.where}.whenSlow.latest`
  for (const node of formsOf(tree.root, tree.definitions)) {
    if (node.kind !== 'object') {
      failContract(where, '', 'expected a payload that is a Type.Object; write "drop" instead')
    }
    const names = node.properties.map(({ name }) => name)
    const property = node.properties.find(({ name }) => name === latest)
    if (property === undefined) {
      failContract(where, '', `expected a property of the payload, got ${got(latest)}${didYouMean(latest, names)}`)
    }
    if (!property.required) failContract(where, '', `expected a property that is not optional, got ${got(latest)}`)
    if (!formsOf(property.node, tree.definitions).every(({ kind }) => SCALARS.has(kind))) {
      failContract(where, '', `expected a property that is a string, a number or a boolean, got ${got(latest)}`)
    }
  }
}
