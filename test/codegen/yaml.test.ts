import t from 'tap'
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { toYaml } from '../../lib/codegen/yaml.js'

t.test('reads as people write it', async t => {
  t.equal(toYaml({ asyncapi: '3.0.0', tags: ['a b', 'yes', '- x'], none: {}, empty: [], deep: { list: [{ a: 1, b: [true, null] }, []] } }), `asyncapi: "3.0.0"
tags:
  - a b
  - "yes"
  - "- x"
none: {}
empty: []
deep:
  list:
    -
      a: 1
      b:
        - true
        - null
    - []
`)
  t.equal(toYaml('x'), 'x\n')
})

t.test('whatever JSON holds comes back', async t => {
  fc.assert(fc.property(fc.jsonValue(), value => {
    const plain: unknown = JSON.parse(JSON.stringify(value))
    if (!isDeepStrictEqual(parse(toYaml(plain)), plain)) t.same(parse(toYaml(plain)), plain, JSON.stringify(plain))
  }), { numRuns: 200, seed: 1 })
  for (const value of ['', ' x', 'true', 'Null', '1', '1e3', '0x1', '-', '# x', 'a: b', '\u2028', '\u0085\ufeff', '~', '=', '<<', 'é', '2020-01-01', 'a\nb', '$ref', '/x', '.inf', '__proto__']) {
    t.same(parse(toYaml({ [value]: value, list: [value] })), { [value]: value, list: [value] }, encodeURIComponent(value))
  }
})
