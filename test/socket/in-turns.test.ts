import { mock } from 'node:test'
import t from 'tap'
import { inTurns } from '../../lib/socket/in-turns.js'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b)

t.beforeEach(() => { mock.timers.enable({ apis: ['setInterval'] }) })
t.afterEach(() => { mock.timers.reset() })

t.test('a few have their turn at once', async t => {
  const seen: number[] = []
  inTurns(numbers(50), 5000, item => { seen.push(item) })
  t.same(sorted(seen), numbers(50))
  mock.timers.tick(10_000)
  t.equal(seen.length, 50)
})

t.test('a thousand a second, each once, in an order of chance', async t => {
  const [seen, again]: [number[], number[]] = [[], []]
  inTurns(numbers(1000), 5000, item => { seen.push(item) })
  const counts = numbers(19).map(() => {
    const { length } = seen
    mock.timers.tick(50)
    return length
  })
  t.same(counts, numbers(19).map(turn => 50 * (turn + 1)))
  mock.timers.tick(5000)
  t.same(sorted(seen), numbers(1000))
  inTurns(numbers(1000), 0, item => { again.push(item) })
  t.not(seen.join(), again.join())
  t.not(seen.join(), numbers(1000).join())
})

t.test('more at a time where they would not be done otherwise, and all at once where there is no time', async t => {
  const seen: number[] = []
  inTurns(numbers(100_000), 500, item => { seen.push(item) })
  t.equal(seen.length, 10_000)
  mock.timers.tick(450)
  t.equal(seen.length, 100_000)
  const hurried: number[] = []
  inTurns(numbers(100_000), 0, item => { hurried.push(item) })
  t.equal(hurried.length, 100_000)
})

t.test('it can be ended', async t => {
  const seen: number[] = []
  const end = inTurns(numbers(200), 5000, item => { seen.push(item) })
  mock.timers.tick(50)
  end()
  mock.timers.tick(5000)
  t.equal(seen.length, 100)
  inTurns([], 5000, () => { t.fail('nobody') })()
})
