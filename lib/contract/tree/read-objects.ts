import type { TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import { isSafeName } from '../names.js'
import { POLICY_PATTERN } from '../text/spec.js'
import { fail, isFromPeer, step, type Context, type Place } from './context.js'
import { MAX_NAME_LENGTH, type Node, type ObjectNode, type Property } from './nodes.js'
import { checkPattern } from './read-scalars.js'

// Tested in test/contract/boot-checks.test.ts.

/** Type.Record's pattern for Type.String keys: any name. */
const ANY_NAME = '^(.*)$'

/** Type.Object. */
export function readObject (context: Context, schema: TSchema, path: string, place: Place): ObjectNode {
  if (schema.properties === undefined) fail(context, path, 'an object needs properties; write Type.Object({ … })')
  const required = new Set<string>(schema.required ?? [])
  const properties = Object.entries<unknown>(schema.properties).map(([name, property]): Property => {
    checkName(context, path, name)
    return { name, required: required.has(name), node: context.read(property, step(path, name), place) }
  })
  for (const name of required) {
    checkName(context, path, name)
    if (!Object.hasOwn(schema.properties as object, name)) {
      fail(context, path, `required names ${got(name)}, which is not among the properties`)
    }
  }
  const extra = readExtra(context, schema, path, place)
  return objectNode(context, schema, path, { properties, extra, extraNames: null })
}

function readExtra (context: Context, schema: TSchema, path: string, place: Place): Node | null {
  const { additionalProperties: open } = schema
  if (open === undefined || open === false) return null
  if (open !== true) {
    checkBound(context, schema, path)
    return context.read(open, `${path}/*`, place)
  }
  // ours: only a schema declares; `true` tolerates what is there, it does not name it
  if (!isFromPeer(context)) return null
  if (schema.unboundedOnPurpose !== true) {
    fail(context, path, 'additionalProperties: true takes whatever a peer sends; ' +
      'expected a schema with { maxProperties }, or { unboundedOnPurpose: true } beside it')
  }
  return { kind: 'any' }
}

/** Type.Record with names that the peer chooses. */
export function readRecord (context: Context, schema: TSchema, path: string, place: Place): ObjectNode {
  const entries = Object.entries<unknown>(schema.patternProperties ?? {})
  const [entry] = entries
  if (entries.length !== 1 || entry === undefined) {
    fail(context, path, 'a record has exactly one pattern; write Type.Record(key, value)')
  }
  const [source, value] = entry
  if (source === POLICY_PATTERN) {
    fail(context, path, 'Type.Record does not keep the text policy of its names; ' +
      'write Type.Record(Type.String({ pattern }), value)')
  }
  checkBound(context, schema, path)
  let extraNames: RegExp | null = null
  if (source !== ANY_NAME) {
    if (isFromPeer(context) && schema.patternProvenSafe !== true) {
      checkPattern(context, path, source, '', MAX_NAME_LENGTH)
    }
    try {
      extraNames = new RegExp(source)
    } catch {
      fail(context, path, 'the pattern of the names is not a regular expression')
    }
  }
  const extra = context.read(value, `${path}/*`, place)
  return objectNode(context, schema, path, { properties: [], extra, extraNames })
}

function checkName (context: Context, path: string, name: string): void {
  if (!isSafeName(name)) {
    fail(context, path, `${got(name)} can not be the name of a property: every object inherits it, ` +
      'so that a check for it proves nothing')
  }
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) {
    fail(context, path, `the name of a property has a control character or a lone surrogate: ${got(name)}`)
  }
}

function checkBound (context: Context, schema: TSchema, path: string): void {
  if (isFromPeer(context) && schema.maxProperties === undefined && schema.unboundedOnPurpose !== true) {
    fail(context, path, 'names chosen by a peer need { maxProperties }, or { unboundedOnPurpose: true } ' +
      'to be limited by maxPayload only')
  }
}

type Members = Pick<ObjectNode, 'properties' | 'extra' | 'extraNames'>

function objectNode (context: Context, schema: TSchema, path: string, members: Members): ObjectNode {
  const min: number = schema.minProperties ?? 0
  const max: number = schema.maxProperties ?? Infinity
  if (min > max) fail(context, path, `minProperties ${min} is above maxProperties ${max}`)
  const node: ObjectNode = { kind: 'object', ...members, unknown: context.unknown, min, max, beside: [] }
  checkCounts(context, path, node)
  return node
}

/** Refuses counts that no object of these properties can have. */
export function checkCounts (context: Context, path: string, { properties, extra, min, max }: ObjectNode): void {
  const required = properties.filter(property => property.required).length
  if (required > max) fail(context, path, `maxProperties ${max} is below the ${required} properties that are required`)
  if (extra === null && min > properties.length) {
    fail(context, path, `minProperties ${min} is above the ${properties.length} properties that are declared`)
  }
}
