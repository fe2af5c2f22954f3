import type { Constant, Node, NumberNode, StringNode } from '../tree/nodes.js'
import type { Piece } from './text.js'

// The serializer's expressions for scalars.
// Tested in test/contract/serializer.test.ts.

/** A scalar written in place: a test and, when it holds, its text. */
interface Inline {
  readonly test: string
  readonly text: readonly Piece[]
}

/** Hands a value to the generated code; the name it has there. */
type Keep = (value: unknown) => string

const QUOTE: Piece = { literal: '"' }

/** Constants compared one by one up to this many; a Set above. */
const MAX_CHAIN = 8

/** Null for what is not written in place. */
export function inlineOf (node: Node, v: string, keep: Keep): Inline | null {
  switch (node.kind) {
    // what a policy repairs is another value than the one that came
    case 'string': return node.policy?.spec.clean === true
      ? null
      : { test: stringTest(node, v, keep), text: [QUOTE, { source: `escape(${v})` }, QUOTE] }
    case 'number': return { test: numberTest(node, v), text: [{ source: v }] }
    case 'boolean': return { test: `(typeof ${v} === "boolean")`, text: [{ source: `(${v} ? "true" : "false")` }] }
    case 'values': return inlineValues(node.values, v, keep)
    default: return null
  }
}

/** Statements that return the text of a string whose policy repairs. */
export function repairedString (node: StringNode, keep: Keep): string {
  const { apply, rawMax } = node.policy!
  const fits = stringTest({ ...node, policy: null }, 'x', keep)
  return `if (typeof v !== "string" || v.length > ${rawMax}) return undefined
const x = ${keep(apply)}(v)
return x !== undefined && ${fits} ? quote(x) : undefined`
}

function stringTest (node: StringNode, v: string, keep: Keep): string {
  const tests = [`typeof ${v} === "string"`]
  if (node.min > 0) tests.push(`${v}.length >= ${node.min}`)
  if (node.max < Infinity) tests.push(`${v}.length <= ${node.max}`)
  if (node.policy !== null) tests.push(`${keep(node.policy.apply)}(${v}) !== undefined`)
  if (node.pattern !== null) tests.push(`${keep(node.pattern)}.test(${v})`)
  if (node.format !== null) tests.push(`${keep(node.format.test)}(${v})`)
  return `(${tests.join(' && ')})`
}

function inlineValues (values: readonly Constant[], v: string, keep: Keep): Inline | null {
  const [only] = values
  if (only !== undefined && values.length === 1) {
    return { test: `(${v} === ${JSON.stringify(only)})`, text: [{ literal: JSON.stringify(only) }] }
  }
  if (!values.every(value => typeof value === 'string' && JSON.stringify(value) === `"${value}"`)) return null
  const test = values.length > MAX_CHAIN
    ? `${keep(new Set(values))}.has(${v})`
    : `(${values.map(value => `${v} === ${JSON.stringify(value)}`).join(' || ')})`
  return { test, text: [QUOTE, { source: v }, QUOTE] }
}

function numberTest (node: NumberNode, v: string): string {
  const tests = [`${node.integer ? 'isInteger' : 'isFinite'}(${v})`]
  if (node.min > -Infinity) tests.push(`${v} >= ${number(node.min)}`)
  if (node.max < Infinity) tests.push(`${v} <= ${number(node.max)}`)
  if (node.above > -Infinity) tests.push(`${v} > ${number(node.above)}`)
  if (node.below < Infinity) tests.push(`${v} < ${number(node.below)}`)
  if (node.multipleOf !== 0) tests.push(`${v} % ${number(node.multipleOf)} === 0`)
  return `(${tests.join(' && ')})`
}

/** A number as source text; in brackets, for `-1` after an operator. */
const number = (value: number): string => `(${value})`
