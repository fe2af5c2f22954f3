import { escapeUnsafe, type SafeLog } from './log-safe.js'

/** Errors behind an error that are read, one behind the other. */
const DEPTH = 8
const FRAME = /^ {4}at /
/** Before the second line of a message and the ones after it: no line of a log begins like that. */
const CONTINUED = '\n    | '

/**
 * Logs a record with what was thrown as its `err`, in which nothing disturbs who reads the log, or without it where it
 * can't be read. Never throws.
 */
export function logThrown (
  log: SafeLog, level: 'error' | 'warn' | 'info', record: object, thrown: unknown, message: string
): void {
  try {
    log[level]({ ...record, err: safeThrown(thrown) }, message)
  } catch {
    // The log reads what was thrown, and a getter or a proxy may throw again.
    log[level](record, message)
  }
}

/**
 * What was thrown, for a log: itself where its texts are harmless. Else one that inherits from it and has them escaped:
 * its message, which may repeat what a peer has sent, its stack, its own texts, and those of the errors behind it.
 * Objects that hang on it are left out. Throws where it can't be read.
 */
export function safeThrown (thrown: unknown, depth = DEPTH): unknown {
  if (typeof thrown === 'string') return safeText(thrown)
  if (!isLikeError(thrown)) return thrown
  const { message, stack, cause, errors } = thrown
  const changed = new Map<string, unknown>()
  const set = (name: string, before: unknown, after: unknown): void => {
    if (after !== before) changed.set(name, after)
  }
  for (const [name, value] of Object.entries(thrown)) {
    if (typeof value === 'string') set(name, value, safeText(value))
    // The command that failed, with the key of a session in it, or a request with its headers.
    else if (typeof value === 'object' && value !== null && !isRead(name)) set(name, value, undefined)
  }
  set('message', message, safeText(message))
  if (typeof stack === 'string') set('stack', stack, safeStack(stack, message))
  if (depth > 0) {
    set('cause', cause, safeThrown(cause, depth - 1))
    if (Array.isArray(errors)) {
      const safe = errors.map(error => safeThrown(error, depth - 1))
      if (safe.some((error, index) => error !== errors[index])) changed.set('errors', safe)
    }
  }
  if (changed.size === 0) return thrown
  const safe = Object.create(thrown) as object
  for (const [name, value] of changed) {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(thrown, name) ?? {}
    Object.defineProperty(safe, name, { value, enumerable })
  }
  return safe
}

const isRead = (name: string): boolean => name === 'cause' || name === 'errors'

interface LikeError {
  readonly message: string
  readonly stack?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

function isLikeError (thrown: unknown): thrown is LikeError {
  return typeof thrown === 'object' && thrown !== null && typeof (thrown as { message?: unknown }).message === 'string'
}

/** Lines stay lines, but can't be taken for those of the log, nor for places of the code. */
function safeText (text: string): string {
  return text.split(/\r?\n/).map(escapeUnsafe).join(CONTINUED)
}

function safeStack (stack: string, message: string): string {
  const at = message === '' ? -1 : stack.indexOf(message)
  const end = at === -1 ? 0 : at + message.length
  const [first = '', ...others] = stack.slice(end).split('\n')
  // Of a message that has been changed since, the frames are what looks like them.
  const frames = others.map(line => `${FRAME.test(line) ? '\n' : CONTINUED}${escapeUnsafe(line)}`)
  return safeText(stack.slice(0, end)) + escapeUnsafe(first) + frames.join('')
}
