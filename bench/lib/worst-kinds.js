// Schema kinds and text policies of bench/worst.js, each with the values that we know to be slow: a payload of up to so many bytes,
// legal or not. The worst of each list counts.
import { Type } from '@sinclair/typebox'
import { html, identifier, line, text, url } from '../../dist/esm/lib/contract.js'

const SIZE = 32_000
const one = schema => Type.Object({ v: schema })
const many = (schema, maxItems = 8000) => one(Type.Array(schema, { maxItems }))
const fill = (piece, size) => piece.repeat(Math.max(1, Math.floor(size / piece.length)))
/** As many of the values as fit. */
const fillList = (values, size = SIZE) => {
  const length = JSON.stringify(values).length
  return Array.from({ length: Math.max(1, Math.floor(size / length)) }, () => values).flat().slice(0, 7900)
}

const PIECES = [
  'a', 'Latin text, a line. ', 'é', 'я', '漢', '한', '😀', 'e\u0301', `x${'\u0301'.repeat(30)}`, `${'\u0316\u0300'.repeat(15)}x`, '\u0344', '\u1100', 'नि', 'สำ', '🇩🇪',
  '👍🏽', 'a\u200d', '👩\u200d', '\r\n', '\r', '\ufeff', ' ', '\u00a0', '\u202e', '\ufdfa', '\u2460', '\ud83d', '<', '&', '<b>', '</p>', '<a href="https://a.b/">x</a>', '<br>', '"', '\\', '\0', '-', 'ー', '\u0966',
]
const URLS = [
  ['https://a.b/', 'a'], ['https://a.b/', 'я'], ['https://a.b/', '%41'], ['https://a.b/', 'a/../'], ['https://a.b/', '"'], ['https://a.b/?', "я'"], ['https://a.b/#', '漢'], ['mailto:', 'я'],
  ['https://', 'я'], ['https://', '\ufdfa'], ['https://', 'я.'], ['https://', '@'], ['https://', 'a.'], ['https:', '\\'], ['https://a.b/', `x${'\u0301'.repeat(30)}`],
]
const texts = size => PIECES.map(piece => fill(piece, size))
const urls = size => URLS.map(([head, piece]) => head + fill(piece, size - head.length))
const ofText = list => list.map(v => ({ v }))
const ofTexts = (list, most = 1000) => list.flatMap(v => [{ v: fillList([v]).slice(0, most) }, { v: [...fillList([v]).slice(0, most - 1), 1] }])
const wrongLast = values => values.flatMap(v => [{ v: fillList([v]) }, { v: [...fillList([v]).slice(1), 'wrong \u202e'] }])

const tags = Array.from({ length: 100 }, (_, i) => `tag${i}`)
const variant = i => Type.Object({ type: Type.Literal(tags[i]), n: Type.Number() })
/** Without a tag: a value is tried with 32 variants, the most that boot allows. */
const inUnions = depth => depth === 0
  ? Type.Object({ n: Type.Number() })
  : Type.Union(['b', 'c'].map(name => Type.Object({ a: inUnions(depth - 1), [name]: Type.Number() })))
const inObjects = (depth, more) => depth === 0 ? { n: 1 } : { a: inObjects(depth - 1, more), ...more }
const nestedValues = wrongLast([{ b: 1 }, { c: 1 }, { b: 1, c: 1 }, {}].map(more => inObjects(5, more))).map(({ v }) => ({ v: v.slice(-350) }))
const comment = Type.Recursive(Self => Type.Object({ t: Type.String({ maxLength: 20 }), c: Type.Array(Self, { maxItems: 4000 }) }))
const nested = depth => depth === 0 ? { t: 'x', c: [] } : { t: 'x', c: [nested(depth - 1)] }
const pattern = '^[a-z0-9]+(?:-[a-z0-9]+)*$'

