// Tested in test/model/diff.test.ts.

import { readFile } from 'node:fs/promises'
import type { ContractModel } from '../../../types/model.js'
import { WSG_ERR_GENERATE } from '../../errors/coded.js'
import { breaksOldClients, type Change, diffModels } from '../../model/diff.js'
import type { Command } from '../command.js'
import { readCommandLine } from '../command-line.js'
import { firstLine } from '../first-line.js'

export const DIFF: Command = {
  name: 'diff',
  summary: 'says which change of a contract breaks whom',
  usage: [
    'fastify-ws-guard diff <old.json> <new.json> [--strict] [--json]',
    '',
    '  <old.json>  what `fastify-ws-guard model` wrote before, and',
    '  <new.json>  what it writes now',
    '  --strict    exit 1 as well where only new clients on an old server break',
    '  --json      print the changes as JSON',
    '',
    'Exit code 1: clients in use break. 0: they do not. 2: bad input.',
  ].join('\n'),
  async run (args, output) {
    const { values: { strict = false, json = false }, positionals } = readCommandLine('diff', args, {
      strict: { type: 'boolean' },
      json: { type: 'boolean' },
    })
    const [old, now] = positionals
    if (old === undefined || now === undefined || positionals.length > 2) {
      throw new WSG_ERR_GENERATE(`diff: expected two files, got ${positionals.length}`)
    }
    const [before, after] = [await readModelFile(old), await readModelFile(now)]
    const changes = diffModels(before, after)
    if (json) output.print(JSON.stringify(changes, null, 2))
    else tell(changes, before.fingerprint !== after.fingerprint).forEach(output.print)
    return breaksOldClients(changes) || (strict && changes.some(({ breaks }) => breaks !== 'nobody')) ? 1 : 0
  },
}

async function readModelFile (path: string): Promise<ContractModel> {
  let model: Partial<ContractModel> | null
  try {
    model = JSON.parse(await readFile(path, 'utf8')) as Partial<ContractModel> | null
  } catch (error) {
    throw new WSG_ERR_GENERATE(`${path}: it can not be read: ${firstLine(error)}`)
  }
  const isModel = typeof model === 'object' && model?.model === 1 &&
    [model.inbound, model.outbound, model.calls, model.types].every(Array.isArray)
  if (!isModel) {
    throw new WSG_ERR_GENERATE(`${path}: expected what \`fastify-ws-guard model\` writes, got something else`)
  }
  return model as ContractModel
}

function tell (changes: readonly Change[], isOther: boolean): string[] {
  const lines = changes.map(({ breaks, where, what }) => `breaks ${breaks.padEnd(11)}  ${where}: ${what}`)
  const note = 'The fingerprints differ: a client that names its own is refused with 4426 unless the route serves both.'
  return [...(lines.length === 0 ? ['no change that anybody can meet'] : lines), ...(isOther ? [note] : [])]
}
