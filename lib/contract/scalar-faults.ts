import type { Blamed } from './inbound/sanitizer.js'
import { plainString } from './text/rules.js'
import type { NumberNode, StringNode } from './tree/nodes.js'

// Tested in test/contract/accept.test.ts and test/contract/serializer.test.ts.

export type Problem =
  | 'kind' | 'constant' | 'tag' | 'forms' | 'few' | 'many' | 'unique' | 'contains' | 'small' | 'large' | 'multiple'
  | 'short' | 'long' | 'characters' | 'format' | 'undeclared' | 'name' | 'levels' | 'getter' | 'threw'

/** `isOurs`: it need not be exact. */
export function numberProblem (node: NumberNode, value: unknown, isOurs: boolean): Problem | null {
  const isInteger = isOurs ? Number.isInteger : Number.isSafeInteger
  if (!(node.integer ? isInteger : Number.isFinite)(value)) return 'kind'
  const number = value as number
  if (number > node.max || number >= node.below) return 'large'
  if (number < node.min || number <= node.above) return 'small'
  return node.multipleOf === 0 || number % node.multipleOf === 0 ? null : 'multiple'
}

/** `blamed`: what text policies refused of what a peer sent; none of them is asked a second time. Null: it is ours. */
export function stringProblem (node: StringNode, given: string, blamed: readonly Blamed[] | null): Problem | null {
  const { policy, pattern, format, min, max } = node
  let value: string | undefined = given
  if (blamed === null) {
    if (policy !== null) value = given.length > policy.rawMax ? undefined : policy.apply(given)
    if (value === undefined) return 'characters'
  } else {
    if (given.length > (policy?.rawMax ?? max)) return 'long'
    const repairs = policy?.spec.clean === true
    if (!repairs && given.length < min) return 'short'
    const isBlamed = blamed.some(one => one.node === node && one.value === given)
    if (policy === null ? !plainString(given) : isBlamed) return 'characters'
    // of what a policy makes of it only the policy knows
    if (repairs) return null
  }
  if (value.length < min) return 'short'
  if (value.length > max) return 'long'
  return pattern?.test(value) === false || format?.test(value) === false ? 'format' : null
}
