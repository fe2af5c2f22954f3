import { Kind, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { checkKeys, isPlain } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { isObject } from '../errors/expected.js'
import { adviceOnKey, notesOf, objectOf } from './option-advice.js'
import { optionFault } from './option-fault.js'

/**
 * Throws WSG_ERR_OPTION for the first option that does not fit: its name, what was expected, what it got. A key that
 * the schema does not have is told before anything else, with the nearest right name; so is a key without a value.
 */
export function checkOptions (schema: TSchema, value: unknown, where: string): void {
  const object = objectOf(schema)
  if (object !== null && isObject(value)) {
    // A strategy may be an instance of a class, which keeps what it likes.
    if (notesOf(object).closed === true && (isPlain(value) || notesOf(object).expected === undefined)) {
      checkKeys(value, Object.keys(object.properties), where, WSG_ERR_OPTION, key => adviceOnKey(object, key))
      for (const [name, option] of Object.entries(object.properties)) {
        if (Object.hasOwn(value, name)) checkOptions(option, value[name], `${where}.${name}`)
      }
    }
  } else if (schema[Kind] === 'Array' && Array.isArray(value) && isObject(schema['items'])) {
    const items = schema['items'] as unknown as TSchema
    for (const [index, item] of value.entries()) checkOptions(items, item, `${where}[${index}]`)
  }
  // Errors takes an inherited method for a missing one; Check does not.
  if (!Value.Check(schema, value)) throw new WSG_ERR_OPTION(optionFault(schema, value, where))
}

/** A frozen copy of `given` with the defaults of `schema`; what is handed over as it is stays what it was. */
export function fillOptions (schema: TSchema, given: unknown): unknown {
  const object = notesOf(schema).expected === undefined ? objectOf(schema) : null
  if (object !== null && (given === undefined || isObject(given))) {
    const filled: { [name: string]: unknown } = {}
    for (const [name, option] of Object.entries(object.properties)) {
      const value = fillOptions(option, given?.[name])
      if (value !== undefined) filled[name] = value
    }
    return given === undefined && Object.keys(filled).length === 0 ? undefined : Object.freeze(filled)
  }
  if (given === undefined) return notesOf(schema).default
  if (!Array.isArray(given)) return given
  const items = schema[Kind] === 'Array' ? schema['items'] as TSchema : null
  return Object.freeze(given.map(item => items === null ? item as unknown : fillOptions(items, item)))
}
