import type { SchemaTree } from '../tree/nodes.js'
import { breachError } from './breach.js'
import { generateWriter } from './text-generator.js'

// Tested in test/contract/serializer.test.ts.

/** Writes a value as JSON text. Throws WSG_ERR_OUTBOUND_INVALID. */
export type Serializer = (value: unknown) => string

/**
 * Compiles a tree to a function that writes JSON text of declared properties only, in declared order, and checks the
 * value while it writes: each property is read once, so what was checked is what leaves.
 *
 * - Properties the schema does not name are left out, at every level. `additionalProperties: true` names nothing;
 *   a schema there, a Record's pattern and Unknown do.
 * - A field's text policy holds: a value that it refuses is refused, and with `clean` what it makes of it leaves.
 * - Of several variants of a union that fit, the one that keeps most is written.
 * - `toJSON` is called only inside Any and Unknown. A property that is `undefined` counts as absent.
 * - Numbers are finite, `-0` is written `0`, a Date is refused where a string is declared.
 */
export function compileSerializer (tree: SchemaTree): Serializer {
  const write = generateWriter(tree)
  return value => {
    let text: string | undefined
    try {
      text = write(value)
    } catch (cause) {
      throw breachError(tree, value, { cause })
    }
    if (text === undefined) throw breachError(tree, value)
    return text
  }
}
