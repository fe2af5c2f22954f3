import type { NumberNode, StringNode, ValuesNode } from '../tree/nodes.js'
import { INLINE_VALUES } from './second-opinion.js'

// The sanitizer's statements for scalars: each replaces the variable `x` by its clean value, or returns REFUSED.
// Tested in test/contract/accept.test.ts.

/** Hands a value to the generated code; the name it has there. */
type Keep = (value: unknown) => string

/** Tests that refuse what is shorter or longer, each after an `||`. */
export function length (x: string, { min, max }: { readonly min: number, readonly max: number }): string {
  return (max === Infinity ? '' : ` || ${x}.length > ${max}`) + (min === 0 ? '' : ` || ${x}.length < ${min}`)
}

export function values ({ values: list }: ValuesNode, x: string, keep: Keep): string {
  const test = list.length > INLINE_VALUES
    ? `!${keep(new Set(list))}.has(${x})`
    : list.map(value => `${x} !== ${JSON.stringify(value)}`).join(' && ')
  return `if (${test}) return REFUSED\n${list.includes(0) ? `if (${x} === 0) ${x} = 0\n` : ''}`
}

/** `full`: pattern and format as well. */
export function string (node: StringNode, x: string, full: boolean, keep: Keep): string {
  const pattern = !full || node.pattern === null ? '' : ` || !${keep(node.pattern)}.test(${x})`
  const format = !full || node.format === null ? '' : ` || !${keep(node.format.test)}(${x})`
  const { policy } = node
  if (policy === null) {
    const test = `typeof ${x} !== 'string'${length(x, node)} || !(p || plainString(${x}))${pattern}${format}`
    return `if (${test}) return REFUSED\n`
  }
  const raw = policy.rawMax === node.max ? length(x, node) : ` || ${x}.length > ${policy.rawMax}`
  const y = `${x}y`
  return `if (typeof ${x} !== 'string'${raw}) return REFUSED
const ${y} = ${keep(policy.apply)}(${x})
if (${y} === undefined) { blame(${keep(node)}, ${x}); return REFUSED }
${x} = ${y}
if (false${length(x, node)}${pattern}${format}) return REFUSED\n`
}

export function number (node: NumberNode, x: string): string {
  const tests = [
    node.integer ? `!Number.isSafeInteger(${x})` : `typeof ${x} !== 'number' || !Number.isFinite(${x})`,
    node.min > -Infinity ? `${x} < ${node.min}` : '',
    node.max < Infinity ? `${x} > ${node.max}` : '',
    node.above > -Infinity ? `${x} <= ${node.above}` : '',
    node.below < Infinity ? `${x} >= ${node.below}` : '',
    node.multipleOf === 0 ? '' : `${x} % ${node.multipleOf} !== 0`,
  ]
  // adding 0 turns -0 into 0
  return `if (${tests.filter(test => test !== '').join(' || ')}) return REFUSED\n${x} = ${x} + 0\n`
}
