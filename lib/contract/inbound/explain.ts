import type { Issue } from '../../../types/contract.js'
import { MAX_ISSUES } from '../../protocol/envelope.js'
import { findFaults, type Fault, type Problem, type Side } from '../faults.js'
import { plainString } from '../text/rules.js'
import { MAX_RECURSION, type SchemaTree, type StringNode } from '../tree/nodes.js'
import { copyAny, isFreeName, isPlainObject } from './runtime.js'
import type { Blamed } from './sanitizer.js'

// Tested in test/contract/accept.test.ts.

// Why a payload was refused, for the peer: where and what was expected, never a value, a bound, a pattern or the
// schema, nor a name that the contract doesn't declare. Ends at the eighth issue and after so many nodes, so that
// neither 50,000 bad items nor a list of unions cost more than a short one. No text policy is asked a second time.

/** Nodes that an explanation may visit: half a millisecond. Enough for 5000 numbers, the last of which is wrong. */
const MAX_WORK = 5000

/**
 * Says why a payload that was just refused does not fit; `blamed` is what text policies refused of it. At most 8
 * issues, one at least. Never throws.
 */
export function explain (tree: SchemaTree, value: unknown, blamed: readonly Blamed[]): Issue[] {
  const faults = findFaults(tree, value, { ...THEIRS, string: (text, node) => problemOf(text, node, blamed) })
  if (faults.length === 0) return [{ path: '', message: UNKNOWN }]
  return faults.map(fault => ({ path: fault.path, message: messageOf(fault) }))
}

const THEIRS: Omit<Side, 'string'> = {
  most: MAX_ISSUES,
  work: MAX_WORK,
  levels: MAX_RECURSION,
  isAny: value => copyAny(value) !== undefined,
  isInteger: Number.isSafeInteger,
  isObject: isPlainObject,
  read: (source, name) => Object.hasOwn(source, name) ? source[name] : undefined,
  names (source, node) {
    if (node.extra === null && node.unknown === 'drop') return []
    const names: string[] = []
    // inherited names too, as the sanitizer counts them
    for (const name in source) names.push(name)
    return names
  },
  isName: (name, node) => isFreeName(name) && node.extraNames?.test(name) !== false,
  // a name that the peer chose is not repeated
  tellsNames: false,
  tellsNearest: false,
}

function problemOf (value: string, node: StringNode, blamed: readonly Blamed[]): Problem | null {
  const { policy, pattern, format } = node
  if (value.length > (policy?.rawMax ?? node.max)) return 'long'
  const repairs = policy?.spec.clean === true
  if (!repairs && value.length < node.min) return 'short'
  const refused = policy === null ? !plainString(value) : blamed.some(one => one.node === node && one.value === value)
  if (refused) return 'characters'
  // of what a policy makes of it only the policy knows
  if (repairs) return null
  return pattern?.test(value) === false || format?.test(value) === false ? 'format' : null
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

function messageOf ({ path, problem, node, value }: Fault): string {
  if (value === undefined && path !== '' && problem !== 'tag') return 'expected required property'
  switch (problem) {
    case 'kind': return kindMessage(node.kind === 'number' && node.integer ? 'integer' : node.kind)
    case 'constant': {
      const single = node.kind === 'values' && node.values.length === 1
      return single ? 'expected the declared constant' : 'expected one of the declared constants'
    }
    case 'few':
    case 'many': {
      if (node.kind === 'tuple') return 'expected the declared number of items'
      return `expected ${problem === 'few' ? 'more' : 'fewer'} ${node.kind === 'array' ? 'items' : 'properties'}`
    }
    default: return MESSAGES[problem]
  }
}

function kindMessage (kind: string): string {
  switch (kind) {
    case 'any': return 'expected plain JSON without forbidden names'
    case 'bytes': return 'expected bytes of the declared length'
    case 'tuple': return 'expected array'
    default: return `expected ${kind}`
  }
}
