import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { csvCell, escapeHtml, jsonForScript } from '../../../lib/contract/text/escape.js'

interface Row { readonly id: string, readonly group: string, readonly payload: string, readonly expect: { readonly escaped: string } }
const corpus = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/xss.own.json`, 'utf8')) as { sinks: { text: string[] }, entries: Row[] }

const ENTITIES: { readonly [entity: string]: string } = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
const decode = (value: string): string => value.replace(/&(?:amp|lt|gt|quot|#39);/g, entity => ENTITIES[entity]!)

t.test('G01 escapeHtml: inert in every text sink, and lossless', async t => {
  t.equal(corpus.entries.length, 238)
  t.equal(corpus.sinks.text.length, 7)
  for (const { id, payload, expect } of corpus.entries) {
    const out = escapeHtml(payload)
    t.equal(out, expect.escaped, `${id} as the reference`)
    t.equal(decode(out), payload, `${id} decodes to what came`)
    for (const sink of corpus.sinks.text) {
      const [before = '', after = ''] = sink.split('X')
      const written = sink.replace('X', () => out)
      const inside = written.slice(before.length, written.length - after.length)
      t.notMatch(inside, /[<>"']/, `${id} creates no element and ends no value in ${sink}`)
      t.notMatch(inside, /&(?!(?:amp|lt|gt|quot|#39);)/, `${id} holds no other reference`)
    }
  }
})

t.test('G04 benign text round-trips', async t => {
  const rows = corpus.entries.filter(row => row.group === 'benign-must-survive')
  t.ok(rows.length > 20)
  for (const { id, payload } of rows) t.equal(decode(escapeHtml(payload)), payload, id)
  t.equal(escapeHtml('plain text, 5 + 5'), 'plain text, 5 + 5', 'nothing to escape, nothing changed')
})

t.test('G06 jsonForScript: no character ends the script, and parses to what came', async t => {
  for (const { id, payload } of corpus.entries) {
    const out = jsonForScript({ [payload]: [payload] })
    t.notMatch(out, /[<>&\u2028\u2029]/, id)
    t.same(JSON.parse(out), { [payload]: [payload] }, `${id} round trip`)
  }
  t.equal(jsonForScript('</script>\u2028'), '"\\u003c/script\\u003e\\u2028"')
  t.equal(jsonForScript(undefined), 'null')
  t.equal(jsonForScript({ a: 1 }), '{"a":1}')
  t.throws(() => jsonForScript(1n), TypeError)
})

const parseCsvCell = (cell: string): string => cell.slice(1, -1).replaceAll('""', '"')

t.test('G07 csvCell: quoted, and no formula', async t => {
  const rows = corpus.entries.filter(row => row.group === 'csv-formula')
  t.ok(rows.length >= 5)
  for (const { id, payload } of rows) t.equal(csvCell(payload), `"'${payload.replaceAll('"', '""')}"`, id)
  for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '\uff1d']) t.equal(csvCell(`${start}1`), `"'${start}1"`, JSON.stringify(start))
  t.equal(csvCell('a,"b"\n=c'), '"a,""b""\n=c"', 'only the start counts')
  t.equal(csvCell('x=1'), '"x=1"')
  t.equal(csvCell(''), '""')
  t.equal(csvCell(-5), '"-5"', 'a number is no formula')
  t.equal(csvCell('-5'), '"\'-5"')
})

t.test('property: helpers lose nothing', async t => {
  const check = fc.check(fc.property(fc.string({ unit: 'binary' }), value => {
    const cell = parseCsvCell(csvCell(value))
    return decode(escapeHtml(value)) === value && JSON.parse(jsonForScript(value)) === value && (cell === value || cell === `'${value}`)
  }), { numRuns: 1000 })
  t.equal(check.counterexample, null)
})