export const KINDS = {
  String: { schema: one(Type.String({ maxLength: SIZE })), values: ofText(texts(SIZE)) },
  'String, short ones': { schema: many(Type.String({ maxLength: 8 })), values: wrongLast(['a', 'я', '😀', '12345678']) },
  'String, pattern': { schema: many(Type.String({ maxLength: 256, pattern }), 1000), values: ofTexts([fill('a-', 255) + 'a', fill('a', 256), fill('ab-', 255), 'a']) },
  'String, pattern of 7 ways': { schema: many(Type.RegExp(/^[ab]*a[ab]{6}c?$/, { maxLength: 256 }), 1000), values: ofTexts([fill('a', 256), fill('a', 255) + 'c', fill('a', 255) + '!']) },
  'String, format email': { schema: many(Type.String({ maxLength: 254, format: 'email' }), 1000), values: ofTexts(['a@b.example', `${fill('a.', 60)}a@${fill('b.', 120)}example`, fill('a', 254)]) },
  'String, format date-time': { schema: many(Type.String({ maxLength: 64, format: 'date-time' }), 1500), values: ofTexts(['2026-11-28T04:00:00Z', '2026-11-28T04:00:00.123456789+01:00', '2026-11-31T04:00:00Z']) },
  'String, format uri': { schema: many(Type.String({ maxLength: 2000, format: 'uri' }), 100), values: ofTexts([`https://a.example/${fill('%41', 1900)}`, `https://${fill('a.', 1900)}`, fill('a', 2000)], 100) },
  text: { schema: one(text({ maxLength: SIZE })), values: ofText(texts(SIZE)) },
  'text, clean': { schema: one(text({ maxLength: SIZE, clean: true })), values: ofText(texts(SIZE)) },
  'text, maxGraphemes': { schema: one(text({ maxLength: 16_000, maxGraphemes: 2000 })), values: ofText(texts(3800)) },
  line: { schema: one(line({ maxLength: SIZE })), values: ofText(texts(SIZE)) },
  'line, clean': { schema: one(line({ maxLength: SIZE, clean: true })), values: ofText(texts(SIZE)) },
  identifier: { schema: many(identifier({ maxLength: 64 }), 1000), values: ofTexts(texts(64)) },
  'identifier, clean': { schema: many(identifier({ maxLength: 64, clean: true }), 1000), values: ofTexts(texts(64)) },
  'identifier, long': { schema: one(identifier({ maxLength: SIZE })), values: ofText(texts(SIZE)) },
  url: { schema: one(url({ maxLength: SIZE })), values: ofText(urls(SIZE)) },
  'url, many': { schema: many(url({ maxLength: 300 }), 150), values: ofTexts(urls(264), 150) },
  'url, clean': { schema: one(url({ maxLength: SIZE, clean: true })), values: ofText(urls(SIZE)) },
  'url, many, clean': { schema: many(url({ maxLength: 1600, clean: true }), 150), values: ofTexts(urls(264), 150) },
  html: { schema: one(html({ maxLength: 10_000 })), values: ofText([...texts(10_000), ...texts(2500)]) },
  Number: { schema: many(Type.Number()), values: wrongLast([1, 1.5, 1e300, -0]) },
  'Integer, multipleOf': { schema: many(Type.Integer({ multipleOf: 7, minimum: 0 })), values: wrongLast([7, 0, 7_000_000]) },
  Boolean: { schema: many(Type.Boolean()), values: wrongLast([true]) },
  'Literal union': { schema: many(Type.Union(tags.map(tag => Type.Literal(tag)))), values: wrongLast(['tag0', 'tag99', 'tag1000']) },
  'Array, uniqueItems': { schema: one(Type.Array(Type.String({ maxLength: 1000 }), { maxItems: 1024, uniqueItems: true })), values: [{ v: Array.from({ length: 1000 }, (_, i) => `s${i}`) }, { v: Array.from({ length: 32 }, (_, i) => fill('x', 990) + i) }, { v: [...Array.from({ length: 1000 }, (_, i) => `s${i}`), 's0'] }] },
  'Array of Any, uniqueItems': { schema: one(Type.Array(Type.Any({ unboundedOnPurpose: true }), { maxItems: 1024, uniqueItems: true })), values: [i => ({ a: i, b: i }), i => ({ a: { b: { c: [i, { d: i }] } } }), i => [[[i]]]].flatMap(make => [{ v: Array.from({ length: 900 }, (_, i) => make(i)) }, { v: Array.from({ length: 900 }, (_, i) => make(i % 899)) }]) },
  Tuple: { schema: many(Type.Tuple([Type.Number(), Type.Boolean(), Type.Null()])), values: wrongLast([[1, true, null]]) },
  Object: { schema: many(Type.Object({ a: Type.Number(), b: Type.Optional(Type.Number()) })), values: [...wrongLast([{ a: 1 }, { a: 1, b: 2 }]), { v: fillList([{ a: 1, x: 2 }]) }] },
  'Object, open': { schema: one(Type.Object({}, { additionalProperties: Type.Number(), maxProperties: 8000 })), values: [Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i])), Object.fromEntries([...Array.from({ length: 3000 }, (_, i) => [`k${i}`, i]), ['z', 'x']])].map(v => ({ v })) },
  Record: { schema: one(Type.Record(Type.String({ pattern: '^[a-z0-9]{1,64}$' }), Type.Number(), { maxProperties: 8000 })), values: [Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i])), Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}-`, i]))].map(v => ({ v })) },
  'Union of 100 tagged': { schema: many(Type.Union(tags.map((_, i) => variant(i)))), values: wrongLast([{ type: 'tag0', n: 1 }, { type: 'tag99', n: 1 }, { type: 'tag99', n: 'x' }]) },
  'Union of 8 untagged': { schema: many(Type.Union(tags.slice(0, 8).map(tag => Type.Object({ [tag]: Type.Number(), n: Type.Number() })))), values: wrongLast([{ tag0: 1, n: 1 }, { tag7: 1, n: 1 }, { tag9: 1, n: 1 }]) },
  'Unions in unions': { schema: many(inUnions(5)), values: nestedValues },
  'Unions in unions, drop': { schema: { payload: many(inUnions(5)), unknownProperties: 'drop' }, values: nestedValues },
  Intersect: { schema: many(Type.Intersect([Type.Object({ a: Type.Number() }), Type.Object({ b: Type.Number() })])), values: wrongLast([{ a: 1, b: 2 }, { a: 1 }]) },
  Recursive: { schema: one(comment), values: [{ t: '', c: fillList([{ t: 'x', c: [] }]).slice(0, 3900) }, nested(29), { t: '', c: fillList([nested(20)]).slice(0, 90) }, { t: '', c: [...fillList([{ t: 'x', c: [] }]).slice(0, 3900), 1] }].map(v => ({ v })) },
  Any: { schema: one(Type.Any({ unboundedOnPurpose: true })), values: [fillList([1]), fillList([{}]), fillList([[]]), fillList([{ a: [{}] }]), Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i])), fillList(['\ud800'])].map(v => ({ v })) },
}
