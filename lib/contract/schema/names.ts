// Names that mean something to JavaScript itself. No node: imports.

/** Every name an empty object seems to have: a schema that requires one is satisfied by `{}`. */
export const INHERITED_NAMES: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype'])

/** True when the name may be a property, a message type or an error code of a contract. */
export function isSafeName (name: string): boolean {
  return !INHERITED_NAMES.has(name)
}

/** The known name that a typo probably meant: at most two edits away. */
export function nearestName (name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let distance = 3
  for (const candidate of known) {
    const edits = Math.abs(candidate.length - name.length) > 2 ? 3 : countEdits(name.toLowerCase(), candidate.toLowerCase())
    if (edits < distance) [best, distance] = [candidate, edits]
  }
  return best
}

function countEdits (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
