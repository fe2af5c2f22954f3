import { REFUSED } from '../../protocol/refused.js'
import type { Issue } from '../../../types/contract.js'
import { MAX_ISSUES } from '../../protocol/envelope.js'
import { copyAny, isFreeName, isPlainObject, isUnique } from './sanitizer-runtime.js'
import { MAX_RECURSION, type NumberShape, type ObjectShape, type Shape, type ShapeTree, type StringShape, type UnionShape } from '../schema/shape.js'
import { plainString } from '../text/rules.js'

// Why a payload was refused, for the peer: where and what was expected, never a value, a bound, a pattern or the schema, nor a name
// that the contract doesn't declare (attack G12). Slow path; ends at the eighth issue, and lengths come first, so that 50,000 bad
// items cost no more than eight (attack F22).

/** UTF-16 units of a path. */
const MAX_PATH = 128

/** Says why a payload does not fit. At most 8 issues; none when it fits as far as shapes can tell. Never throws. */
export function compileExplain (tree: ShapeTree): (value: unknown) => Issue[] {
  return value => {
    const issues: Issue[] = []
    new Explainer(tree, issues).visit(tree.root, value, '', 0)
    return issues
  }
}

class Explainer {
  readonly #tree: ShapeTree
  readonly #issues: Issue[]

  constructor (tree: ShapeTree, issues: Issue[]) {
    this.#tree = tree
    this.#issues = issues
  }

  visit (shape: Shape, value: unknown, path: string, depth: number): void {
    if (this.#issues.length >= MAX_ISSUES) return
    switch (shape.kind) {
      case 'any': return this.#expect(copyAny(value) !== REFUSED, path, 'expected plain JSON without forbidden names')
      case 'boolean': return this.#expect(typeof value === 'boolean', path, 'expected boolean')
      case 'values': return this.#expect(shape.values.includes(value as string), path, shape.values.length === 1 ? 'expected the declared constant' : 'expected one of the declared constants')
      case 'number': return this.#number(shape, value, path)
      case 'string': return this.#string(shape, value, path)
      case 'bytes': return this.#expect(value instanceof Uint8Array && value.length >= shape.min && value.length <= shape.max, path, 'expected bytes of the declared length')
      case 'array': {
        if (!Array.isArray(value)) return this.#add(path, 'expected array')
        if (value.length > shape.max) return this.#add(path, 'expected fewer items')
        if (value.length < shape.min) return this.#add(path, 'expected more items')
        for (let i = 0; i < value.length && this.#issues.length < MAX_ISSUES; i++) this.visit(shape.items, value[i], `${path}/${i}`, depth)
        if (shape.unique && this.#issues.length === 0 && !isUnique(value)) this.#add(path, 'expected unique items')
        return
      }
      case 'tuple': {
        if (!Array.isArray(value)) return this.#add(path, 'expected array')
        if (value.length !== shape.items.length) return this.#add(path, 'expected the declared number of items')
        return shape.items.forEach((item, i) => this.visit(item, value[i], `${path}/${i}`, depth))
      }
      case 'object': return this.#object(shape, value, path, depth)
      case 'union': return this.#union(shape, value, path, depth)
      case 'ref': return depth + 1 > MAX_RECURSION ? this.#add(path, 'expected fewer levels') : this.visit(this.#tree.definitions.get(shape.name)!, value, path, depth + 1)
    }
  }

  #number (shape: NumberShape, value: unknown, path: string): void {
    const is = shape.integer ? Number.isSafeInteger(value) : Number.isFinite(value)
    if (!is) return this.#add(path, shape.integer ? 'expected integer' : 'expected number')
    const number = value as number
    if (number > shape.max || number >= shape.below) return this.#add(path, 'expected a smaller number')
    if (number < shape.min || number <= shape.above) return this.#add(path, 'expected a larger number')
    this.#expect(shape.multipleOf === 0 || number % shape.multipleOf === 0, path, 'expected a multiple of the declared step')
  }

  #string (shape: StringShape, value: unknown, path: string): void {
    if (typeof value !== 'string') return this.#add(path, 'expected string')
    if (value.length > shape.rawMax) return this.#add(path, 'expected a shorter string')
    if (shape.rawMax === shape.max && value.length < shape.min) return this.#add(path, 'expected a longer string')
    const clean = shape.clean === null ? (plainString(value) ? value : undefined) : shape.clean(value)
    if (clean === undefined) return this.#add(path, 'expected text without forbidden characters')
    if (clean.length > shape.max) return this.#add(path, 'expected a shorter string')
    if (clean.length < shape.min) return this.#add(path, 'expected a longer string')
    this.#expect((shape.pattern === null || shape.pattern.test(clean)) && (shape.format === null || shape.format(clean)), path, 'expected the declared format')
  }

  #object (shape: ObjectShape, value: unknown, path: string, depth: number): void {
    if (typeof value !== 'object' || value === null || !isPlainObject(value)) return this.#add(path, 'expected object')
    const source = value as Record<string, unknown>
    for (const { name, required, shape: inner } of shape.properties) {
      const at = below(path, name)
      const present = Object.hasOwn(source, name) && source[name] !== undefined
      if (present) this.visit(inner, source[name], at, depth)
      else if (required) this.#add(at, 'expected required property')
    }
    const known = new Set([...shape.properties.map(property => property.name), ...shape.beside])
    let count = shape.properties.filter(property => source[property.name] !== undefined).length
    let fits = true
    for (const name in source) {
      if (this.#issues.length >= MAX_ISSUES) return
      if (known.has(name)) continue
      if (shape.extra === null) {
        if (shape.unknown !== 'refuse') break
        this.#add(path, 'unexpected property')
        break
      }
      if (++count > shape.max) return this.#add(path, 'expected fewer properties')
      if (fits) fits = this.#member(shape.extra, shape.extraNames, name, source[name], path, depth)
    }
    if (count > shape.max) this.#add(path, 'expected fewer properties')
    if (count < shape.min) this.#add(path, 'expected more properties')
  }

  // A name that the peer chose is not repeated: the first member that does not fit is told at the place of the whole.
  #member (shape: Shape, names: RegExp | null, name: string, value: unknown, path: string, depth: number): boolean {
    if (!isFreeName(name) || (names !== null && !names.test(name))) {
      this.#add(path, 'expected a property name that is allowed')
      return false
    }
    const inner: Issue[] = []
    new Explainer(this.#tree, inner).visit(shape, value, path, depth)
    const [first] = inner
    if (first !== undefined) this.#add(path, first.message)
    return first === undefined
  }

  #union (shape: UnionShape, value: unknown, path: string, depth: number): void {
    if (shape.tag !== null && typeof value === 'object' && value !== null) {
      const { name, values } = shape.tag
      const kind = (value as Record<string, unknown>)[name]
      const index = values.findIndex(list => list.includes(kind as string))
      if (index === -1) return this.#add(below(path, name), 'expected one of the declared constants')
      return this.visit(shape.variants[index]!, value, path, depth)
    }
    const fits = shape.variants.some(variant => {
      const issues: Issue[] = []
      new Explainer(this.#tree, issues).visit(variant, value, path, depth)
      return issues.length === 0
    })
    this.#expect(fits, path, 'expected one of the declared forms')
  }

  #expect (fits: boolean, path: string, message: string): void {
    if (!fits) this.#add(path, message)
  }

  #add (path: string, message: string): void {
    if (this.#issues.length < MAX_ISSUES) this.#issues.push({ path: path.length > MAX_PATH ? path.slice(0, MAX_PATH).toWellFormed() : path, message })
  }
}

/** A JSON pointer's next step (RFC 6901 section 3). */
function below (path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
