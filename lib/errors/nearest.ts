/** Names longer than this are nobody's slip of a finger, and comparing them costs their product. */
const LONGEST = 64

/** A beginning of fewer letters is shared by chance. */
const BEGINNING = 3

/**
 * The name of `known` that `name` was probably meant to be: the same but for case, `-` and `_`, or at most a third of
 * its letters away (added, lost, changed or swapped with a neighbour); else the first that begins with it, or that it
 * begins with. Null when none is.
 */
export function nearest (name: string, known: Iterable<string>): string | null {
  if (name.length > LONGEST) return null
  const names = [...known]
  let best: string | null = null
  let least = Infinity
  for (const candidate of names) {
    if (candidate === name || candidate.length > LONGEST) continue
    const distance = plain(candidate) === plain(name) ? 0 : distanceOf(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least && distance <= Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3))) {
      best = candidate
      least = distance
    }
  }
  return best ?? names.find(candidate => beginsAlike(plain(name), plain(candidate))) ?? null
}

function beginsAlike (a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= BEGINNING && short.length < long.length && long.startsWith(short)
}

/** `; did you mean "authorize"?`, or nothing where no name is near. */
export function didYouMean (name: string, known: Iterable<string>): string {
  const meant = nearest(name, known)
  return meant === null ? '' : `; did you mean ${JSON.stringify(meant)}?`
}

function plain (name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '')
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours. */
function distanceOf (a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
