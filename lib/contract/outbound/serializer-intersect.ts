import { resolve, unionOf, type ObjectPlan, type Plan, type PropertyPlan } from './serializer-plan.js'

const MAX_VARIANTS = 64

/** Refuses an intersection at boot. */
type Refuse = (problem: string) => never

/**
 * One plan for `Intersect`: objects become one object with the properties of all, unions are multiplied out,
 * scalars are written once and checked by all. Anything else is refused at boot.
 */
export function mergeIntersect (given: readonly Plan[], refuse: Refuse): Plan {
  const parts = given.map(resolve).filter(part => part.kind !== 'any')
  if (parts.length === 0) return { kind: 'any' }
  const [first] = parts
  if (first !== undefined && parts.length === 1 && first.kind !== 'not') return first
  if (parts.some(part => part.kind === 'never')) return { kind: 'never' }
  if (parts.some(part => part.kind === 'ref')) return refuse('an Intersect can not hold the recursive schema it is part of')
  if (parts.some(part => part.kind === 'union')) return distribute(parts, refuse)
  const objects = parts.filter(part => part.kind === 'object')
  if (objects.length === parts.length) return objects.reduce((left, right) => mergeObjects(left, right, refuse))
  if (parts.some(part => part.kind === 'object' || part.kind === 'array' || part.kind === 'tuple')) {
    return refuse('an Intersect can be written when its parts are objects, records, unions of objects, or scalars')
  }
  // The first one writes, so it must not be one that only refuses.
  const plans = parts.toSorted((left, right) => Number(left.kind === 'not') - Number(right.kind === 'not'))
  if (plans[0]?.kind === 'not') return refuse('an Intersect of Not alone declares nothing to write')
  return { kind: 'both', plans }
}

function distribute (parts: readonly Plan[], refuse: Refuse): Plan {
  let rows: Plan[][] = [[]]
  for (const part of parts) {
    const variants = part.kind === 'union' ? part.variants : [part]
    rows = rows.flatMap(row => variants.map(variant => [...row, variant]))
    if (rows.length > MAX_VARIANTS) return refuse(`an Intersect of unions has more than ${MAX_VARIANTS} combinations`)
  }
  // A combination such as an object and a null can't be met: it is no variant.
  const reachable = rows.filter(row => new Set(row.flatMap(shapeOf)).size < 2)
  return unionOf(reachable.map(row => mergeIntersect(row, refuse)))
}

function shapeOf (given: Plan): string[] {
  const { kind } = resolve(given)
  if (kind === 'any' || kind === 'ref') return []
  return kind === 'object' || kind === 'array' || kind === 'tuple' ? [kind] : ['scalar']
}

function mergeObjects (left: ObjectPlan, right: ObjectPlan, refuse: Refuse): ObjectPlan {
  if (left.patterns.length > 0 && right.patterns.length > 0) return refuse('an Intersect can hold one Record, came two')
  const properties = new Map<string, PropertyPlan>()
  for (const [own, other] of [[left, right], [right, left]] as const) {
    for (const property of own.properties) {
      if (properties.has(property.name)) continue
      const twin = other.properties.find(candidate => candidate.name === property.name)
      const plans = [property.plan, ...(twin === undefined ? restFor(other, property.name) : [twin.plan])]
      properties.set(property.name, {
        name: property.name,
        plan: mergeIntersect(plans, refuse),
        required: property.required || twin?.required === true,
      })
    }
  }
  const additional = [left.additional, right.additional].filter(plan => plan !== null)
  return {
    kind: 'object',
    properties: [...properties.values()],
    patterns: [...left.patterns, ...right.patterns],
    additional: additional.length === 0 ? null : mergeIntersect(additional, refuse),
    min: Math.max(left.min, right.min),
    max: left.max === -1 || right.max === -1 ? Math.max(left.max, right.max) : Math.min(left.max, right.max),
  }
}

/** What an object says about a key that it does not list. */
function restFor (plan: ObjectPlan, name: string): readonly Plan[] {
  const matching = plan.patterns.filter(({ pattern }) => pattern.test(name)).map(({ plan: value }) => value)
  return matching.length > 0 || plan.additional === null ? matching : [plan.additional]
}
