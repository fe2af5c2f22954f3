import t from 'tap'
import { withoutToken } from '../../lib/auth/without-token.js'

const TOKENS = ['c2VjcmV0+dG9rZW4/bGl2ZQ==', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'a~tilde-and.dots~token', '0123456789+/']

t.test('C10 a text has no token in it, in whatever form', t => {
  for (const token of TOKENS) {
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const forms = [
      token, encodeURIComponent(token), encodeURIComponent(token).toLowerCase(), new URLSearchParams({ token }).toString(), base64(token), base64(`${token}:`),
      base64(`c:${token}`), base64(`id:${token}`), base64(`{"token":"${token}"}`), Buffer.from(`id:${token}`).toString('base64url'), encodeURIComponent(base64(`${token}:`)),
      token.slice(0, 10), token.slice(-10), token.slice(3, 12), base64(`${token}:`).slice(4, 14), token.repeat(3), `${'x'.repeat(4090)}${token}`, `${token.repeat(200)}`,
    ]
    for (const form of forms) {
      const left = withoutToken(`told "${form}"... of it`, token)
      for (let n = 0; n + 8 <= token.length; n++) {
        const piece = token.slice(n, n + 8)
        for (const sent of [piece, encodeURIComponent(piece)]) if (!piece.includes('.')) t.notOk(left.includes(sent), `${form}: ${left}`)
      }
      for (const text of [token, `:${token}`, `::${token}`]) t.notOk(left.includes(base64(text).slice(4, 16)), `${form}: ${left}`)
    }
  }
  t.end()
})

t.test('what is not the token stays', t => {
  for (const text of ['connect ECONNREFUSED 10.0.0.5:443', 'getaddrinfo ENOTFOUND issuer.example', 'expected 200 of https://issuer.example/.well-known/jwks.json, got 503', '']) {
    for (const token of TOKENS) t.equal(withoutToken(text, token), text)
  }
  t.equal(withoutToken('bad x in a box', 'x'), 'bad … in a bo…', 'also where it is short')
  t.equal(withoutToken('GET /introspect?token=abc%2Bdefghi failed', 'abc+defghi'), 'GET /introspect?token=… failed')
  t.end()
})
