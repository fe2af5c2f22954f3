import type { TSchema } from '@sinclair/typebox'
import { WSG_ERR_OUTBOUND_INVALID } from '../../errors/coded.js'
import { closureWriter } from './serializer-closure.js'
import { generatedWriter } from './serializer-codegen.js'
import { explainBreach } from './serializer-explain.js'
import type { Plan } from './serializer-plan.js'
import { planSchema } from './serializer-read.js'

export interface SerializerOptions {
  /** True: closures instead of generated code, for processes that forbid code generation. */
  readonly interpreted: boolean
}

/** Writes a value as JSON text. Throws WSG_ERR_OUTBOUND_INVALID. */
export type Serializer = (value: unknown) => string

/**
 * Compiles a TypeBox 0.34 schema to a function that writes JSON text of declared properties only, in declared order,
 * and checks the value while it writes: each property is read once, so what was checked is what leaves.
 *
 * - Properties the schema does not name are left out, at every level. `additionalProperties: true` names nothing;
 *   a schema there, a Record's pattern and Unknown do.
 * - A union is written by its first variant that accepts the value.
 * - `toJSON` is called only inside Any and Unknown. A property that is `undefined` counts as absent.
 * - Numbers are finite, `-0` is written `0`, a Date is refused where a string is declared.
 *
 * `where` begins the error messages, e.g. `contract "chat", outbound "said"`.
 * Throws WSG_ERR_CONTRACT for schemas with no JSON form (Transform, Date, BigInt, Uint8Array, …).
 */
export function compileSerializer (schema: TSchema, where: string, options: SerializerOptions): Serializer {
  const plan = planSchema(schema, where)
  const write = options.interpreted ? closureWriter(plan) : generatedWriter(plan)
  return value => {
    let text: string | undefined
    try {
      text = write(value)
    } catch (cause) {
      throw refusal(plan, value, where, { cause })
    }
    if (text === undefined) throw refusal(plan, value, where)
    return text
  }
}

function refusal (plan: Plan, value: unknown, where: string, thrown?: { readonly cause: unknown }): Error {
  const breach = explainBreach(plan, value)
  const cause = thrown ?? (breach !== null && 'cause' in breach ? { cause: breach.cause } : undefined)
  const message = breach === null
    ? `${where}: the value changed while it was read`
    : `${where}: ${breach.path === '' ? 'the value' : breach.path} is expected to be ${breach.expected}, came ${breach.came}`
  return cause === undefined ? new WSG_ERR_OUTBOUND_INVALID(message) : new WSG_ERR_OUTBOUND_INVALID(message, cause)
}
