// Tested in test/model/diff.test.ts.

import type {
  ArrayModel, DefinitionModel, NumberModel, ObjectModel, StringModel, TupleModel, TypeModel,
} from '../../types/model.js'
import { step } from '../contract/tree/context.js'
import {
  became, both, compareNumbers, compareStrings, compareValues, fits, fitsAll, flag, isEqual, type Kind,
  nameOf, range, type TypeChange,
} from './diff-bounds.js'
import { type Definition, resolve, type Types } from './types-by-name.js'

export interface Sides {
  readonly before: Types
  readonly after: Types
  /** Undeclared properties do no harm: a server drops them, or a client passes over them. */
  readonly isOpen: { readonly before: boolean, readonly after: boolean }
}

/** How the values of a type changed. Names of types don't count. */
export function compareTypes (before: TypeModel, after: TypeModel, sides: Sides): readonly TypeChange[] {
  return new Comparison(sides).compare(before, after, '')
}

class Comparison {
  readonly #sides: Sides
  /** Pairs under way, for types that hold themselves. */
  readonly #open = new Map<DefinitionModel, Set<DefinitionModel>>()

  constructor (sides: Sides) {
    this.#sides = sides
  }

  compare (before: DefinitionModel, after: DefinitionModel, path: string): readonly TypeChange[] {
    const [old, now] = [resolve(before, this.#sides.before), resolve(after, this.#sides.after)]
    const partners = this.#open.get(old) ?? new Set()
    if (partners.has(now)) return []
    this.#open.set(old, partners.add(now))
    try {
      if (old.kind === 'any' || now.kind === 'any') {
        if (old.kind === now.kind) return []
        return [{ kind: old.kind === 'any' ? 'narrowed' : 'widened', path, text: became(nameOf(old), nameOf(now)) }]
      }
      if (old.kind !== 'union' && now.kind !== 'union' && isSameKind(old, now)) return this.#sameKind(old, now, path)
      return this.#variants(old, now, path)
    } finally {
      partners.delete(now)
    }
  }

  #sameKind (old: Definition, now: Definition, path: string): readonly TypeChange[] {
    switch (old.kind) {
      case 'values': return now.kind === 'values' ? compareValues(old, now, path) : fitsAll(old, now, path)
      case 'number': return compareNumbers(old, now as NumberModel, path)
      case 'string': return compareStrings(old, now as StringModel, path)
      case 'bytes': return range(old, now as typeof old, path, 'minBytes', 'maxBytes', 'bytes')
      case 'array': return this.#arrays(old, now as ArrayModel, path)
      case 'tuple': return this.#tuples(old, now as TupleModel, path)
      case 'object': return this.#objects(old, now as ObjectModel, path)
      case 'all': return isEqual(old, now) ? [] : both(path, 'other conditions')
      default: return []
    }
  }

  #arrays (old: ArrayModel, now: ArrayModel, path: string): readonly TypeChange[] {
    return [
      ...range(old, now, path, 'minItems', 'maxItems', 'items'),
      ...flag(old.uniqueItems === true, now.uniqueItems === true, path, 'items have to differ'),
      ...(isEqual(old.contains, now.contains) ? [] : both(path, 'it has to contain something else')),
      ...this.compare(old.items, now.items, `${path}/*`),
    ]
  }

