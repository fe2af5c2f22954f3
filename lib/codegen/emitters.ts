import type { ContractModel } from '../../types/model.js'
import { emitPython } from './python.js'
import type { GeneratedFile } from './stamp.js'
import { emitTypeScript } from './typescript.js'

/** Writes a client of one contract. A function of the model alone. */
export type Emitter = (model: ContractModel) => readonly GeneratedFile[]

/** Languages that `--client` takes. */
export const EMITTERS: ReadonlyMap<string, Emitter> = new Map([
  ['typescript', emitTypeScript],
  ['python', emitPython],
])
