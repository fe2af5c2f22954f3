import t from 'tap'
import * as errors from '../../lib/errors/coded.js'
import { CLOSES, errorCodes, ERRORS } from '../../lib/protocol/codes.js'
import { readText, readTree } from '../helpers/sources.js'

const CODE = /\bWSG_[A-Z]+_[A-Z0-9_]*[A-Z0-9]\b/g

/** Codes that have a row or a heading of their own, with the number in the row's second cell if there is one. */
export function documentedCodes (markdown: string): Map<string, number | null> {
  const codes = new Map<string, number | null>()
  for (const line of markdown.split('\n')) {
    const match = /^(?:\| *|#{2,5} +)`(WSG_[A-Z0-9_]+)`(?: *\| *`?(\d{3})\b)?/.exec(line)
    if (match?.[1] !== undefined) codes.set(match[1], match[2] === undefined ? null : Number(match[2]))
  }
  return codes
}

/** The coded errors of lib/errors/coded.ts and their HTTP status. */
function definedCodes (): Map<string, number> {
  const codes = new Map<string, number>()
  for (const [name, Thrown] of Object.entries(errors)) {
    if (typeof Thrown !== 'function' || !name.startsWith('WSG_')) continue
    const error: { code: string, statusCode?: number } = new Thrown()
    t.equal(error.code, name, `${name} is exported under its own code`)
    codes.set(name, error.statusCode ?? 500)
  }
  return codes
}

const defined = definedCodes()

t.test('rows and headings are found, mentions are not', async t => {
  const found = documentedCodes('## `WSG_ERR_A`\n| `WSG_ERR_B` | 403 | x |\n| `WSG_ERR_C` | x |\nsee `WSG_ERR_D`')
  t.same([...found], [['WSG_ERR_A', null], ['WSG_ERR_B', 403], ['WSG_ERR_C', null]])
})

t.test('docs/errors.md has every code of lib/errors/coded.ts, with its status', async t => {
  const documented = documentedCodes(readText('docs/errors.md'))
  t.ok(defined.size > 20)
  t.same([...defined.keys()].filter(code => !documented.has(code)), [], 'codes without a row in docs/errors.md')
  for (const [code, status] of documented) {
    if (status !== null && defined.has(code)) t.equal(status, defined.get(code), `status of ${code}`)
  }
})

t.test('docs name no code that does not exist', async t => {
  const pages = readTree(['docs'], '.md')
  pages.set('README.md', readText('README.md'))
  // Warnings have codes too; they are no errors and live where they are given.
  const known = new Set([...defined.keys(), ...codesIn(readTree(['lib'], '.ts'))])
  for (const [page, text] of pages) {
    t.same([...new Set(text.match(CODE) ?? [])].filter(code => !known.has(code)), [], page)
  }
})

t.test('lib uses no error code that lib/errors/coded.ts does not define, and docs have every other code', async t => {
  const used = codesIn(readTree(['lib', 'types'], '.ts'))
  t.same([...used].filter(code => code.startsWith('WSG_ERR_') && !defined.has(code)), [])
  const page = readText('docs/errors.md')
  t.same([...used].filter(code => !code.startsWith('WSG_ERR_') && !page.includes(`\`${code}\``)), [], 'warnings in docs/errors.md')
})

t.test('docs/protocol.md says of each error code what it counts as, as the server uses it', async t => {
  const rows = rowsOf(sectionOf(readText('docs/protocol.md'), '## 5.'))
  const documented = rows.flatMap(([codes = '', , , closes = '']) => codesOf(codes).map(code => [code, closes]))
  const used = errorCodes().map(code => {
    const { close } = ERRORS[code]
    return [code, close === null ? '-' : String(CLOSES[close].code)]
  })
  const own = documented.filter(([code]) => code !== undefined)
  t.same(new Map(own as [string, string][]), new Map(used as [string, string][]))
})

t.test('docs/protocol.md has each close with its reason and whether a client may come back, as the server uses it', async t => {
  const rows = rowsOf(sectionOf(readText('docs/protocol.md'), '## 6.'))
  const documented = rows.flatMap(([code = '', reasons = '', , retryable]) => {
    const names = codesOf(reasons)
    return (names.length === 0 ? [''] : names).map(reason => `${code} ${reason} ${retryable}`)
  })
  t.same(documented.sort(), Object.values(CLOSES).map(({ code, reason, retryable }) => `${code} ${reason} ${retryable ? 'yes' : 'no'}`).sort())
})

function sectionOf (page: string, heading: string): string {
  const from = page.indexOf(`\n${heading}`)
  return page.slice(from, page.indexOf('\n## ', from + 4))
}

/** Cells of the table's rows, without its head. */
function rowsOf (section: string): string[][] {
  return section.split('\n').filter(line => line.startsWith('|')).slice(2).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
}

function codesOf (cell: string): string[] {
  return [...cell.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code ?? '')
}

function codesIn (files: ReadonlyMap<string, string>): Set<string> {
  return new Set([...files.values()].flatMap(text => text.match(CODE) ?? []))
}
