import Fastify from 'fastify'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import t from 'tap'
import { serializeUpgrades } from '../../lib/foreign/log-serializers.js'
import { changedInsides } from '../helpers/foreign.js'
import { LogCollector } from '../helpers/log.js'

const isUpgrade = (raw: { readonly url?: string | undefined }): boolean => raw.url?.includes('token') === true
const serialize = (): object => ({ url: 'hidden' })
const urls = (log: LogCollector): unknown[] => log.lines.filter(line => line.msg === 'incoming request').map(line => (line['req'] as { url: string }).url)

t.test('upgrades have a serializer of their own, on known and unknown URLs; other requests keep theirs', async t => {
  const log = new LogCollector()
  const app = Fastify({ logger: { level: 'info', stream: log } })
  t.teardown(() => app.close())
  serializeUpgrades(app, isUpgrade, serialize)
  app.get('/known', () => 'known')
  for (const url of ['/known', '/known?token=1', '/unknown?token=1', '/unknown?x=1']) await app.inject(url)
  t.same(urls(log), ['/known', 'hidden', 'hidden', '/unknown?x=1'])
})

t.test('without a logger, and with another one than pino, there is nothing to do', async t => {
  const silent = Fastify()
  t.teardown(() => silent.close())
  const before = silent.childLoggerFactory
  serializeUpgrades(silent, isUpgrade, serialize)
  t.equal(silent.childLoggerFactory, before)
  const lines: object[] = []
  const own = { level: 'info', child: () => ({ ...own }), ...Object.fromEntries(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map(level => [level, (record: object) => { lines.push(record) }])) }
  const other = Fastify({ loggerInstance: own as unknown as FastifyBaseLogger })
  t.teardown(() => other.close())
  serializeUpgrades(other as unknown as FastifyInstance, isUpgrade, serialize)
  t.same(changedInsides(lines), [])
})

t.test('a pino that keeps its serializers elsewhere is warned of', async t => {
  const log = new LogCollector()
  const app = Fastify({ logger: { level: 'info', stream: log } })
  t.teardown(() => app.close())
  const key = Symbol.for('pino.serializers')
  const { req: _req, ...others } = (app.log as unknown as { [key]: { req: unknown } })[key]
  Object.defineProperty(app.log, key, { value: others })
  serializeUpgrades(app, isUpgrade, serialize)
  t.same(changedInsides(log.lines), ['log-serializers'])
})
