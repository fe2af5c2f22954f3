// Tested in test/codegen/report.test.ts.

import { WSG_ERR_GENERATE } from '../../errors/coded.js'
import type { Command } from '../command.js'
import { loadModels } from '../load-models.js'
import { report } from '../report.js'

export const REPORT: Command = {
  name: 'report',
  summary: 'says what contracts cost and allow',
  usage: [
    'fastify-ws-guard report <module>',
    '',
    '  <module>   a module that exports contracts, or a Fastify application: then with the rates of its routes',
  ].join('\n'),
  async run (args, output) {
    if (args.length !== 1) throw new WSG_ERR_GENERATE(`report: expected one module, got ${args.length}`)
    const models = await loadModels(args[0]!)
    models.flatMap(model => report(model)).forEach(output.print)
    return 0
  },
}
