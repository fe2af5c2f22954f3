import t from 'tap'
import * as errors from '../../lib/errors/coded.js'
import { CLOSE_CODES, ERROR_CODES } from '../../lib/protocol/codes.js'
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

t.test('docs/protocol.md has every wire error', async t => {
  const page = readText('docs/protocol.md')
  t.same(ERROR_CODES.filter(code => !page.includes(`\`${code}\``)), [])
})

/** Rows of the table of close codes: the reasons of each, and whether a client may come back by itself. */
function closeRows (markdown: string): { readonly [code: string]: { readonly reasons: string[], readonly retryable: boolean } } {
  const rows = [...markdown.matchAll(/^\| (\d{4}) \|(.*?)\| .* \| (yes|no) \|$/gm)]
  return Object.fromEntries(rows.map(([, code = '', reasons = '', retryable]) => [code, { reasons: [...reasons.matchAll(/`(\w+)`/g)].map(match => match[1] ?? ''), retryable: retryable === 'yes' }]))
}

t.test('the table of close codes is CLOSE_CODES', async t => {
  const rows = closeRows(readText('docs/protocol.md'))
  t.same(Object.keys(rows), Object.keys(CLOSE_CODES))
  for (const [code, { name, retryable }] of Object.entries(CLOSE_CODES)) {
    const row = rows[code]
    t.equal(row?.retryable, retryable, `${code} retryable`)
    // Codes that ws itself sends carry no reason.
    if (row?.reasons.length !== 0) t.ok(row?.reasons.includes(name), `${code} ${name}`)
  }
})

t.test('lib closes with codes and reasons of the table only', async t => {
  const rows = closeRows(readText('docs/protocol.md'))
  const pairs = [...readTree(['lib'], '.ts')].flatMap(([path, text]) => [...text.matchAll(/\b([14]\d{3}), '(\w+)'/g)].map(([, code = '', reason = '']) => ({ path, code, reason })))
  t.ok(pairs.length > 5)
  t.same(pairs.filter(({ code, reason }) => rows[code]?.reasons.includes(reason) !== true), [])
})

function codesIn (files: ReadonlyMap<string, string>): Set<string> {
  return new Set([...files.values()].flatMap(text => text.match(CODE) ?? []))
}
