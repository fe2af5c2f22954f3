import type { Issue } from '../../../types/contract.js'
import { findFaults, type Fault } from '../faults.js'
import type { Problem } from '../scalar-faults.js'
import type { SchemaTree } from '../tree/nodes.js'
import type { Blamed } from './sanitizer.js'

// Tested in test/contract/accept.test.ts.

// Why a payload was refused, for the peer: where and what was expected, never a value, a bound, a pattern or the
// schema, nor a name that the contract doesn't declare.

/**
 * Says why a payload that was just refused does not fit; `blamed` is what text policies refused of it. At most 8
 * issues, one at least. Never throws.
 */
export function explain (tree: SchemaTree, value: unknown, blamed: readonly Blamed[]): Issue[] {
  const faults = findFaults(tree, value, blamed)
  if (faults.length === 0) return [{ path: '', message: UNKNOWN }]
  return faults.map(fault => ({ path: fault.path, message: messageOf(fault) }))
}

const UNKNOWN = 'expected what the contract declares'

const MESSAGES: { readonly [problem in Exclude<Problem, 'kind' | 'constant' | 'few' | 'many'>]: string } = {
  tag: 'expected one of the declared constants',
  forms: 'expected one of the declared forms',
  unique: 'expected unique items',
  contains: UNKNOWN,
  small: 'expected a larger number',
  large: 'expected a smaller number',
  multiple: 'expected a multiple of the declared step',
  short: 'expected a longer string',
  long: 'expected a shorter string',
  characters: 'expected text without forbidden characters',
  format: 'expected the declared format',
  undeclared: 'unexpected property',
  name: 'expected a property name that is allowed',
  levels: 'expected fewer levels',
  getter: UNKNOWN,
  threw: UNKNOWN,
}

/** Kinds that peers know by another name. */
const KINDS: { readonly [kind: string]: string } = {
  any: 'plain JSON without forbidden names', bytes: 'bytes of the declared length', tuple: 'array',
}

function messageOf ({ path, problem, node, value }: Fault): string {
  if (value === undefined && path !== '' && problem !== 'tag') return 'expected required property'
  switch (problem) {
    case 'kind': return `expected ${node.kind === 'number' && node.integer ? 'integer' : KINDS[node.kind] ?? node.kind}`
    case 'constant': {
      const single = node.kind === 'values' && node.values.length === 1
      return single ? 'expected the declared constant' : MESSAGES.tag
    }
    case 'few':
    case 'many': {
      if (node.kind === 'tuple') return 'expected the declared number of items'
      return `expected ${problem === 'few' ? 'more' : 'fewer'} ${node.kind === 'array' ? 'items' : 'properties'}`
    }
    default: return MESSAGES[problem]
  }
}
