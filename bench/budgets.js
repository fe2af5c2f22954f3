// What do all message budgets together cost? One message paid for by its socket alone, by socket, user and address (the
// defaults), and with two budgets of the application's on top. Nanoseconds per message; the clock moves with each message,
// so that every bucket refills every time. Also the cost of reading the clock, which all of them pay.
// `npm run build`, then: node bench/budgets.js [rounds]
import { BudgetStore } from '../dist/esm/lib/socket/budget-store.js'
import { Budgets } from '../dist/esm/lib/socket/budgets.js'
import { Purse } from '../dist/esm/lib/socket/purse.js'
import { TokenBucket } from '../dist/esm/lib/socket/token-bucket.js'
import { median, ratios, spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 9)
const MESSAGES = 1_000_000
const RATE = 1e9
const limits = { rate: RATE, burst: RATE, perIdentity: 2, perAddress: 30, inFlight: 32 }
const budgets = ['tenant', 'plan'].map(name => ({ name, key: ({ identity }) => identity.id, rate: RATE, burst: RATE }))
const spender = {
  budgetContext: { identity: { id: 7 }, params: {}, query: {}, ip: '192.0.2.7', route: '/ws', socket: 's1' },
  addressKey: '192.0.2.7',
  handlerFailed: (_, error) => { throw error },
}
const shared = more => new Budgets(new BudgetStore(), { ...limits, ...more }, { own: {}, url: '/ws', maxCost: 1 }).take(spender, 0)
const purse = list => new Purse(new TokenBucket(RATE, RATE, 0), list, { identity: 256, address: 3840 })

const kinds = {
  'socket alone': purse([]),
  'socket, user, address': purse(shared({})),
  'and two of the application': purse(shared({ budgets })),
}

/** Nanoseconds per message. */
function measure (one) {
  const start = process.hrtime.bigint()
  for (let n = 1; n <= MESSAGES; n++) if (one.take(1, n / 16) > 0) throw new Error('refused')
  return Number(process.hrtime.bigint() - start) / MESSAGES
}

function measureClock () {
  let sum = 0
  const start = process.hrtime.bigint()
  for (let n = 0; n < MESSAGES; n++) sum += performance.now()
  return sum > 0 ? Number(process.hrtime.bigint() - start) / MESSAGES : 0
}

const times = Object.fromEntries(Object.keys(kinds).map(kind => [kind, []]))
const clock = []
for (let round = -1; round < rounds; round++) {
  for (const [kind, one] of Object.entries(kinds)) {
    const ns = measure(one)
    if (round >= 0) times[kind].push(ns)
  }
  const ns = measureClock()
  if (round >= 0) clock.push(ns)
}
console.log(`Node ${process.version}, ${rounds} rounds of ${MESSAGES} messages, ns per message: min / median / max\n`)
table(['', 'ns'], [...Object.entries(times).map(([kind, list]) => [kind, spread(list, 1)]), ['reading the clock', spread(clock, 1)]])
const ratio = median(ratios(times['socket, user, address'], times['socket alone']))
console.log(`\nall defaults against the socket alone, in one run: ${ratio.toFixed(2)}`)
