// JSON text that is the same for the same declaration: keys sorted, annotations left out, generated ids numbered.

/** Keywords that say nothing about what is on the wire. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  'title', 'description', '$comment', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly',
  'unboundedOnPurpose', 'patternProvenSafe',
])

/** Below these keys the names are the user's own, not keywords. */
const NAME_MAPS: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs'])

/**
 * Canonical JSON of a schema. `Type.Recursive` numbers its ids by process (`T0`, `T1`, …), so every `$id` is
 * replaced by its position in the text.
 */
export function canonicalJson (schema: unknown): string {
  const ids = new Map<string, string>()
  const idOf = (id: string): string => {
    const known = ids.get(id)
    if (known !== undefined) return known
    const fresh = `#${ids.size}`
    ids.set(id, fresh)
    return fresh
  }
  const write = (value: unknown, names: boolean): string => {
    if (Array.isArray(value)) return `[${value.map(item => write(item, false)).join(',')}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
    const parts: string[] = []
    for (const [key, item] of Object.entries(value).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)) {
      if (item === undefined || (!names && ANNOTATIONS.has(key))) continue
      const isId = !names && (key === '$id' || key === '$ref') && typeof item === 'string'
      const list = !names && key === 'required' && Array.isArray(item) ? [...item].sort() : item
      parts.push(`${JSON.stringify(key)}:${isId ? JSON.stringify(idOf(item)) : write(list, !names && NAME_MAPS.has(key))}`)
    }
    return `{${parts.join(',')}}`
  }
  return write(schema, false)
}
