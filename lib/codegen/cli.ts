import { createRequire } from 'node:module'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import type { Command, Output } from './command.js'
import { DIFF } from './commands/diff.js'
import { ASYNCAPI, JSON_SCHEMA, MODEL } from './commands/documents.js'
import { GENERATE } from './commands/generate.js'
import { REPORT } from './commands/report.js'
import { firstLine } from './first-line.js'

const COMMANDS: readonly Command[] = [GENERATE, ASYNCAPI, JSON_SCHEMA, MODEL, DIFF, REPORT]

/** Bad input, of whatever kind. */
const BAD_INPUT = 2

/** `fastify-ws-guard <command> …`. Resolves with the exit code and never rejects. */
export async function main (args: readonly string[], output: Output): Promise<number> {
  const [name, ...rest] = args
  try {
    if (name === '--version') return say(output, versionOf())
    if (name === undefined || name === '--help' || name === '-h') return say(output, ...overview())
    const command = COMMANDS.find(one => one.name === name)
    if (command === undefined) {
      const names = COMMANDS.map(one => one.name)
      const known = `expected a command (${names.join(', ')})`
      throw new WSG_ERR_GENERATE(`${known}, got ${got(name)}${didYouMean(name, names)}`)
    }
    if (rest.includes('--help') || rest.includes('-h')) return say(output, ...command.usage.split('\n'))
    return await command.run(rest, output)
  } catch (error) {
    output.complain(`fastify-ws-guard: ${firstLine(error)}`)
    return BAD_INPUT
  }
}

function say (output: Output, ...lines: readonly string[]): number {
  lines.forEach(output.print)
  return 0
}

function overview (): string[] {
  return [
    'fastify-ws-guard <command> [options]',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(11)} ${summary}`),
    '',
    'fastify-ws-guard <command> --help tells its options.',
  ]
}

function versionOf (): string {
  const load = createRequire(import.meta.url)
  return (load('fastify-ws-guard/package.json') as { readonly version: string }).version
}
