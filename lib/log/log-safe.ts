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
  const cut = value.length > VALUE_LIMIT ? `${value.slice(0, VALUE_LIMIT)}…` : value
  return cut.replace(UNSAFE, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Logs a record with what was thrown as its `err`, or without it where it can't be read. Never throws. */
export function logThrown (
  log: SafeLog, level: keyof SafeLog, record: object, thrown: unknown, message: string
): void {
  try {
    log[level]({ ...record, err: thrown }, message)
  } catch {
    // The log reads what was thrown, and a getter or a proxy may throw again.
    log[level](record, message)
  }
}
