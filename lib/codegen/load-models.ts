// Tested in test/codegen/generate.test.ts and test/codegen/cli.test.ts.

import type { ContractModel } from '../../types/model.js'
import { WSG_ERR_CONTRACT, WSG_ERR_GENERATE } from '../errors/coded.js'
import { readModel } from '../model/model.js'
import { loadContracts } from './load.js'

/** Models of a module's contracts, sorted by name. Throws WSG_ERR_GENERATE with the file and the cause. */
export async function loadModels (path: string): Promise<readonly ContractModel[]> {
  const loaded = await loadContracts(path)
  try {
    return loaded.map(({ contract, url, route }) => readModel(contract, { url, ...(route === null ? {} : { route }) }))
      .sort((a, b) => a.name < b.name ? -1 : 1)
  } catch (error) {
    if (error instanceof WSG_ERR_CONTRACT) throw new WSG_ERR_GENERATE(`${path}: ${error.message}`)
    throw error
  }
}
