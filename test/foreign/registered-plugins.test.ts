import t from 'tap'
import { refuseSecondServer } from '../../lib/foreign/registered-plugins.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

const LIST = Symbol.for('registered-plugin')

t.test('a second @fastify/websocket throws where Fastify notes its name', async t => {
  const names = ['fastify-ws-guard']
  const { instance, log } = fakeInstance({ [LIST]: names })
  refuseSecondServer(instance, true)
  names.push('@fastify/cookie', '@fastify/websocket')
  t.throws(() => names.push('@fastify/websocket'), { code: 'WSG_ERR_PLUGIN_ORDER' })
  t.throws(() => (Object.create(names) as string[]).push('@fastify/websocket'), { code: 'WSG_ERR_PLUGIN_ORDER' }, 'in a child scope')
  t.same(changedInsides(log), [])
})

t.test('a Fastify that keeps no such list, or keeps it otherwise, is warned of and left alone', async t => {
  for (const members of [{}, { [LIST]: new Set(['fastify-ws-guard']) }, { [LIST]: [] }]) {
    const { instance, log } = fakeInstance(members)
    t.equal(refuseSecondServer(instance, false), undefined)
    t.same(changedInsides(log), ['registered-plugins'])
  }
})
