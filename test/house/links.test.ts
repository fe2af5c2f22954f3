import t from 'tap'
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { readText, readTree, ROOT } from '../helpers/sources.js'

const pages = new Map([
  ...readTree(['docs', 'examples'], '.md'),
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'].map(path => [path, readText(path)] as const),
])

/** Text of a page without its code blocks. */
const prose = (markdown: string): string => markdown.replaceAll(/^```[^]*?^```$/gm, '')

/** Anchors of a page's headings, as the usual renderers make them. */
function anchors (markdown: string): Set<string> {
  const headings = prose(markdown).match(/^#+ .*$/gm) ?? []
  return new Set(headings.map(heading => heading.replace(/^#+ /, '').toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')))
}

/** Links of a page that lead nowhere. */
function broken (page: string, markdown: string): string[] {
  const targets = [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1] ?? '').filter(target => !/^[a-z]+:/.test(target))
  return targets.filter(target => {
    const [file = '', anchor] = target.split('#')
    const path = file === '' ? page : posix.join(posix.dirname(page), file)
    if (!existsSync(join(ROOT, path))) return true
    return anchor !== undefined && !anchors(path === page ? markdown : readText(path)).has(anchor)
  })
}

t.test('the check sees a missing page and a missing heading', async t => {
  t.same(broken('README.md', '## A "b", c\n[x](#a-b-c) [y](docs/gate.md) [z](https://example.com)\n```\n[q](nowhere)\n```\n'), [])
  t.same(broken('docs/x.md', '[x](#a) [y](gate.md#nowhere) [z](CHANGELOG.md)'), ['#a', 'gate.md#nowhere', 'CHANGELOG.md'])
})

t.test('every link between pages leads somewhere', async t => {
  for (const [page, markdown] of pages) t.same(broken(page, markdown), [], page)
})

t.test('the index names every page once', async t => {
  const index = readText('docs/README.md')
  for (const page of readTree(['docs'], '.md').keys()) {
    const name = posix.basename(page)
    const lines = index.split('\n').filter(line => line.startsWith('- [') && line.includes(`](${name})`))
    if (name !== 'README.md') t.equal(lines.length, 1, name)
  }
})

t.test('every file that a page names is there', async t => {
  for (const [page, markdown] of pages) {
    const named = [...markdown.matchAll(/`((?:lib|types|docs|test|examples)\/[\w./-]*\w\.(?:ts|md|json))`/g)].map(match => match[1] ?? '')
    t.same(named.filter(path => !existsSync(join(ROOT, path))), [], page)
  }
})

t.test('the walk through the house names every room, and only files that are there', async t => {
  const text = readText('CONTRIBUTING.md')
  const files = [...readTree(['lib'], '.ts').keys()]
  const short = [...text.matchAll(/`([a-z-]+\.ts)`/g)].map(match => match[1] ?? '')
  t.ok(short.length > 10)
  t.same(short.filter(name => !files.some(path => path.endsWith(`/${name}`))), [])
  const rooms = new Set(files.flatMap(path => /^lib\/[^/]+\//.exec(path) ?? []))
  for (const room of rooms) t.ok(text.includes(`| \`${room}\``) || text.includes(`, \`${room}\` |`), `${room} has a row in CONTRIBUTING.md`)
})
