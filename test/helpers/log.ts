/** A log line of pino, parsed. */
export interface LogLine {
  readonly level: number
  readonly msg?: string
  readonly [key: string]: unknown
}

/** A stream for `Fastify({ logger: { level: 'trace', stream: log } })` that keeps what is written. */
export class LogCollector {
  readonly lines: LogLine[] = []
  /** All lines as they were written: for proving that a secret is nowhere in them. */
  text = ''
  readonly #waiters = new Set<() => void>()

  write (chunk: string): void {
    this.text += chunk
    for (const line of chunk.split('\n')) {
      if (line !== '') this.lines.push(JSON.parse(line) as LogLine)
    }
    for (const waiter of [...this.#waiters]) waiter()
  }

  /** Lines whose `key` is `value`. */
  where (key: string, value: unknown): LogLine[] {
    return this.lines.filter(line => line[key] === value)
  }

  /** Resolves with the first line that `matches`, past ones included; rejects after `limit` milliseconds. */
  waitFor (matches: (line: LogLine) => boolean, limit = 30_000): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const line = this.lines.find(matches)
        if (line === undefined) return
        clearTimeout(timer)
        this.#waiters.delete(check)
        resolve(line)
      }
      const timer = setTimeout(() => {
        this.#waiters.delete(check)
        reject(new Error(`no such line within ${limit} ms in ${this.text.slice(-2000)}`))
      }, limit)
      this.#waiters.add(check)
      check()
    })
  }

  clear (): void {
    this.lines.length = 0
    this.text = ''
  }
}
