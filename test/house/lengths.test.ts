import t from 'tap'
import { readTree } from '../helpers/sources.js'
import { LONG, UNTESTED } from './exceptions.js'
import { lengthFaults, untestedFaults } from './rules.js'

const sources = readTree(['lib', 'types'], '.ts')
const tests = new Set(readTree(['test'], '.test.ts').keys())

/** Faults of files that are not among `excepted`. */
function remaining (faults: readonly string[], excepted: readonly string[]): string[] {
  return faults.filter(fault => !excepted.includes(fault.split(':')[0] ?? ''))
}

t.test('the checks see what they are for', async t => {
  const lengths = (text: string): string[] => lengthFaults(new Map([['lib/gate/x.ts', text]]))
  t.match(lengths('\n'.repeat(251)), [/251 lines/])
  t.match(lengths(`//${' '.repeat(119)}`), [/:1: 121 columns/])
  t.match(lengths(`const a = class {${'\n'.repeat(200)}}`), [/class of 201 lines/])
  t.same(lengths(`//${' '.repeat(118)}${'\n'.repeat(250)}`), [])
  t.same(lengths(`class A {${'\n'.repeat(199)}}`), [])

  const untested = (text: string): string[] => untestedFaults(new Map([['lib/gate/x.ts', text]]), new Set(['test/gate/y.test.ts', 'test/a.test.ts']))
  for (const text of ['export function f () {}', 'export const f = () => 1', 'class A { b () {} }', 'const a = { get b () { return 1 } }']) {
    t.match(untested(text), [/has no test\/gate\/x\.test\.ts/], text)
    t.same(untested(`// Tested in test/gate/y.test.ts.\n${text}`), [], text)
    t.same(untested(`// Tested in test/gate/y.test.ts and test/a.test.ts.\n${text}`), [], text)
    t.match(untested(`// Tested in test/gate/z.test.ts.\n${text}`), [/not there/], text)
  }
  for (const text of ['export const a = 1', 'export * from "./y.js"', 'export interface A { b (): void }', 'declare function f (): void']) t.same(untested(text), [], text)
})

t.test('files, classes and lines are short', async t => {
  t.same(remaining(lengthFaults(sources), LONG), [])
})

t.test('each file with behaviour has a test of its name, or says where it is tested', async t => {
  t.same(remaining(untestedFaults(sources, tests), UNTESTED), [])
})
