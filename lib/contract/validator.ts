import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import { failContract } from './walk-context.js'

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
 * TypeBox's own verdict, asked about the sanitizer's copy only: a second opinion that shares no code with it, and the
 * one that runs patterns and formats. `Value.Check` reads and never builds, and what it reads is already a plain copy of
 * bounded depth, so that the faults of `Value.*` on untrusted input don't apply. Throws WSG_ERR_CONTRACT for a schema that
 * TypeBox itself does not take.
 */
export function compileValidator (schema: TSchema, where: string, options: { readonly interpreted: boolean }): Validator {
  try {
    if (options.interpreted) {
      // reads the schema once, so that what it can't read is found at boot
      Value.Check(schema, undefined)
      return value => Value.Check(schema, value)
    }
    const check = TypeCompiler.Compile(schema)
    return value => check.Check(value)
  } catch (error) {
    failContract(where, '', `TypeBox does not take the schema: ${error instanceof Error ? error.message : 'unknown reason'}`)
  }
}
