import t from 'tap'
import { Automaton, OTHERS } from '../../../lib/contract/pattern/automaton.js'

/** The sets of a pattern, in order; or why there are none. */
function setsOf (source: string, flags = ''): string[] {
  try {
    return new Automaton(source, flags).sets.map(set => {
      const ascii = [...set.subarray(0, OTHERS).keys()].filter(code => set[code] === 1)
      return (ascii.length > 9 ? 'many' : String.fromCharCode(...ascii)) + (set[OTHERS] === 1 ? '…' : '')
    })
  } catch (error) {
    return [(error as Error).message]
  }
}

function engineOf (atom: string, flags: string): RegExp | null {
  try {
    return new RegExp(`^(?:${atom})$`, flags)
  } catch {
    return null
  }
}

/** The set of a pattern of one character, or null where nothing is proven of it. */
function setOf (atom: string, flags: string): Uint8Array | null {
  try {
    return new Automaton(atom, flags).sets[0] ?? null
  } catch {
    return null
  }
}

t.test('an atom is what the engine says it is', async t => {
  t.same(setsOf('a[bc]\\d.'), ['a', 'bc', 'many', 'many…'])
  t.same(setsOf('\\x61\\u0062\\/[\\]]'), ['a', 'b', '/', ']'])
  t.same(setsOf('[\\u0062]\\u0063', 'u'), ['b…', 'c…'], 'with the flag a \\u may stand for a pair: on the safe side')
  t.same(setsOf('\\p{ASCII}\\P{ASCII}.', 'u'), ['many…', '…', 'many…'])
  t.same(setsOf('[\\u{1f600}\\u{1f601}]\u{1f600}', 'u'), ['…', '…'])
  t.same(setsOf('\\u{2}'), ['u', 'u'], 'two times u')
  t.same(setsOf('\\u{62}', 'u'), ['b…'])
  t.same(setsOf('\\ud83d\\ude00a', 'u'), ['…', 'a'], 'a pair is one character')
  t.same(setsOf('\\ud83d\\ude00a'), ['…', '…', 'a'], 'two without the flag')
  t.same(setsOf('k', 'iu'), ['Kk…'], 'the Kelvin sign')
  t.same(setsOf('\\060[\\101]\\377'), ['0', 'A', '…'], 'octal numbers of old syntax')
  t.same(setsOf('(?:a)(?<n>b)(?=c)(?!d)'), ['a', 'b', 'c', 'd'])
})

t.test('no character is lost, however it is spelt', async t => {
  // every unit with a backslash, and many in all spellings; the engine says which of them it reads
  const lost: string[] = []
  const look = (unit: number, atom: string, flags: string): void => {
    const char = String.fromCharCode(unit)
    if (engineOf(atom, flags)?.test(char) !== true) return
    const set = setOf(atom, flags)
    if (set !== null && set[Math.min(unit, OTHERS)] !== 1) lost.push(`${unit.toString(16)}: /${atom}/${flags}`)
  }
  for (let unit = 0; unit < 0x10000; unit++) {
    const char = String.fromCharCode(unit)
    // without the u flag it is itself
    if (unit >= OTHERS && setOf(`\\${char}`, '')?.[OTHERS] !== 1) lost.push(unit.toString(16))
    if (unit > 0xff && unit % 251 !== 0) continue
    const number = `\\u${unit.toString(16).padStart(4, '0')}`
    for (const atom of [char, `\\${char}`, `[${char}]`, `[\\${char}]`, `[a\\${char}]`, number, `[a${number}]`]) {
      for (const flags of ['', 'i', 'u', 'iu']) look(unit, atom, flags)
    }
  }
  t.same(lost.slice(0, 9), [])
})

t.test('what can not be judged says why', async t => {
  for (const source of ['(a)\\1', '(?<n>a)\\k<n>']) t.match(setsOf(source)[0], /backreferences can not/, source)
  for (const source of ['(?<=a)b', '(?<!a)b']) t.match(setsOf(source)[0], /lookbehind can not/, source)
  t.match(setsOf('(?i:a)')[0], /inline flags can not/)
  t.match(setsOf('a'.repeat(1001))[0], /longer than 1000/)
  t.match(setsOf('a'.repeat(301))[0], /too long when its repetitions are written out/)
})

t.test('anchors and bounds', async t => {
  const read = (source: string) => { const { anchored, unbounded } = new Automaton(source, ''); return { anchored, unbounded } }
  t.same(read('^a|^b'), { anchored: true, unbounded: false })
  t.same(read('^a|b+'), { anchored: false, unbounded: true })
  t.same(read('^a{2,}$'), { anchored: true, unbounded: true })
  t.same(read('^a{2,9}$'), { anchored: true, unbounded: false })
})

t.test('a repetition is written out, and a long one is a loop', async t => {
  /** How many states, and of each edge in how many ways it goes. */
  const shapeOf = (source: string): string => {
    const { next } = new Automaton(source, '')
    return `${next.length}: ${next.flatMap(targets => [...targets.values()]).sort().join(' ')}`
  }
  t.equal(shapeOf('^ab?c$'), '3: 1 1 1')
  t.equal(shapeOf('^a{3}$'), '3: 1 1')
  t.equal(shapeOf('^a{1,3}$'), '3: 1 1')
  t.equal(shapeOf('^a{2,}$'), '3: 1 1 1')
  t.equal(shapeOf('^a{64}$'), '64: ' + Array(63).fill(1).join(' '))
  t.equal(shapeOf('^a{65}$'), '1: 1')
  t.equal(shapeOf('^a(?:|b?)c$'), '3: 1 1 2', 'two ways past what can be empty')
})
