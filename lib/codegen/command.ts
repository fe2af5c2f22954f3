// Tested in test/codegen/cli.test.ts.

import { WSG_ERR_GENERATE } from '../errors/coded.js'

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

/** The module of a command that takes one. Throws WSG_ERR_GENERATE. */
export function oneModule (command: string, given: readonly string[]): string {
  const [module] = given
  if (module !== undefined && given.length === 1) return module
  throw new WSG_ERR_GENERATE(`${command}: expected one module, got ${given.length}`)
}
