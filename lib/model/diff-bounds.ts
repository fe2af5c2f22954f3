// Tested in test/model/diff.test.ts.

import type { NumberModel, StringModel, TextModel, ValuesModel } from '../../types/model.js'
import type { Definition } from './types-by-name.js'

/** `narrowed`: some value of before fits no more. `widened`: some value fits that did not before. */
export type Kind = 'narrowed' | 'widened'

/** What happens to the values of one type. */
export interface TypeChange {
  readonly kind: Kind
  /** Where: a JSON pointer into the payload. */
  readonly path: string
  readonly text: string
}

/** A set of values that became a whole kind. */
export function fitsAll ({ values }: ValuesModel, now: Definition, path: string): readonly TypeChange[] {
  const left = values.filter(value => !fits(value, now))
  const widened: TypeChange = { kind: 'widened', path, text: `any ${nameOf(now)}` }
  return left.length === 0 ? [widened] : [{ kind: 'narrowed', path, text: `no ${list(left)} any more` }, widened]
}

export function fits (value: unknown, type: Definition): boolean {
  switch (type.kind) {
    case 'boolean': return typeof value === 'boolean'
    case 'number': {
      if (typeof value !== 'number' || (type.integer && !Number.isSafeInteger(value))) return false
      return value >= (type.minimum ?? -Infinity) && value <= (type.maximum ?? Infinity) &&
        value > (type.exclusiveMinimum ?? -Infinity) && value < (type.exclusiveMaximum ?? Infinity)
    }
    case 'string': return typeof value === 'string' && type.pattern === undefined && type.text === undefined &&
      value.length >= (type.minLength ?? 0) && value.length <= (type.maxLength ?? Infinity)
    default: return false
  }
}

export function compareValues (old: ValuesModel, now: ValuesModel, path: string): readonly TypeChange[] {
  const gone = old.values.filter(value => !now.values.includes(value))
  const come = now.values.filter(value => !old.values.includes(value))
  return [
    ...(gone.length === 0 ? [] : [{ kind: 'narrowed' as const, path, text: `no ${list(gone)} any more` }]),
    ...(come.length === 0 ? [] : [{ kind: 'widened' as const, path, text: `also ${list(come)}` }]),
  ]
}

export function compareNumbers (old: NumberModel, now: NumberModel, path: string): readonly TypeChange[] {
  return [
    ...flag(old.integer, now.integer, path, 'it has to be an integer'),
    ...range(old, now, path, 'minimum', 'maximum', ''),
    ...range(old, now, path, 'exclusiveMinimum', 'exclusiveMaximum', '(exclusive)'),
    ...condition(old.multipleOf, now.multipleOf, path, 'a multiple of'),
  ]
}

export function compareStrings (old: StringModel, now: StringModel, path: string): readonly TypeChange[] {
  const pattern = ({ pattern }: StringModel): string | undefined => pattern && `/${pattern.source}/${pattern.flags}`
  const policy = (text: TextModel | undefined): unknown =>
    text && [text.policy, text.clean, text.pattern ?? null, [...text.protocols ?? []].sort()]
  return [
    ...range(old, now, path, 'minLength', 'maxLength', 'characters'),
    ...condition(pattern(old), pattern(now), path, 'the pattern'),
    ...condition(old.format, now.format, path, 'the format'),
    ...condition(old.text?.policy, now.text?.policy, path, 'the text policy'),
    ...(old.text !== undefined && old.text.policy === now.text?.policy && !isEqual(policy(old.text), policy(now.text))
      ? both(path, 'another text policy')
      : []),
    ...range(old.text ?? {}, now.text ?? {}, path, 'minBytes', 'maxBytes', 'bytes'),
    ...range(old.text ?? {}, now.text ?? {}, path, 'minGraphemes', 'maxGraphemes', 'graphemes'),
  ]
}

/** A lower and an upper bound; absent: there is none. */
export function range (
  old: object, now: object, path: string, least: string, most: string, unit: string
): TypeChange[] {
  const bound = (type: object, name: string, none: number): number =>
    (type as { readonly [name: string]: number | undefined })[name] ?? none
  const one = (name: string, word: string, none: number): TypeChange[] => {
    const [before, after] = [bound(old, name, none), bound(now, name, none)]
    if (before === after) return []
    const kind = (after < before) === (none > 0) ? 'narrowed' : 'widened'
    const said = (value: number): string => Number.isFinite(value) ? `${word} ${value} ${unit}`.trimEnd() : 'no bound'
    return [{ kind, path, text: became(said(before), said(after)) }]
  }
  return [...one(least, 'at least', -Infinity), ...one(most, 'at most', Infinity)]
}

/** A condition that comes, goes, or becomes another. */
function condition (old: unknown, now: unknown, path: string, what: string): TypeChange[] {
  if (old === now) return []
  if (old === undefined) return [{ kind: 'narrowed', path, text: `it has to have ${what} ${String(now)}` }]
  if (now === undefined) return [{ kind: 'widened', path, text: `it needs not have ${what} ${String(old)} any more` }]
  return both(path, became(`${what} ${String(old)}`, String(now)))
}

export function flag (old: boolean, now: boolean, path: string, text: string): TypeChange[] {
  if (old === now) return []
  return [now ? { kind: 'narrowed', path, text } : { kind: 'widened', path, text: `${text} no more` }]
}

export const both = (path: string, text: string): TypeChange[] =>
  [{ kind: 'narrowed', path, text }, { kind: 'widened', path, text }]

export const became = (old: unknown, now: unknown): string => `${String(old)} became ${String(now)}`
const list = (values: readonly unknown[]): string => values.map(value => JSON.stringify(value)).join(', ')
export const isEqual = (old: unknown, now: unknown): boolean => JSON.stringify(old) === JSON.stringify(now)

export function nameOf (type: Definition): string {
  switch (type.kind) {
    case 'any': return 'any value'
    case 'number': return type.integer ? 'integer' : 'number'
    case 'values': return list(type.values)
    default: return type.kind
  }
}
