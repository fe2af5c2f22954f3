import type { ContractModel } from '../../types/model.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import { EMITTERS } from './emitters.js'
import { compareFiles, type Difference, writeFiles } from './files.js'
import { loadModels } from './load-models.js'
import type { GeneratedFile } from './stamp.js'

/** What `generate` takes. */
export interface GenerateOptions {
  /** Path of a module that exports contracts, or an application. */
  readonly module: string
  /** Language of the client: `typescript` or `python`. */
  readonly client: string
  /** Folder of the generated files; made where it is missing. */
  readonly out: string
  /** True: nothing is written, `differences` says what would be. Default false. */
  readonly check?: boolean
}

export interface Generated {
  /** Files as they are to be. */
  readonly files: readonly GeneratedFile[]
  /** Paths of the files that were written because they were missing or different. */
  readonly written: readonly string[]
  /** With `check`: the first differing line of each file. */
  readonly differences: readonly Difference[]
}

/** Files of a client in one language, for each model. Throws WSG_ERR_GENERATE for a language that there is none for. */
export function emitClients (models: readonly ContractModel[], client: string): readonly GeneratedFile[] {
  const emit = EMITTERS.get(client)
  if (emit === undefined) {
    const known = [...EMITTERS.keys()]
    throw new WSG_ERR_GENERATE(
      `client: expected ${known.join(' or ')}, got ${got(client)}${didYouMean(client, known)}`)
  }
  return models.flatMap(model => emit(model))
}

/**
 * Generates the clients of a module's contracts. All files are written or none. Throws WSG_ERR_GENERATE with the file
 * and the cause. What the command does; call it from a build script.
 */
export async function generate (options: GenerateOptions): Promise<Generated> {
  checkKeys(options, ['module', 'client', 'out', 'check'], 'generate: options', WSG_ERR_GENERATE)
  const { module, client, out, check = false } = options
  const files = emitClients(await loadModels(module), client)
  if (check) return { files, written: [], differences: await compareFiles(out, files) }
  return { files, written: await writeFiles(out, files), differences: [] }
}
