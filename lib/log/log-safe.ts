/** What log lines are written with: any logger of pino's shape. */
export interface SafeLog {
  error (record: object, message: string): void
  warn (record: object, message: string): void
  info (record: object, message: string): void
}

/** Longest piece of a peer's bytes that a log line repeats. */
const VALUE_LIMIT = 256

// pino escapes C0 controls but neither bidi overrides nor line separators, which reorder or split a line on a terminal.
const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]/g

/** Cuts a peer's value at 256 characters and escapes what could disturb a log reader. */
export function escapeForLog (value: string): string {
  return escapeUnsafe(value.length > VALUE_LIMIT ? `${value.slice(0, VALUE_LIMIT)}…` : value)
}

/** Escapes what could disturb a log reader, line breaks as well. */
export function escapeUnsafe (value: string): string {
  return value.replace(UNSAFE, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
