// Tested in test/codegen/documents.test.ts.

import { basename, dirname } from 'node:path'
import type { ContractModel } from '../../../types/model.js'
import { WSG_ERR_GENERATE } from '../../errors/coded.js'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { present } from '../../model/present.js'
import { asyncApi } from '../asyncapi.js'
import { type Command, oneModule, type Output } from '../command.js'
import { readCommandLine } from '../command-line.js'
import { compareFiles, writeFiles } from '../files.js'
import { jsonSchema } from '../json-schema.js'
import { loadModels } from '../load-models.js'
import { toYaml } from '../yaml.js'

interface DocumentOptions {
  readonly title?: string
  readonly server?: string
  readonly 'api-version'?: string
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const OUT = [
  '  --out       file to write; without it the document is printed',
  '  --check     write nothing; exit 1 where the file is not what would be written',
]

const CONTRACT = '  --contract  name of the contract, where the module has several'

/** One document of all contracts of a module. */
export const ASYNCAPI: Command = documentCommand('asyncapi', 'writes an AsyncAPI 3 document of contracts', [
  '  --format    json (the default) or yaml',
  '  --title     title of the document; default: the contracts\' names',
  '  --api-version  version of the API; default 1.0.0',
  '  --server    where it is: wss://app.example.com',
], (models, { title, server, 'api-version': version }) => asyncApi(models, present({ title, server, version })))

/** One contract as a JSON Schema. */
export const JSON_SCHEMA: Command =
  documentCommand('json-schema', 'writes a JSON Schema of a contract', [CONTRACT], models => jsonSchema(models[0]!))

/** One contract as the data that generators are made from; what `diff` compares. */
export const MODEL: Command =
  documentCommand('model', 'writes the model of a contract, for diff', [CONTRACT], models => models[0]!)

function documentCommand (
  name: string, summary: string, own: readonly string[],
  write: (models: readonly ContractModel[], options: DocumentOptions) => unknown
): Command {
  return {
    name,
    summary,
    usage: [`fastify-ws-guard ${name} <module> [options]`, '', ...own, ...OUT].join('\n'),
    async run (args, output) {
      const { module, out, check = false, format = 'json', contract, ...rest } = readArguments(name, args)
      const models = await loadModels(module)
      const document = write(name === 'asyncapi' ? models : [choose(models, contract, name)], rest)
      const text = format === 'yaml' ? toYaml(document) : json(document)
      if (out !== undefined) return await (check ? compare(out, text, output) : save(out, text, output))
      output.print(text.trimEnd())
      return 0
    },
  }
}

interface Values extends DocumentOptions {
  readonly out?: string
  readonly check?: boolean
  readonly format?: string
  readonly contract?: string
}

const ASYNCAPI_OPTIONS = {
  format: { type: 'string' }, title: { type: 'string' }, server: { type: 'string' }, 'api-version': { type: 'string' },
} as const

const isAddress = (text: string): boolean => URL.canParse(text) && /^(?:ws|http)s?:\/\//.test(text)

function readArguments (name: string, args: string[]): Values & { readonly module: string } {
  const { values: parsed, positionals } = readCommandLine(name, args, {
    out: { type: 'string' },
    check: { type: 'boolean' },
    ...(name === 'asyncapi' ? ASYNCAPI_OPTIONS : { contract: { type: 'string' } } as const),
  })
  const module = oneModule(name, positionals)
  const values = parsed as Values
  const { out, check, format, server } = values
  if (format !== undefined && format !== 'json' && format !== 'yaml') {
    const meant = didYouMean(format, ['json', 'yaml'])
    throw new WSG_ERR_GENERATE(`${name}: expected --format json or yaml, got ${got(format)}${meant}`)
  }
  if (server !== undefined && !isAddress(server)) {
    throw new WSG_ERR_GENERATE(`${name}: expected --server wss://host, got ${got(server)}`)
  }
  if (check === true && out === undefined) {
    throw new WSG_ERR_GENERATE(`${name}: expected --out beside --check, got nothing`)
  }
  return { ...values, module }
}

async function compare (out: string, text: string, output: Output): Promise<number> {
  const [difference] = await compareFiles(dirname(out), [{ path: basename(out), text }])
  if (difference === undefined) return 0
  output.complain(`${difference.path}:${difference.line}: it is not what would be written; write it again`)
  return 1
}

async function save (out: string, text: string, output: Output): Promise<number> {
  const written = await writeFiles(dirname(out), [{ path: basename(out), text }])
  output.print(written.length === 0 ? `${out} is up to date` : `wrote ${out}`)
  return 0
}

function choose (models: readonly ContractModel[], wanted: string | undefined, command: string): ContractModel {
  const names = models.map(model => model.name)
  const found = wanted === undefined && models.length === 1 ? models[0] : models.find(model => model.name === wanted)
  if (found !== undefined) return found
  const came = wanted === undefined ? 'nothing' : `${got(wanted)}${didYouMean(wanted, names)}`
  throw new WSG_ERR_GENERATE(`${command}: expected --contract (${names.join(', ')}), got ${came}`)
}
