/** Any logger of Fastify's shape. */
export interface BootLog {
  warn (record: object, message: string): void
  fatal?: unknown
  level?: unknown
}

/** Fields of a line in the log; a process warning has the `code` only. */
export interface BootRecord {
  readonly code?: string
  readonly [name: string]: unknown
}

/** Said already in this process: an application that is built anew for each test warns once. */
const said = new Set<string>()

/**
 * True where the application has no logger (`logger` left out or `false`): what Fastify has in its place does the same
 * at each level, nothing. `logger: { level: 'silent' }` is a logger, and silence that was asked for.
 */
export function isMute (log: BootLog): boolean {
  return log.warn === log.fatal && log.level === undefined
}

/** A warning at boot. It is never lost: without a logger it is a process warning, once for each text. */
export function warnAtBoot (log: BootLog, record: BootRecord, message: string): void {
  if (!isMute(log)) {
    log.warn(record, message)
    return
  }
  if (said.has(message)) return
  said.add(message)
  const { code } = record
  process.emitWarning(message, { type: 'fastify-ws-guard', ...(code === undefined ? {} : { code }) })
}
