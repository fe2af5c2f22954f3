// What both back ends of the serializer write from: a schema, read once at boot.

/** A string; an absent limit is -1. Lengths are UTF-16 code units, as TypeBox counts them. */
export interface StringPlan {
  readonly kind: 'string'
  readonly min: number
  readonly max: number
  readonly pattern: RegExp | null
  readonly format: ((value: string) => boolean) | null
  readonly formatName: string | null
  /** Refuse lone surrogates: the schema carries a text policy. Elsewhere they leave as `\udXXX`. */
  readonly wellFormed: boolean
}

/** A finite number. Absent limits are null. */
export interface NumberPlan {
  readonly kind: 'number'
  readonly integer: boolean
  readonly min: number | null
  readonly max: number | null
  readonly above: number | null
  readonly below: number | null
  readonly multipleOf: number | null
}

export interface BooleanPlan { readonly kind: 'boolean' }
export interface NullPlan { readonly kind: 'null' }
export interface NeverPlan { readonly kind: 'never' }
/** Anything that JSON can hold, written by a guarded `JSON.stringify`. */
export interface AnyPlan { readonly kind: 'any' }
/** One of a few constants. */
export interface EnumPlan { readonly kind: 'enum', readonly values: readonly (string | number | boolean)[] }
/** Accepts what `plan` refuses; only ever a part of `both`. */
export interface NotPlan { readonly kind: 'not', readonly plan: Plan }
/** Scalars that several schemas describe at once: the first one writes, all must accept. */
export interface BothPlan { readonly kind: 'both', readonly plans: readonly Plan[] }

export interface PropertyPlan {
  readonly name: string
  readonly plan: Plan
  /** False: left out when undefined. */
  readonly required: boolean
}

export interface ObjectPlan {
  readonly kind: 'object'
  readonly properties: readonly PropertyPlan[]
  /** Own keys that are not in `properties` and match a pattern. */
  readonly patterns: readonly { readonly pattern: RegExp, readonly plan: Plan }[]
  /** Own keys that match neither; null leaves them out. */
  readonly additional: Plan | null
  /** Count of properties written; -1 when absent. */
  readonly min: number
  readonly max: number
}

export interface ArrayPlan {
  readonly kind: 'array'
  readonly items: Plan
  readonly min: number
  readonly max: number
  readonly unique: boolean
  readonly contains: { readonly plan: Plan, readonly min: number, readonly max: number } | null
}

export interface TuplePlan { readonly kind: 'tuple', readonly items: readonly Plan[] }

/** The first variant that accepts the value writes it. */
export interface UnionPlan {
  readonly kind: 'union'
  readonly variants: readonly Plan[]
  /** Set when all variants are objects that tell themselves apart by one string constant. */
  readonly tag: { readonly name: string, readonly values: readonly string[] } | null
}

/** Breaks a recursion: `target` is set once the schema it names is planned. */
export interface RefPlan { readonly kind: 'ref', target: Plan | null }

export type Plan =
  | StringPlan | NumberPlan | BooleanPlan | NullPlan | NeverPlan | AnyPlan | EnumPlan | NotPlan | BothPlan
  | ObjectPlan | ArrayPlan | TuplePlan | UnionPlan | RefPlan

/** What a reference stands for, as far as it is planned. */
export const resolve = (plan: Plan): Plan => plan.kind === 'ref' && plan.target !== null ? resolve(plan.target) : plan

/** Names that every object inherits: read as own properties only. */
export const isInherited = (name: string): boolean => name in Object.prototype

/** True when keys that are not listed may leave. */
export const hasRest = (plan: ObjectPlan): boolean => plan.patterns.length > 0 || plan.additional !== null

/** Keys that are never among the rest. `__proto__` is no name a contract can mean, and a peer would refuse it. */
export const takenKeys = (plan: ObjectPlan): ReadonlySet<string> => new Set(['__proto__', ...plan.properties.map(({ name }) => name)])

/** Builds a union: constants are folded into one set, objects with a constant tag are told apart by it. */
export function unionOf (given: readonly Plan[]): Plan {
  const variants: Plan[] = []
  for (const plan of given.flatMap(variant => variant.kind === 'union' ? variant.variants : [variant])) {
    const last = variants.at(-1)
    if (plan.kind === 'enum' && last?.kind === 'enum') variants[variants.length - 1] = { kind: 'enum', values: [...new Set([...last.values, ...plan.values])] }
    else variants.push(plan)
  }
  const [only] = variants
  if (only === undefined) return { kind: 'never' }
  if (variants.length === 1) return only
  const objects = variants.filter(variant => resolve(variant).kind === 'object')
  const others = variants.filter(variant => !objects.includes(variant))
  const tag = tagOf(objects)
  if (others.length === 0) return { kind: 'union', variants, tag }
  // No scalar or array is an object, so the order among them does not matter.
  if (tag === null || !others.every(variant => DISJOINT.has(variant.kind))) return { kind: 'union', variants, tag: null }
  return { kind: 'union', variants: [...others, { kind: 'union', variants: objects, tag }], tag: null }
}

const DISJOINT: ReadonlySet<Plan['kind']> = new Set(['string', 'number', 'boolean', 'null', 'enum', 'array', 'tuple', 'never'])

function tagOf (variants: readonly Plan[]): UnionPlan['tag'] {
  const [first, ...others] = variants.map(resolve)
  if (first?.kind !== 'object' || others.length === 0) return null
  for (const { name } of first.properties) {
    const values: string[] = []
    for (const variant of [first, ...others]) {
      const property = variant.kind === 'object' ? variant.properties.find(candidate => candidate.name === name) : undefined
      const value = property?.required === true && property.plan.kind === 'enum' && property.plan.values.length === 1 ? property.plan.values[0] : null
      if (typeof value === 'string') values.push(value)
    }
    if (!isInherited(name) && new Set(values).size === variants.length) return { name, values }
  }
  return null
}
