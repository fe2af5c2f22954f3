/** Longest text of what came that a boot error repeats. */
const LIMIT = 60

/**
 * What came, as it stands in a boot error after "got": short, escaped, and of objects the kind only, because an option
 * can be a secret. Never throws, whatever it is given.
 */
export function got (value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value.length > LIMIT ? `${value.slice(0, LIMIT)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
}
