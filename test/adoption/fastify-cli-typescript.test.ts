import t from 'tap'
import { skipWithoutPackages } from '../helpers/adoption.js'
import { waitForOutput } from '../helpers/child.js'
import { FastifyCliProject } from '../helpers/fastify-cli-project.js'
import type { ProjectKind } from '../helpers/fastify-cli-project.js'
import { upgrade } from '../helpers/handshake.js'

// The guard in plugins/ of a project of `fastify generate --lang=ts`. As generated these do not start either: fastify-cli.test.ts has it.

const skip = skipWithoutPackages()
const KINDS: readonly ProjectKind[] = [
  { name: 'TypeScript', args: ['--lang=ts'], src: 'src', ending: 'ts', esm: false },
  { name: 'TypeScript, ES modules', args: ['--lang=ts', '--esm'], src: 'src', ending: 'ts', esm: true },
]

for (const kind of KINDS) {
  t.test(`fastify generate, ${kind.name}`, { skip }, async t => {
    const project = await FastifyCliProject.generate(t, kind)
    project.addGuard()
    project.setOptions()
    await project.build()

    await t.test('it starts, and guards', async t => {
      const { child, port, output } = await project.start(t, ['-o'])
      await waitForOutput(child.stdout!, /listening/i).catch((error: Error) => { throw new Error(`${error.message}\n${output()}`) })
      t.match(await (await fetch(`http://127.0.0.1:${port}/`)).json(), { root: true })
      t.equal((await upgrade(port, { path: '/rooms/lobby' })).status, 401)
      t.equal((await upgrade(port, { path: '/rooms/lobby', origin: 'https://evil.example' })).status, 403)
    })

    await t.test('its own tests pass', async t => {
      const { code, output } = await project.test(['root', 'example'])
      t.equal(code, 0, output)
      t.match(output, /# pass 2\b/)
    })
  })
}
