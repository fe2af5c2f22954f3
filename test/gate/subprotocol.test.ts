import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { chooseSubprotocol } from '../../lib/gate/subprotocol.js'

const ask = (offer: string | undefined, supported: string[] = [], fingerprints: string[] = []): [string | null, string | false] => {
  const { refusal, chosen } = chooseSubprotocol({ headers: { 'sec-websocket-protocol': offer } } as unknown as IncomingMessage, { supported, fingerprints, typeKey: 'type' })
  return [refusal?.code ?? null, chosen]
}

t.test('the server\'s order decides, and nothing unlisted is echoed', async t => {
  t.same(ask(undefined, ['a']), [null, false])
  t.same(ask('a', ['a']), [null, 'a'])
  t.same(ask('a, b', ['b', 'a']), [null, 'b'])
  t.same(ask('bearer.SECRET, a', ['a']), [null, 'a'])
  t.same(ask('bearer.SECRET', ['a']), [null, false])
  t.same(ask('a', []), [null, false])
  t.same(ask('A', ['a']), [null, false])
  t.same(ask('__proto__, constructor', ['a']), [null, false])
})

t.test('a token in the list is no fault, however long a JWT is', async t => {
  for (const length of [140, 300, 2000, 4096 - 'bearer.'.length]) t.same(ask(`wsg.v1, bearer.${'x'.repeat(length)}`, ['wsg.v1']), [null, 'wsg.v1'], `${length}`)
})

t.test('the log is told what is wrong with a list, and no token', async t => {
  const cause = (offer: string): string | undefined => chooseSubprotocol({ headers: { 'sec-websocket-protocol': offer } } as unknown as IncomingMessage, { supported: [], fingerprints: [], typeKey: 'type' }).refusal?.value
  t.equal(cause(`a, bearer.${'x'.repeat(5000)}`), 'offer 2 has 5007 characters, more than 4096')
  t.equal(cause('a, SECRET token'), 'offer 2 is no token of RFC 9110')
  t.equal(cause('a, '), 'offer 2 is empty')
  t.equal(cause('a, SECRET, b, SECRET'), 'offer 4 repeats an earlier one')
  t.equal(cause(Array.from({ length: 40 }, (_, i) => `p${i}`).join(',')), 'more than 16 offers')
})

t.test('malformed lists', async t => {
  const bad = ['', ',', 'a,', 'a,,b', 'a b', 'a, a', 'caf\u00e9', 'a/b', '"a"', 'a;q=1', 'a'.repeat(4097), Array.from({ length: 17 }, (_, i) => `p${i}`).join(','), 'x'.repeat(60_000)]
  for (const offer of bad) t.same(ask(offer, ['a']), ['WSG_ERR_SUBPROTOCOL', false], offer.slice(0, 40))
  t.same(ask(Array.from({ length: 16 }, (_, i) => `p${i}`).join(','), ['p15']), [null, 'p15'], '16 offers')
  t.same(ask('a'.repeat(4096), ['a']), [null, false], '4096 characters')
})

t.test('the contract\'s fingerprint', async t => {
  const own = 'cf-0123456789abcdef'
  const older = 'cf-1111111111111111'
  t.same(ask(`chat, ${own}`, ['chat'], [own]), [null, 'chat'])
  t.same(ask('chat', ['chat'], [own]), [null, 'chat'], 'a client that names none')
  t.same(ask('chat, cf-0000000000000000', ['chat'], [own]), ['WSG_ERR_CONTRACT_MISMATCH', false])
  t.same(ask(`chat, ${older}`, ['chat'], [own, older]), [null, 'chat'], 'one that the route serves as well')
  t.same(ask('chat, cf-0000000000000000', ['chat'], [own, older]), ['WSG_ERR_CONTRACT_MISMATCH', false])
  t.same(ask('cf-0000000000000000', ['chat']), [null, false], 'a route without a contract')
  const choose = (offer: string, fingerprints: string[]) =>
    chooseSubprotocol({ headers: { 'sec-websocket-protocol': offer } } as unknown as IncomingMessage, { supported: ['chat'], fingerprints, typeKey: 'type' }).fingerprint
  t.equal(choose(`chat, ${older}`, [own, older]), older, 'which one is known from then on')
  t.equal(choose('chat', [own, older]), null)
  t.equal(choose(`chat, ${older}`, []), null)
})
