import t from 'tap'
import { checkVersions, FLOORS } from '../../lib/plugin/versions.js'
import { readText } from '../helpers/sources.js'

t.test('versions with known holes are refused, each line of Node by its own floor', async t => {
  const good = [
    ['5.8.5', '20.20.2'], ['5.12.8', '20.21.0'], ['6.0.0', '22.22.2'], ['5.8.5', '24.14.1'], ['5.8.5', '24.15.0'], ['5.8.5', '25.8.2'],
    ['5.8.5', '26.0.0'], ['5.8.5', '27.1.0'],
  ] as const
  for (const [fastify, node] of good) t.equal(checkVersions(fastify, node), undefined, `${fastify} on ${node}`)
  for (const fastify of ['5.8.4', '5.7.99', '4.29.1', '5.8.4-rc.1']) {
    t.throws(() => checkVersions(fastify, '20.20.2'), {
      code: 'WSG_ERR_DEPENDENCY',
      message: `fastify: expected 5.8.5 or later, got ${fastify} (CVE-2026-3635: forged X-Forwarded headers were believed)`,
    }, fastify)
  }
  const bad = ['20.20.1', '20.9.9', '22.22.1', '22.0.0', '18.20.8', '21.7.3', '23.0.0', '23.11.1', '24.0.0', '24.14.0', '25.0.0', '25.8.1']
  for (const node of bad) {
    t.throws(() => checkVersions('5.12.8', node), { code: 'WSG_ERR_DEPENDENCY', message: new RegExp(`^node: expected at least 20\\.20\\.2, .*got ${node} `) }, node)
  }
})

t.test('package.json asks for the same Node', async t => {
  const { engines } = JSON.parse(readText('package.json')) as { engines: { node: string } }
  const [newest, ...lines] = [...FLOORS.node].reverse()
  t.equal(engines.node, [...lines.reverse().map(version => `^${version}`), `>=${newest}`].join(' || '))
})
