import t from 'tap'
import { compileTextPolicy } from '../../lib/contract/text/policy.js'
import { html, identifier, line, text, url } from '../../lib/contract/text/builders.js'
import { FAIR_PRICE, priceOf } from '../../lib/contract/cost.js'
import { COSTLY_BYTES } from '../../lib/contract/text/spec.js'

t.test('what a library or the engine makes costly says so', async t => {
  for (const build of [text, line, identifier, url]) {
    t.equal(priceOf(build({ maxLength: 60_000 }).wsText), FAIR_PRICE, build.name)
    t.ok(priceOf(build({ maxLength: 60, maxGraphemes: 9 }).wsText) > FAIR_PRICE, `${build.name} with maxGraphemes`)
  }
  t.ok(priceOf(html({ maxLength: 60 }).wsText) > FAIR_PRICE)
})

t.test('and its input is bounded by default', async t => {
  t.equal(text({ maxLength: 60_000 }).wsText.maxBytes, 240_000)
  t.equal(text({ maxLength: 60_000, maxGraphemes: 5000 }).wsText.maxBytes, COSTLY_BYTES)
  t.equal(html({ maxLength: 10_000 }).wsText.maxBytes, COSTLY_BYTES)
  t.equal(html({ maxLength: 100 }).wsText.maxBytes, 400)
  t.equal(text({ maxLength: 60_000, maxGraphemes: 5000, maxBytes: 200_000 }).wsText.maxBytes, 200_000, 'who says so gets more')

  const graphemes = compileTextPolicy({ policy: 'text', clean: false, maxLength: 60_000, maxGraphemes: 60_000 })
  t.equal(graphemes('a'.repeat(COSTLY_BYTES))?.length, COSTLY_BYTES, 'a keyword without maxBytes has the same default')
  t.equal(graphemes('a'.repeat(COSTLY_BYTES + 1)), undefined)
})
