import { FormatRegistry, type TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { isOfTypebox1, kindOf } from '../kind.js'
import { findPatternFault, MAX_PATTERN_INPUT } from '../pattern/safety.js'
import { compileTextPolicy } from '../text/policy.js'
import { defaultMaxBytes, POLICY_PATTERN, type WsText } from '../text/spec.js'
import type { Place } from './context.js'
import type { Constant, NumberNode, PolicyPart, StringNode, ValuesNode } from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

interface Range { readonly min: number, readonly max: number }

/** Type.Number and Type.Integer. */
export function readNumber (schema: TSchema, place: Place): NumberNode {
  const integer = kindOf(schema) === 'Integer'
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  const node: NumberNode = {
    kind: 'number',
    integer,
    min: minimum ?? -Infinity,
    max: maximum ?? Infinity,
    above: exclusiveMinimum ?? -Infinity,
    below: exclusiveMaximum ?? Infinity,
    multipleOf: multipleOf ?? 0,
  }
  if (!hasNumber(node)) place.fail(`no ${integer ? 'integer' : 'number'} is within minimum and maximum`)
  return node
}

/** True when a number is within all bounds. */
export function hasNumber ({ integer, min, max, above, below, multipleOf }: NumberNode): boolean {
  const step = multipleOf !== 0 ? multipleOf : integer ? 1 : 0
  if (step === 0) return min <= max && above < below && above < max && min < below
  const first = Math.max(Math.ceil(min / step), Math.floor(above / step) + 1)
  const last = Math.min(Math.floor(max / step), Math.ceil(below / step) - 1)
  return first <= last
}

export function readLiteral (schema: TSchema, place: Place): ValuesNode {
  const value = schema.const as string | number | boolean
  if (typeof value === 'string' && !value.isWellFormed()) place.fail('the literal has a lone surrogate')
  const type: string = typeof value
  if (schema.type !== type) place.fail(`type ${got(schema.type)} does not fit the literal ${got(value)}`)
  return { kind: 'values', values: [value] }
}

/** Type.Enum of typebox 1.x; that of 0.34 is a union. */
export function readEnum (schema: TSchema, place: Place): ValuesNode {
  const values = schema.enum as Constant[]
  if (values.length === 0) place.fail('an enum of nothing')
  if (values.some(value => typeof value === 'string' && !value.isWellFormed())) {
    place.fail('a value of the enum has a lone surrogate')
  }
  return { kind: 'values', values: [...new Set(values)] }
}

/** Type.String, Type.TemplateLiteral and Type.RegExp. */
export function readString (schema: TSchema, place: Place): StringNode {
  const { min, max } = place.range(schema, 'minLength', 'maxLength')
  place.checkBound(schema, max < Infinity,
    'a string from a peer needs { maxLength }, or { unboundedOnPurpose: true } to be limited by maxPayload only')
  return {
    kind: 'string',
    min,
    max,
    pattern: readPattern(schema, place, max),
    format: readFormat(schema, place),
    policy: readPolicy(schema, place, { min, max }),
  }
}

function readPattern (schema: TSchema, place: Place, max: number): RegExp | null {
  const written = writtenPattern(schema)
  if (written === null) return null
  const { source, flags } = written
  if (!/^[iu]*$/.test(flags)) {
    place.fail(`flags "${flags}" are not supported; "g" and "y" keep state between messages. ` +
      'Use "", "i", "u" or "iu"')
  }
  if (!flags.includes('u') && /\\[pP]\{|\\u\{/.test(source)) {
    place.fail('TypeBox compiles a pattern without the "u" flag, where \\p{…} and \\u{…} mean ' +
      'something else. Use Type.RegExp(/…/u, { maxLength })')
  }
  return compilePattern(schema, place, 'the pattern', written, max)
}

/** `max`: characters of what it is asked about. */
export function compilePattern (
  schema: TSchema, place: Place, what: string, { source, flags }: Written, max: number
): RegExp {
  let pattern: RegExp
  try {
    pattern = new RegExp(source, flags)
  } catch {
    place.fail(`${what} is not a regular expression`)
  }
  if (place.isFromPeer && schema.patternProvenSafe !== true) checkPattern(place, source, flags, max)
  return pattern
}

interface Written { readonly source: string, readonly flags: string }

/** The regular expression of a schema, as its library understands it. */
function writtenPattern (schema: TSchema): Written | null {
  const { pattern } = schema
  if (kindOf(schema) === 'RegExp') return { source: schema.source, flags: schema.flags ?? '' }
  if (pattern === undefined || pattern === POLICY_PATTERN) return null
  return typeof pattern === 'string' ? { source: pattern, flags: patternFlags(schema) } : pattern
}

/** Flags of what is written as a string: typebox 1.x compiles it as ajv does. */
export function patternFlags (schema: TSchema): string {
  return isOfTypebox1(schema) ? 'u' : ''
}

/** Refuses a pattern that is not provably linear, or whose input is not bounded. Throws WSG_ERR_CONTRACT. */
function checkPattern (place: Place, source: string, flags: string, max: number): void {
  const optOut = 'or prove it by other means (for example with recheck) and add { patternProvenSafe: true }'
  const { fault, unbounded, least } = findPatternFault(source, flags)
  if (fault !== null) {
    place.fail(`the pattern may take super-linear time: ${fault}. Rewrite it, ${optOut}`)
  }
  if (unbounded && max > MAX_PATTERN_INPUT) {
    place.fail(`a pattern with an unbounded repetition needs { maxLength } of ${MAX_PATTERN_INPUT} at most ` +
      `beside it; lower it, ${optOut}`)
  }
  if (least > max) place.fail(`no text fits: the pattern needs ${least} characters, and maxLength is ${max}`)
}

function readFormat (schema: TSchema, place: Place): StringNode['format'] {
  const name: string | undefined = schema.format
  if (name === undefined) return null
  if (!FormatRegistry.Has(name)) {
    place.fail(`format ${got(name)} is not known; call FormatRegistry.Set(${got(name)}, value => …) before ` +
      `the contract is compiled${didYouMean(name, FormatRegistry.Entries().keys())}`)
  }
  return { name, test: value => FormatRegistry.Get(name)?.(value) === true }
}

function readPolicy (schema: TSchema, place: Place, { min, max }: Range): PolicyPart | null {
  const spec = schema.wsText as PolicyPart['spec'] | undefined
  if (spec === undefined) return null
  if (typeof spec.pattern === 'string' && place.isFromPeer && schema.patternProvenSafe !== true) {
    checkPattern(place, `^(?:${spec.pattern})$`, 'u', max)
  }
  try {
    // a policy that repairs may shorten: it counts the bytes of what came by itself
    const rawMax = spec.clean ? spec.maxBytes ?? defaultMaxBytes(spec) : max
    const apply = compileTextPolicy(spec, place.context.adapters)
    return { spec, apply, rawMax, takesAscii: takesAscii(spec, { min, max }) }
  } catch (error) {
    place.fail(error instanceof Error ? error.message : 'the text policy can not be compiled')
  }
}

/** True when the policy has nothing to say of printable ASCII whose length is in the range. */
function takesAscii ({ policy, clean, ...limits }: WsText, { min, max }: Range): boolean {
  const { maxLength, minLength = 0, maxBytes = Infinity, maxGraphemes = Infinity } = limits
  return !clean && (policy === 'text' || policy === 'line') && minLength <= min &&
    Math.min(maxLength, maxBytes, maxGraphemes) >= max
}
