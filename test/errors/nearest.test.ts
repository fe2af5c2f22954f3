import t from 'tap'
import { didYouMean, nearest } from '../../lib/errors/nearest.js'

const NAMES = ['authorize', 'origins', 'upgradeRate', 'onOpen', 'on', 'auth', 'public']

t.test('a slip of a finger finds its name', async t => {
  for (const [slip, meant] of [
    ['authorise', 'authorize'], ['orgins', 'origins'], ['upgraderate', 'upgradeRate'], ['upgrade_rate', 'upgradeRate'],
    ['onopen', 'onOpen'], ['oirgins', 'origins'], ['Public', 'public'], ['auht', 'auth'],
  ] as const) t.equal(nearest(slip, NAMES), meant, slip)
  t.equal(didYouMean('orgins', NAMES), '; did you mean "origins"?')
})

t.test('a name that goes on where another ends, or ends where it goes on, finds that', async t => {
  t.equal(nearest('ratePerSecond', ['errors', 'rate']), 'rate')
  t.equal(nearest('max', ['minLength', 'maxLength', 'maxBytes']), 'maxLength')
  t.equal(nearest('/yjs', ['/feed', '/yjs/:doc']), '/yjs/:doc')
  t.equal(nearest('onward', ['on']), null, 'two letters are a chance')
  t.equal(nearest('authorise', ['auth', 'authorize']), 'authorize', 'a slip of a finger comes first')
})

t.test('what is far from all is none of them', async t => {
  for (const name of ['colour', 'zzz', '', 'x'.repeat(65)]) t.equal(nearest(name, NAMES), null, name)
  t.equal(didYouMean('colour', NAMES), '')
})
