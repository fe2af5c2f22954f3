import t from 'tap'
import { BudgetStore } from '../../lib/socket/budget-store.js'

const ann = { name: 'identity', route: null, key: 'string:ann' }

t.test('a budget is one for all sockets that have it, and is remembered until it is full again', async t => {
  const store = new BudgetStore()
  const first = store.take(ann, 10, 20, 0)
  t.equal(store.take({ ...ann }, 10, 20, 0), first)
  first.bucket.take(15, 0)
  store.giveBack(first, 0)
  store.sweep(10_000)
  t.equal(store.size, 1, 'one socket is left')
  store.giveBack(first, 500)
  store.sweep(1000)
  t.equal(store.size, 1, 'five are missing')
  t.equal(store.take(ann, 10, 20, 1000).bucket.take(16, 1000), 100, 'who comes back has what is left')
  store.giveBack(first, 1000)
  store.sweep(1500)
  t.equal(store.size, 0)
})

t.test('one that is full is forgotten at once', async t => {
  const store = new BudgetStore()
  store.giveBack(store.take(ann, 10, 20, 0), 0)
  t.equal(store.size, 0)
})

t.test('names, routes and keys tell budgets apart, whatever they are called', async t => {
  const store = new BudgetStore()
  const keys = [ann, { ...ann, name: 'address' }, { ...ann, route: '/ws' }, { ...ann, key: 'number:ann' }, { ...ann, key: '__proto__' }, { ...ann, key: 'constructor' }]
  for (const key of keys) store.take(key, 1, 1, 0)
  t.equal(store.size, keys.length)
})

t.test('another size keeps what is there', async t => {
  const store = new BudgetStore()
  const budget = store.take(ann, 10, 20, 0)
  budget.bucket.take(15, 0)
  store.take(ann, 100, 200, 0)
  t.same(store.usage('identity', ['string:ann'], 0), [{ budget: 'identity', route: null, remaining: 5, burst: 200, rate: 100 }])
  store.take(ann, 1, 2, 0)
  t.equal(store.usage('identity', ['string:ann'], 0)[0]?.remaining, 2)
})

t.test('what is left, on each route that counts by itself', async t => {
  const store = new BudgetStore()
  store.take(ann, 10, 20, 0).bucket.take(4.5, 0)
  store.take({ ...ann, route: '/game' }, 100, 200, 0)
  t.same(store.usage('identity', ['string:ann', 'number:ann'], 0), [
    { budget: 'identity', route: null, remaining: 15, burst: 20, rate: 10 },
    { budget: 'identity', route: '/game', remaining: 200, burst: 200, rate: 100 },
  ])
  t.same(store.usage('identity', ['string:bob'], 0), [])
  t.same(store.usage('tenant', ['string:ann'], 0), [])
})

t.test('budgets that nobody has any more are bounded: the oldest goes first', async t => {
  const store = new BudgetStore()
  const spend = (key: string): void => {
    const budget = store.take({ ...ann, key }, 1, 10, 0)
    budget.bucket.take(5, 0)
    store.giveBack(budget, 0)
  }
  for (let n = 0; n < 100_002; n++) spend(String(n))
  t.equal(store.size, 100_000)
  t.same(store.usage('identity', ['0', '1', '2'], 0).length, 1)
  store.sweep(5000)
  t.equal(store.size, 0)
})
