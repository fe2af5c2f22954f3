import type { TSchema } from '@sinclair/typebox'
import { Value, ValueErrorType } from '@sinclair/typebox/value'
import { isObject } from '../errors/expected.js'
import { got } from '../errors/got.js'
import { adviceOnValue, gotFor, literalsOf, notesOf, objectOf } from './option-advice.js'

// Tested in test/plugin/check-options.test.ts.

/** What is wrong with the option `where`, which does not fit its schema. */
export function optionFault (schema: TSchema, value: unknown, where: string): string {
  const { description, expected } = notesOf(schema)
  const note = description === undefined || description === '' ? '' : ` (${description})`
  if (expected !== undefined) {
    return `${where}: expected ${expected}, got ${gotFor(schema, value)}${adviceOnValue(schema, value)}${note}`
  }
  const object = objectOf(schema)
  if (object !== null && object !== schema && !isObject(value)) {
    return `${where}: expected false or an object of options, got ${got(value)}${adviceOnValue(schema, value)}${note}`
  }
  const fault = Value.Errors(schema, value).First()!
  const path = where + fault.path.replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.')
  if (fault.type === ValueErrorType.ObjectRequiredProperty) {
    return `${path}: expected ${notesOf(fault.schema).expected ?? 'a value'}, got nothing${note}`
  }
  const problem = fault.type === ValueErrorType.ArrayMinItems
    ? 'expected one entry or more'
    : literalsOf(fault.schema) ?? `${fault.message.charAt(0).toLowerCase()}${fault.message.slice(1)}`
  const came = gotFor(fault.schema, fault.value) + adviceOnValue(fault.schema, fault.value)
  return `${path}: ${problem}, got ${came}${note}`
}
