// Tested in test/contract/serializer.test.ts.
// What generated serializers call.

const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/ // eslint-disable-line no-control-regex

/** Below this length a loop beats the call into the regular expression engine (measured on Node 20). */
const SHORT = 16

/**
 * What stands between the quotes of a JSON string. Most strings need no escape and come back as they are,
 * which leaves the quotes to be joined with the constants around them.
 */
export function escapeText (value: string): string {
  const { length } = value
  if (length >= SHORT) return NEEDS_ESCAPE.test(value) ? JSON.stringify(value).slice(1, -1) : value
  for (let index = 0; index < length; index++) {
    const unit = value.charCodeAt(index)
    if (unit < 32 || unit === 34 || unit === 92 || (unit >= 0xd800 && unit <= 0xdfff)) {
      return JSON.stringify(value).slice(1, -1)
    }
  }
  return value
}

/** A string as JSON text. */
export const quote = (value: string): string => '"' + escapeText(value) + '"'

/** Whatever JSON can hold; undefined for functions, symbols, BigInt, cycles and what throws on the way. */
export function writeAny (value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** An object that can be read by property names: no array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object whose own keys are data: none of the built-in classes that keep their content elsewhere. */
export const isDictionary = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !(value instanceof Map) && !(value instanceof Set) && !(value instanceof Date) &&
  !ArrayBuffer.isView(value)
