// Tested in test/codegen/cli.test.ts.

import { report } from '../../model/report.js'
import { type Command, oneModule } from '../command.js'
import { readCommandLine } from '../command-line.js'
import { loadModels } from '../load-models.js'

export const REPORT: Command = {
  name: 'report',
  summary: 'says what contracts cost and allow',
  usage: [
    'fastify-ws-guard report <module>',
    '',
    '  <module>   a module that exports contracts, or a Fastify application: then with the rates of its routes',
  ].join('\n'),
  async run (args, output) {
    const models = await loadModels(oneModule('report', readCommandLine('report', args, {}).positionals))
    models.flatMap(model => report(model)).forEach(output.print)
    return 0
  },
}
