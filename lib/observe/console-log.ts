import { readThrown } from '../callbacks/read-thrown.js'
import { escapeForLog } from '../log/log-safe.js'
import type { SocketLogger } from './socket-log.js'

/** What a line of the plugin's may hold. */
interface Line {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly route?: unknown
  readonly type?: unknown
  readonly ip?: unknown
  readonly value?: unknown
  readonly count?: unknown
  readonly advice?: unknown
  readonly err?: unknown
  readonly listener?: unknown
}

const FIELDS = ['statusCode', 'code', 'route', 'type', 'ip', 'value', 'listener'] as const

/**
 * For development, where the application has no logger: what is refused or fails is written to the console, one line
 * each. `write` gets the line.
 */
export function consoleLog (write: (line: string) => void = line => { console.error(line) }): SocketLogger {
  const say = (record: object, message: string): void => { write(lineOf(record, message)) }
  return {
    error: say,
    warn: say,
    // Of what is of no concern, refusals only: their code is a word, that of a closed socket is a number.
    info (record, message) {
      if (typeof (record as Line).code === 'string') say(record, message)
    },
    debug () {},
  }
}

function lineOf (record: Line, message: string): string {
  const { advice, count, err } = record
  const isSaid = (value: unknown): boolean => typeof advice === 'string' && advice.startsWith(String(value))
  const known = FIELDS.filter(name => record[name] !== undefined && record[name] !== null &&
    !(name === 'value' && isSaid(record.value)))
  const facts = known.map(name => escapeForLog(String(record[name])))
  const times = typeof count === 'number' && count > 1 ? `, ${count} times` : ''
  const where = facts.length === 0 ? '' : ` (${facts.join(', ')})`
  const hint = typeof advice === 'string' ? `: ${advice}` : ''
  return `fastify-ws-guard: ${message}${where}${times}${hint}${err === undefined ? '' : `\n${traceOf(err)}`}`
}

function traceOf (thrown: unknown): string {
  const read = (): string => thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown)
  return readThrown(read, 'an error that can\'t be read')
}
