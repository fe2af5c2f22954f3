import { FormatRegistry, type TSchema } from '@sinclair/typebox'
import { findPatternFault, MAX_PATTERN_INPUT } from '../pattern/safety.js'
import type { NumberShape, StringShape } from './shape.js'
import { compileTextPolicy } from '../text/policy.js'
import { fail, isFromPeer, type WalkContext } from './walk-context.js'

/** Type.Number and Type.Integer. */
export function walkNumber (context: WalkContext, schema: TSchema, path: string, integer: boolean): NumberShape {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  const shape: NumberShape = {
    kind: 'number',
    integer,
    min: minimum ?? -Infinity,
    max: maximum ?? Infinity,
    above: exclusiveMinimum ?? -Infinity,
    below: exclusiveMaximum ?? Infinity,
    multipleOf: multipleOf ?? 0,
  }
  if (Math.max(shape.min, shape.above) > Math.min(shape.max, shape.below)) {
    fail(context, path, 'no number is within minimum and maximum')
  }
  return shape
}

/** Type.String, Type.TemplateLiteral and Type.RegExp. */
export function walkString (context: WalkContext, schema: TSchema, path: string, kind: 'String' | 'TemplateLiteral' | 'RegExp'): StringShape {
  const max: number = schema.maxLength ?? Infinity
  const min: number = schema.minLength ?? 0
  if (min > max) fail(context, path, `minLength ${min} is above maxLength ${max}`)
  if (isFromPeer(context) && max === Infinity && schema.unboundedOnPurpose !== true) {
    fail(context, path, 'a string from a peer needs { maxLength }, or { unboundedOnPurpose: true } to be limited by maxPayload only')
  }
  return {
    kind: 'string',
    min,
    max,
    pattern: readPattern(context, schema, path, kind, max),
    format: readFormat(context, schema, path),
    clean: readPolicy(context, schema, path),
    // a policy that repairs may shorten: it counts the bytes of what came by itself
    rawMax: schema.wsText?.clean === true ? schema.wsText.maxBytes ?? 4 * max : max,
  }
}

function readPattern (context: WalkContext, schema: TSchema, path: string, kind: string, max: number): RegExp | null {
  const source: string | undefined = kind === 'RegExp' ? schema.source : schema.pattern
  if (source === undefined) return null
  const flags: string = kind === 'RegExp' ? schema.flags ?? '' : ''
  if (!/^[iu]*$/.test(flags)) {
    fail(context, path, `flags "${flags}" are not supported; "g" and "y" keep state between messages. Use "", "i", "u" or "iu"`)
  }
  if (!flags.includes('u') && /\\[pP]\{|\\u\{/.test(source)) {
    fail(context, path, 'TypeBox compiles a pattern without the "u" flag, where \\p{…} and \\u{…} mean something else. Use Type.RegExp(/…/u, { maxLength })')
  }
  let pattern: RegExp
  try {
    pattern = new RegExp(source, flags)
  } catch {
    fail(context, path, 'the pattern is not a regular expression')
  }
  if (isFromPeer(context) && schema.patternProvenSafe !== true) checkPattern(context, path, source, flags, max)
  return pattern
}

/** Refuses a pattern that is not provably linear, or whose input is not bounded. Throws WSG_ERR_CONTRACT. */
export function checkPattern (context: WalkContext, path: string, source: string, flags: string, max: number): void {
  const optOut = 'or prove it by other means (for example with recheck) and add { patternProvenSafe: true }'
  const { fault, unbounded } = findPatternFault(source, flags)
  if (fault !== null) fail(context, path, `the pattern may take super-linear time: ${fault}. Rewrite it, ${optOut}`)
  if (unbounded && max > MAX_PATTERN_INPUT) {
    fail(context, path, `a pattern with an unbounded repetition needs { maxLength } of ${MAX_PATTERN_INPUT} at most beside it; lower it, ${optOut}`)
  }
}

function readFormat (context: WalkContext, schema: TSchema, path: string): ((value: string) => boolean) | null {
  const name: string | undefined = schema.format
  if (name === undefined) return null
  const test = FormatRegistry.Get(name)
  if (test === undefined) {
    fail(context, path, `format ${JSON.stringify(name)} is not known; call FormatRegistry.Set(${JSON.stringify(name)}, value => …) before the contract is compiled`)
  }
  return test
}

function readPolicy (context: WalkContext, schema: TSchema, path: string): StringShape['clean'] {
  if (schema.wsText === undefined) return null
  const { pattern } = schema.wsText
  if (typeof pattern === 'string' && isFromPeer(context) && schema.patternProvenSafe !== true) {
    checkPattern(context, path, `^(?:${pattern})$`, 'u', schema.maxLength ?? Infinity)
  }
  try {
    return compileTextPolicy(schema.wsText, context.adapters)
  } catch (error) {
    fail(context, path, error instanceof Error ? error.message : 'the text policy can not be compiled')
  }
}
