import { Automaton, MAX_WAYS, OTHERS, Unprovable, type Ways } from './automaton.js'

// A backtracking engine that finds no match walks every path through the pattern that its text allows. So the paths
// are counted: on each text, how many are alive at once. Where that number has a bound, time is linear in the text.
// Where a repetition can match the same text in two ways it doubles again and again, and where one hands over to
// another at any place it grows with the text (Weber & Seidl, "On the degree of ambiguity of finite automata",
// 1991: EDA and IDA). One bound holds for all three.

/** UTF-16 units of a string that may stand before a pattern with an unbounded repetition. */
export const MAX_PATTERN_INPUT = 256

export interface PatternVerdict {
  /** Why the pattern is not provably linear, or null. */
  readonly fault: string | null
  /** It has a repetition without an upper bound. */
  readonly unbounded: boolean
  /** UTF-16 units of the shortest text that may match. */
  readonly least: number
}

/** Characters that no position tells apart: one of them, and the positions that read it. */
interface Letter { readonly sample: string, readonly readers: ReadonlySet<number> }

/**
 * Decides whether a backtracking engine matches a pattern in linear time. Conservative: what can't be proven is
 * refused, as are backreferences and lookbehind. It never passes a pattern on which paths through it can multiply
 * (Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", 2016).
 * Never throws.
 */
export function findPatternFault (source: string, flags: string): PatternVerdict {
  try {
    const automaton = new Automaton(source, flags)
    return { fault: findAmbiguity(automaton), unbounded: automaton.unbounded, least: automaton.least }
  } catch (error) {
    return { fault: error instanceof Unprovable ? error.message : 'it could not be read', unbounded: true, least: 0 }
  }
}

function findAmbiguity (automaton: Automaton): string | null {
  const text = findCrowded(automaton, false)
  if (text !== null) return `there are more than ${MAX_WAYS} ways through it on ${JSON.stringify(text)}`
  if (automaton.anchored || findCrowded(automaton, true) === null) return null
  return 'it is searched from every character (quadratic); anchor the pattern with ^ and $'
}

/**
 * A text on which too many paths are alive, or null where there is none: the subset construction, with numbers in
 * place of members. With `anywhere` a path begins at each character.
 */
function findCrowded (automaton: Automaton, anywhere: boolean): string | null {
  const letters = lettersOf(automaton.sets)
  const seen = new Set<string>()
  // those with the most paths first: what multiplies is found before the limit of the search
  const work: { readonly live: Ways, readonly text: string }[][] = [[{ live: new Map(), text: '' }]]
  for (;;) {
    const item = work.findLast(list => list !== undefined && list.length > 0)?.pop()
    if (item === undefined) return null
    const from: [Ways, number][] = [...item.live].map(([state, ways]) => [automaton.next[state]!, ways])
    if (anywhere || item.text === '') from.push([automaton.start, 1])
    for (const { sample, readers } of letters) {
      const live = new Map<number, number>()
      let total = anywhere ? 1 : 0
      for (const [targets, ways] of from) {
        for (const [state, more] of targets) {
          automaton.step()
          if (!readers.has(state)) continue
          live.set(state, (live.get(state) ?? 0) + ways * more)
          total += ways * more
        }
      }
      const text = item.text + sample
      if (total > MAX_WAYS) return text
      const key = [...live].sort(([a], [b]) => a - b).join(' ')
      if (live.size > 0 && !seen.has(key)) (work[total] ??= []).push({ live, text })
      seen.add(key)
    }
  }
}

function lettersOf (sets: readonly Uint8Array[]): readonly Letter[] {
  const letters = new Map<string, Letter>()
  // printable characters first: they make the better sample
  for (let i = 0; i <= OTHERS; i++) {
    const slot = i === OTHERS ? OTHERS : (i + 0x61) % OTHERS
    const readers = sets.flatMap((set, state) => set[slot] === 1 ? [state] : [])
    const sample = slot === OTHERS ? '\u00e9' : String.fromCharCode(slot)
    if (!letters.has(readers.join())) letters.set(readers.join(), { sample, readers: new Set(readers) })
  }
  return [...letters.values()]
}