  #tuples (old: TupleModel, now: TupleModel, path: string): readonly TypeChange[] {
    if (old.items.length !== now.items.length) return both(path, became(`${old.items.length} items`, now.items.length))
    return old.items.flatMap((item, i) => this.compare(item, now.items[i]!, `${path}/${i}`))
  }

  #objects (old: ObjectModel, now: ObjectModel, path: string): readonly TypeChange[] {
    const { isOpen } = this.#sides
    const [had, has] = [old, now].map(type => new Map(type.properties.map(property => [property.name, property])))
    const at = (name: string): string => step(path, name)
    const gone = old.properties.filter(({ name }) => !has!.has(name))
    const removed = gone.flatMap(({ name, required, type }): TypeChange[] => [
      ...(isOpen.after || takes(now, name) ? [] : [{ kind: 'narrowed' as const, path: at(name), text: 'removed' }]),
      ...(required ? [{ kind: 'widened' as const, path: at(name), text: 'removed: it may be missing' }] : []),
      ...(now.extra === undefined ? [] : this.compare(type, now.extra, at(name))),
    ])
    const come = now.properties.filter(({ name }) => !had!.has(name))
    const added = come.flatMap(({ name, required, type }): TypeChange[] => [
      ...(required ? [{ kind: 'narrowed' as const, path: at(name), text: 'added, and it has to be there' }] : []),
      ...(isOpen.before || takes(old, name) ? [] : [{ kind: 'widened' as const, path: at(name), text: 'added' }]),
      ...(old.extra === undefined ? [] : this.compare(old.extra, type, at(name))),
    ])
    const kept = old.properties.filter(({ name }) => has!.has(name)).flatMap(({ name, required, type }) => {
      const other = has!.get(name)!
      return [
        ...flag(required, other.required, at(name), 'it has to be there'),
        ...this.compare(type, other.type, at(name)),
      ]
    })
    return [
      ...removed,
      ...added,
      ...kept,
      ...this.#further(old, now, path),
      ...range(old, now, path, 'minProperties', 'maxProperties', 'properties'),
    ]
  }

  #further (old: ObjectModel, now: ObjectModel, path: string): readonly TypeChange[] {
    const { isOpen } = this.#sides
    if (old.extra !== undefined && now.extra !== undefined) {
      const names = old.extraNames === now.extraNames
        ? []
        : old.extraNames === undefined || now.extraNames === undefined
          ? flag(old.extraNames !== undefined, now.extraNames !== undefined, path, 'names have to match a pattern')
          : both(path, became(`names that match ${old.extraNames}`, now.extraNames))
      return [...names, ...this.compare(old.extra, now.extra, `${path}/*`)]
    }
    if (old.extra !== undefined && !isOpen.after) return [{ kind: 'narrowed', path, text: 'no further properties' }]
    if (now.extra !== undefined && !isOpen.before) return [{ kind: 'widened', path, text: 'further properties' }]
    return []
  }

  /** Unions, and types of different kinds, which are unions of one. */
  #variants (old: Definition, now: Definition, path: string): readonly TypeChange[] {
    const [had, has] = [variantsOf(old, this.#sides.before), variantsOf(now, this.#sides.after)]
    const changes: TypeChange[] = []
    const left = new Set(has)
    for (const variant of had) {
      const same = [...left].find(other => this.#isPartner(variant, other, old, now))
      if (same !== undefined) {
        left.delete(same)
        changes.push(...this.compare(variant, same, path))
      } else if (!has.some(other => this.#isWithin(variant, other, path, 'narrowed'))) {
        changes.push({ kind: 'narrowed', path, text: `no ${nameOf(variant)} any more` })
      }
    }
    for (const variant of left) {
      const isCovered = had.some(other => this.#isWithin(other, variant, path, 'widened') ||
        (variant.kind === 'values' && variant.values.every(value => fits(value, other))))
      if (!isCovered) {
        changes.push({ kind: 'widened', path, text: `also ${nameOf(variant)}` })
      }
    }
    return changes
  }

  /** A variant and what became of it: by the tag, else by the kind. Objects without a tag are taken in their order. */
  #isPartner (old: Definition, now: Definition, before: Definition, after: Definition): boolean {
    if (old.kind !== now.kind) return false
    if (old.kind !== 'object' || now.kind !== 'object') return true
    const tag = before.kind === 'union' && after.kind === 'union' ? before.tag : undefined
    if (tag === undefined) return true
    return isEqual(valuesOfTag(old, tag), valuesOfTag(now, tag))
  }

  #isWithin (old: Definition, now: Definition, path: string, kind: Kind): boolean {
    return isSameKind(old, now) && this.compare(old, now, path).every(change => change.kind !== kind)
  }
}

/** Variants, unions in unions as well; allowed values are one variant. */
function variantsOf (type: Definition, types: Types): readonly Definition[] {
  const all = type.kind === 'union' ? type.variants.flatMap(one => variantsOf(resolve(one, types), types)) : [type]
  const values = all.flatMap(one => one.kind === 'values' ? one.values : [])
  const others = all.filter(one => one.kind !== 'values')
  return values.length === 0 ? others : [{ kind: 'values', values: [...new Set(values)] }, ...others]
}

const valuesOfTag = (type: ObjectModel, tag: string): unknown => {
  const property = type.properties.find(one => one.name === tag)
  return property?.type.kind === 'values' ? property.type.values : null
}

/** Kinds that can be compared; allowed values with what they are values of. */
function isSameKind (old: Definition, now: Definition): boolean {
  return old.kind === now.kind || (old.kind === 'values' && ['string', 'number', 'boolean'].includes(now.kind))
}

const takes = (type: ObjectModel, name: string): boolean =>
  type.extra !== undefined && (type.extraNames === undefined || new RegExp(type.extraNames).test(name))
