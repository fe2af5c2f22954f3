import t from 'tap'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import ts from 'typescript'
import { skipWithout } from '../helpers/binaries.js'
import { launchChromium } from '../helpers/chromium.js'
import { startServer } from '../helpers/example.js'
import { codeBlocks } from '../helpers/markdown.js'
import { freePort } from '../helpers/ports.js'
import { emptyRepository, runNode } from '../helpers/separate-repository.js'
import { readText, ROOT } from '../helpers/sources.js'
import type { Teardown } from '../helpers/teardown.js'

// The first chat of README.md and of docs/getting-started.md as a new user comes to it: an empty folder, the packages of
// the page's `npm install`, its files, its commands, a browser.

const { dependencies } = JSON.parse(readText('package.json')) as { readonly dependencies: object }

interface Followed {
  readonly folder: string
  /** In place of the page's 3000. */
  readonly port: number
}

/** A folder with the page's files, bundled by the page's command. */
async function follow (t: Teardown, text: string): Promise<Followed> {
  const port = await freePort()
  const blocks = codeBlocks(text)
  const commands = blocks.filter(({ language }) => language === 'sh').map(block => block.text).join('')
  const installed = [...commands.matchAll(/npm install ([^&\n]+)/g)].flatMap(([, names]) => names!.split(' '))
    .filter(name => !/^--|^(?:fastify-ws-guard|tsx)$/.test(name))
  const folder = emptyRepository(t, [...new Set([...installed, ...Object.keys(dependencies), '@types/node', 'undici-types'])])
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { file, text } of blocks) {
    if (file !== null) writeFileSync(join(folder, file), text.replaceAll(/\b3000\b/g, String(port)))
  }
  const [, bundle] = /^npx esbuild (.*)$/m.exec(commands)!
  const bundled = await runNode(folder, [join(ROOT, 'node_modules/esbuild/bin/esbuild'), ...bundle!.split(' ')])
  if (bundled.status !== 0) throw new Error(bundled.output)
  return { folder, port }
}

t.test('the first chat of the pages, in Chromium', { skip: skipWithout('chromium') }, async t => {
  const browser = await launchChromium(t)

  await t.test('README.md, in TypeScript', async t => {
    const { folder, port } = await follow(t, readText('README.md'))
    const options = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--lib', 'es2023,dom', '--skipLibCheck', 'server.ts', 'page.ts']
    const checked = await runNode(folder, [join(ROOT, 'node_modules/typescript/lib/tsc.js'), '--noEmit', ...options])
    t.same(checked, { status: 0, output: '' })
    // As tsx does.
    for (const name of ['server', 'chat.contract']) {
      const { outputText } = ts.transpileModule(readFileSync(join(folder, `${name}.ts`), 'utf8'), { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } })
      writeFileSync(join(folder, `${name}.js`), outputText)
    }
    await startServer(t, join(folder, 'server.js'), { PORT: String(port) }, folder)
    const open = async (): Promise<{ readonly page: Page, readonly heard: Promise<unknown> }> => {
      const page = await browser.newPage()
      const heard = page.waitForEvent('console', message => message.text() === 'hello')
      await page.goto(`http://localhost:${port}/`)
      return { page, heard }
    }
    const one = await open()
    await one.heard
    const again = one.page.waitForEvent('console', message => message.text() === 'hello')
    await open()
    t.ok(await again, 'the first window hears the second')
  })

  await t.test('docs/getting-started.md, in JavaScript', async t => {
    const { folder, port } = await follow(t, readText('docs/getting-started.md'))
    const env = { PORT: String(port), SESSION_SECRET: 'a secret of at least thirty-two characters' }
    await startServer(t, join(folder, 'server.js'), env, folder)
    const page = await (await browser.newContext()).newPage()
    await page.goto(`http://localhost:${port}/`)
    await page.getByText('Log in first').waitFor()
    await page.goto(`http://localhost:${port}/login/ada`)
    await page.goto(`http://localhost:${port}/`)
    await page.getByText('ada: hello').waitFor()
    await page.reload()
    await page.getByText('ada: hello').nth(1).waitFor()
    t.equal(await page.getByText('ada: hello').count(), 2, 'what was said before, and again')
  })
})
