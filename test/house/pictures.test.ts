import t from 'tap'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readText, readTree, ROOT } from '../helpers/sources.js'

const images = readTree(['docs/images'], '.svg')

t.test('pictures are what their script draws', async t => {
  const { PICTURES } = await import(pathToFileURL(join(ROOT, 'scripts', 'pictures.js')).href) as { PICTURES: Record<string, string> }
  for (const [name, svg] of Object.entries(PICTURES)) t.equal(images.get(`docs/images/${name}`), svg, `node scripts/pictures.js (${name})`)
})

t.test('the benchmark\'s picture is that of the run that is kept', async t => {
  const { plot } = await import(pathToFileURL(join(ROOT, 'bench', 'plot.js')).href) as { plot: (run: unknown) => string }
  t.equal(images.get('docs/images/benchmark.svg'), plot(JSON.parse(readText('bench/results/messages.json'))), 'node bench/plot.js')
})

t.test('pictures have words for who can\'t see them, colours for a dark page, and nothing that runs or is loaded', async t => {
  t.ok(images.size > 2)
  for (const [name, svg] of images) {
    t.match(svg, /<title id="title">[^<]+<\/title>\n<desc id="description">[^<]+<\/desc>/, name)
    t.match(svg, /prefers-color-scheme: dark/, name)
    t.notMatch(svg, /<script|\bon\w+=|href|url\(|@import/, name)
  }
})

t.test('each picture is shown on a page, with words in its place', async t => {
  const pages = [...readTree(['docs'], '.md').values(), readText('README.md')].join('\n')
  for (const name of images.keys()) t.match(pages, new RegExp(`!\\[[^\\]]{10,}\\]\\([\\w/]*images/${name.split('/').at(-1)!.replace('.', '\\.')}\\)`), name)
})
