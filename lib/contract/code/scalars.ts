import type { Node, NumberNode, StringNode, ValuesNode } from '../tree/nodes.js'

// Statements of generated code for what is no container. Each replaces the variable `x` by its clean value, or returns.
// Tested in test/contract/accept.test.ts and test/contract/serializer.test.ts.

/** Hands a value to the generated code; the name it has there. */
export type Keep = (value: unknown) => string

/** More constants than this are looked up in a Set instead of compared one by one. */
const MAX_CHAIN = 8

/** A statement that returns when one of the tests holds. */
export const refuse = (...tests: readonly string[]): string =>
  tests.length === 0 ? '' : `if (${tests.join(' || ')}) return\n`

/** Tests for a count that is too large or too small. */
export function bounds (count: string, { min, max }: { readonly min: number, readonly max: number }): string[] {
  return [...max < Infinity ? [`${count} > ${max}`] : [], ...min > 0 ? [`${count} < ${min}`] : []]
}

/** Tests for what is longer or shorter. */
export const lengths = (x: string, limits: { readonly min: number, readonly max: number }): string[] =>
  bounds(`${x}.length`, limits)

/** `theirs`: it comes from a peer. Lengths come before what they bound. */
export function scalar (node: Node, x: string, keep: Keep, theirs: boolean): string {
  switch (node.kind) {
    case 'boolean': return refuse(`typeof ${x} !== 'boolean'`)
    case 'values': return constants(node, x, keep)
    case 'number': return number(node, x, theirs)
    case 'string': return string(node, x, keep, theirs)
    case 'bytes': return refuse(`!(${x} instanceof Uint8Array)`, ...lengths(x, node))
    default: return 'return\n'
  }
}

function constants ({ values }: ValuesNode, x: string, keep: Keep): string {
  const test = values.length > MAX_CHAIN
    ? `!${keep(new Set(values))}.has(${x})`
    : values.map(value => `${x} !== ${JSON.stringify(value)}`).join(' && ')
  return refuse(test) + (values.includes(0) ? `if (${x} === 0) ${x} = 0\n` : '')
}

function number ({ integer, min, max, above, below, multipleOf }: NumberNode, x: string, theirs: boolean): string {
  const kind = !integer ? 'isFinite' : theirs ? 'isSafeInteger' : 'isInteger'
  const limits = [['<', min], ['>', max], ['<=', above], ['>=', below]] as const
  const tests = limits.filter(([, bound]) => Number.isFinite(bound)).map(([sign, bound]) => `${x} ${sign} ${bound}`)
  // adding 0 turns -0 into 0
  return refuse(`!Number.${kind}(${x})`, ...tests, ...multipleOf === 0 ? [] : [`${x} % ${multipleOf} !== 0`]) +
    `${x} = ${x} + 0\n`
}

function string (node: StringNode, x: string, keep: Keep, theirs: boolean): string {
  const { policy, pattern, format } = node
  const rest = [
    ...pattern === null ? [] : [`!${keep(pattern)}.test(${x})`],
    ...format === null ? [] : [`!${keep(format.test)}(${x})`],
  ]
  const kind = `typeof ${x} !== 'string'`
  if (policy === null) {
    return refuse(kind, ...lengths(x, node), ...theirs ? [`!(p || plainString(${x}))`] : [], ...rest)
  }
  const repairs = policy.spec.clean
  const blame = theirs ? `blame(${keep(node)}, ${x})` : ''
  return refuse(kind, ...lengths(x, repairs ? { min: 0, max: policy.rawMax } : node)) +
    (theirs && policy.takesAscii ? 'if (p !== "ascii") ' : '') + `{
const y = ${keep(policy.apply)}(${x})
if (y === undefined) { ${blame}; return }
${x} = y
}\n` + refuse(...repairs ? lengths(x, node) : [], ...rest)
}
