import { canGenerateCode } from '../../lib/contract/inbound/validator.js'

/** Whether scripts/no-codegen.js started this process, or somebody with the options of that script: known without asking the library. */
export const CODEGEN_FORBIDDEN = process.env['NO_CODEGEN'] === '1' ||
  process.execArgv.some(option => /--disallow-code-generation-from-strings|forbid-codegen\.mjs/.test(option))

/** What the library itself says of this process. False: a test of generated code runs with closures alone. */
export const CAN_GENERATE = canGenerateCode()

/** Values of `interpreted` that this process can run. Every rule must hold for each. */
export const MODES: readonly boolean[] = CAN_GENERATE ? [false, true] : [true]
