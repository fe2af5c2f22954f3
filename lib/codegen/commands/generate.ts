// Tested in test/codegen/cli.test.ts.

import { WSG_ERR_GENERATE } from '../../errors/coded.js'
import { type Command, oneModule, type Output } from '../command.js'
import { readCommandLine } from '../command-line.js'
import { EMITTERS } from '../emitters.js'
import type { Difference } from '../files.js'
import { generate } from '../generate.js'
import { watchAndRun } from '../watch.js'

const LANGUAGES = [...EMITTERS.keys()].join(' | ')

export const GENERATE: Command = {
  name: 'generate',
  summary: 'writes typed clients of contracts',
  usage: [
    `fastify-ws-guard generate <module> --client ${LANGUAGES} --out <folder> [--check | --watch]`,
    '',
    '  <module>   a module that exports contracts, or a Fastify application',
    '  --client   language of the client',
    '  --out      folder of the generated files',
    '  --check    write nothing; exit 1 and print the first differing line where a file is not what would be generated',
    '  --watch    generate again after each change in the folder of the module',
  ].join('\n'),
  async run (args, output) {
    const { values, positionals } = readCommandLine('generate', args, {
      client: { type: 'string' },
      out: { type: 'string' },
      check: { type: 'boolean' },
      watch: { type: 'boolean' },
    })
    const { client, out, check = false, watch = false } = values
    const module = oneModule('generate', positionals)
    if (client === undefined) throw new WSG_ERR_GENERATE(`generate: expected --client ${LANGUAGES}, got nothing`)
    if (out === undefined) throw new WSG_ERR_GENERATE('generate: expected --out <folder>, got nothing')
    if (check && watch) throw new WSG_ERR_GENERATE('generate: expected --check or --watch, got both')
    if (watch) return await runWatch(module, client, out)
    const { written, differences } = await generate({ module, client, out, check })
    for (const path of written) output.print(`wrote ${path}`)
    for (const difference of differences) complain(difference, output)
    if (differences.length > 0) return 1
    if (written.length === 0) output.print(`${out} is up to date`)
    return 0
  },
}

function complain ({ path, line, expected, found }: Difference, output: Output): void {
  if (line === 0) {
    output.complain(`${path}: there is no such file; generate it`)
    return
  }
  const shown = (text: string | null): string => text === null ? 'nothing' : JSON.stringify(text)
  output.complain(`${path}:${line}: expected ${shown(expected)}, got ${shown(found)}; generate it again`)
}

async function runWatch (module: string, client: string, out: string): Promise<number> {
  const stop = new AbortController()
  process.once('SIGINT', () => { stop.abort() })
  process.once('SIGTERM', () => { stop.abort() })
  await watchAndRun({ module, out, args: ['generate', module, '--client', client, '--out', out], signal: stop.signal })
  return 0
}
