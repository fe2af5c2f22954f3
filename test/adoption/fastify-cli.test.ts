import { once } from 'node:events'
import t from 'tap'
import { skipWithoutPackages } from '../helpers/adoption.js'
import { waitForOutput } from '../helpers/child.js'
import { FastifyCliProject } from '../helpers/fastify-cli-project.js'
import type { ProjectKind } from '../helpers/fastify-cli-project.js'
import { upgrade } from '../helpers/handshake.js'
import { until } from '../helpers/until.js'

// The guard in plugins/ of a project of `fastify generate`, in JavaScript.

const skip = skipWithoutPackages()
const KINDS: readonly ProjectKind[] = [
  { name: 'JavaScript', args: [], src: '', ending: 'js', esm: false },
  { name: 'JavaScript, ES modules', args: ['--esm'], src: '', ending: 'js', esm: true },
]

for (const kind of KINDS) {
  t.test(`fastify generate, ${kind.name}`, { skip }, async t => {
    const project = await FastifyCliProject.generate(t, kind)
    project.addGuard()

    await t.test('as generated it does not start, and the error says what to write', async t => {
      const { child, output } = await project.start(t, [])
      if (child.exitCode === null) await once(child, 'exit')
      t.not(child.exitCode, 0)
      t.match(output(), /WSG_ERR_PLUGIN_ORDER/)
      t.match(output(), /options = \{ skipOverride: true \}.*fastify start -o/s)
      t.match(output(), /docs\/fastify-cli\.md/)
    })

    await t.test('with the two lines it starts, and guards', async t => {
      project.setOptions()
      const { child, port, output } = await project.start(t, ['-o'])
      await waitForOutput(child.stdout!, /listening/i).catch((error: Error) => { throw new Error(`${error.message}\n${output()}`) })
      t.match(await (await fetch(`http://127.0.0.1:${port}/`)).json(), { root: true }, 'its own routes are there')
      t.equal((await upgrade(port, { path: '/rooms/lobby' })).status, 401)
      t.equal((await upgrade(port, { path: '/rooms/lobby', origin: 'https://evil.example' })).status, 403)
      t.equal((await upgrade(port, { path: '/' })).status, 404)
      // The log says what to write.
      await until(() => /derived from allowedHosts/.test(output()))
      t.notMatch(output(), /WSG_WARN/, 'no warning but of development')
    })

    await t.test('its own tests pass', async t => {
      const names = ['root', 'example', ...kind.esm ? [] : ['rooms']]
      const { code, output } = await project.test(names)
      t.equal(code, 0, output)
      t.match(output, new RegExp(`# pass ${names.length}\\b`))
    })
  })
}
