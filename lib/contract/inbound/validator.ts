import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { failContract } from '../../errors/contract-error.js'

/** True when the value is what the schema says. */
export type Validator = (value: unknown) => boolean

let generates: boolean | undefined

/** Whether this process may turn strings into code (`--disallow-code-generation-from-strings`). Asked once. */
export function canGenerateCode (): boolean {
  if (generates === undefined) {
    try {
      // eslint-disable-next-line no-new-func
      generates = (new Function('return 1') as () => number)() === 1
    } catch {
      generates = false
    }
  }
  return generates
}

/**
 * TypeBox's own verdict, asked about the sanitizer's copy only: a second opinion that shares no code with it, and the one that
 * runs patterns and formats. Throws WSG_ERR_CONTRACT for a schema that TypeBox itself does not take.
 *
 * `interpreted`: null, after the same boot check. The sanitizer is complete there. `Value.Check`, the interpreter of
 * TypeBox, is not used: it throws on a null beside a RegExp or a closed Intersect in a union, and takes 430 ns where closures
 * need none.
 */
export function compileValidator (schema: TSchema, where: string, options: { readonly interpreted: boolean }): Validator | null {
  try {
    if (options.interpreted) {
      TypeCompiler.Code(schema)
      return null
    }
    const check = TypeCompiler.Compile(schema)
    return value => check.Check(value)
  } catch (error) {
    failContract(where, '', `TypeBox does not take the schema: ${error instanceof Error ? error.message : 'unknown reason'}`)
  }
}
