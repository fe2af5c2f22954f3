import type { TSchema } from '@sinclair/typebox'
import { FLAT_REPLY_KEY, type EnvelopeKeys } from '../../protocol/envelope.js'
import { WSG_ERR_OUTBOUND_INVALID } from '../../errors/coded.js'
import { compileSerializer } from './serializer.js'
import { show } from '../schema/keywords.js'
import type { Shape, ShapeTree } from '../schema/shape.js'
import { failContract } from '../../errors/contract-error.js'

/** How texts for the peer are written. Every encoder throws WSG_ERR_OUTBOUND_INVALID when the data breaks the contract. */
export interface EncodeOptions {
  readonly envelope: EnvelopeKeys
  readonly interpreted: boolean
}

/** A whole outbound message as JSON text (docs/protocol.md section 3). */
export function compileMessageEncoder (type: string, schema: TSchema, where: string, { envelope, interpreted }: EncodeOptions): (data: unknown) => string {
  const serialize = compileSerializer(schema, where, { interpreted })
  const head = `{${JSON.stringify(envelope.type)}:${JSON.stringify(type)}`
  if (envelope.data !== null) {
    const start = `${head},${JSON.stringify(envelope.data)}:`
    return data => start + serialize(data) + '}'
  }
  return data => {
    const payload = serialize(data)
    return payload === '{}' ? `${head}}` : `${head},${payload.slice(1)}`
  }
}

/** A reply as JSON text. `idJson` is JSON already. Never flat. */
export function compileReplyEncoder (schema: TSchema, where: string, { envelope, interpreted }: EncodeOptions): (idJson: string, data: unknown) => string {
  const serialize = compileSerializer(schema, where, { interpreted })
  const start = `{${JSON.stringify(envelope.id)}:`
  const middle = `,${JSON.stringify(envelope.data ?? FLAT_REPLY_KEY)}:`
  return (idJson, data) => start + idJson + middle + serialize(data) + '}'
}

/** Checks a binary payload and hands it on as it is. */
export function compileBinaryEncoder (schema: TSchema, where: string): (data: unknown) => Uint8Array {
  const min: number = schema.minByteLength ?? 0
  const max: number = schema.maxByteLength ?? Infinity
  return data => {
    if (!(data instanceof Uint8Array)) throw new WSG_ERR_OUTBOUND_INVALID(`${where}: the value is expected to be a Uint8Array, came ${typeof data}`)
    if (data.length < min || data.length > max) throw new WSG_ERR_OUTBOUND_INVALID(`${where}: the value is expected to have ${min} to ${max} bytes, came ${data.length}`)
    return data
  }
}

/**
 * Flat envelopes: the payload must be an object none of whose properties is a key of the envelope. `outbound`: nor may a name
 * that is only known at run time be one, since the last of two equal keys counts. Throws WSG_ERR_CONTRACT.
 */
export function checkFlatPayload (tree: ShapeTree, where: string, taken: readonly string[], outbound = false): void {
  const visit = (shape: Shape, open: ReadonlySet<Shape>): void => {
    if (open.has(shape)) return
    if (shape.kind === 'ref') return visit(tree.definitions.get(shape.name)!, new Set([...open, shape]))
    if (shape.kind === 'union') return shape.variants.forEach(variant => visit(variant, new Set([...open, shape])))
    if (shape.kind !== 'object') failContract(where, '', 'with envelope.data: null the payload stands beside the type, so it must be a Type.Object')
    for (const { name } of shape.properties) {
      if (taken.includes(name)) failContract(where, `/${name}`, `the flat envelope has a key ${show(name)} of its own; rename the property or the envelope's key`)
    }
    const { extra, extraNames } = shape
    const spoofed = outbound && extra !== null ? taken.find(name => extraNames === null || extraNames.test(name)) : undefined
    if (spoofed !== undefined) failContract(where, '', `a name chosen at run time could be the flat envelope's ${show(spoofed)}; put the record into a property`)
  }
  visit(tree.root, new Set())
}

/** The same tree, with the envelope's keys left out of every object a flat payload may be. */
export function besideEnvelope (tree: ShapeTree, keys: readonly string[]): ShapeTree {
  const relax = (shape: Shape): Shape => {
    if (shape.kind === 'object') return { ...shape, beside: keys }
    if (shape.kind === 'union') return { ...shape, variants: shape.variants.map(relax) }
    if (shape.kind === 'ref') return relax(tree.definitions.get(shape.name)!)
    return shape
  }
  return { root: relax(tree.root), definitions: tree.definitions }
}
