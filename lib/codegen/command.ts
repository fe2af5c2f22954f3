/** Where a command writes to: results, and what went wrong. One line each. */
export interface Output {
  readonly print: (line: string) => void
  readonly complain: (line: string) => void
}

/** One command of `fastify-ws-guard`, in a file of its own under commands/. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly usage: string
  /** Resolves with the exit code. What it throws is bad input: one line, exit code 2. */
  readonly run: (args: string[], output: Output) => Promise<number>
}
