import t from 'tap'
import { parse } from 'yaml'
import { readText } from '../helpers/sources.js'

interface Job {
  readonly container?: string
  readonly permissions?: Record<string, string>
  readonly strategy?: { readonly matrix: { readonly node: number[], readonly os?: string[] } }
  readonly env?: Record<string, string>
  readonly steps: readonly { readonly uses?: string, readonly run?: string, readonly with?: Record<string, unknown> }[]
}
interface Workflow { readonly on: object, readonly permissions: Record<string, string>, readonly jobs: Record<string, Job> }

const read = (name: string): Workflow => parse(readText(`.github/workflows/${name}.yml`)) as Workflow
const { engines } = JSON.parse(readText('package.json')) as { engines: { node: string } }

t.test('CI runs each line of Node that is kept up, on three systems', async t => {
  const { jobs, permissions } = read('ci')
  t.same(permissions, { contents: 'read' })
  t.same(jobs['all']?.strategy?.matrix, { node: [20, 22, 24] })
  t.same(jobs['tests']?.strategy?.matrix, { os: ['macos-latest', 'windows-latest'], node: [20, 22, 24] })
  // .ci/run installs Debian's packages; Ubuntu has no chromium among its own.
  t.match(jobs['all']?.container, /^node:\$\{\{ matrix\.node \}\}-bookworm$/)
  t.ok(jobs['all']?.steps.some(({ run }) => run === 'bash .ci/run'), 'the same as a contributor runs')
  // Elsewhere there is no Redis or nginx, and a test that needs one fails where CI is true.
  t.same(jobs['tests']?.env, { CI: 'false' })
  for (const line of [20, 22, 24]) t.match(engines.node, new RegExp(`\\^${line}\\.`))
})

t.test('a release is made of a tag that is the version, after all checks, with provenance and no token', async t => {
  const { jobs, permissions, on } = read('release')
  t.same(on, { release: { types: ['published'] } })
  t.same(permissions, { contents: 'read' })
  t.equal(jobs['publish']?.container, 'node:24-bookworm')
  t.same(jobs['publish']?.permissions, { contents: 'read', 'id-token': 'write' })
  const runs = jobs['publish']?.steps.flatMap(({ run }) => run ?? []) ?? []
  t.match(runs, [/test "\$TAG" = "v/, 'bash .ci/run', /^npm publish --provenance/])
  t.notMatch(readText('.github/workflows/release.yml'), /secrets\./)
})

t.test('no workflow leaves its credentials to what it runs', async t => {
  for (const name of ['ci', 'release']) {
    for (const { steps } of Object.values(read(name).jobs)) {
      for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) t.same(step.with, { 'persist-credentials': false }, name)
      // An expression inside a script is text that somebody else may have written.
      for (const { run } of steps) t.notMatch(run ?? '', /\$\{\{/, name)
    }
  }
})
