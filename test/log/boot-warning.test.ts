import Fastify from 'fastify'
import { once } from 'node:events'
import t from 'tap'
import { isMute, warnAtBoot } from '../../lib/log/boot-warning.js'
import { LogCollector } from '../helpers/log.js'

t.test('an application without a logger is told apart from one that asks for silence', async t => {
  t.equal(isMute(Fastify().log), true)
  t.equal(isMute(Fastify({ logger: false }).log), true)
  t.equal(isMute(Fastify({ logger: { level: 'silent' } }).log), false)
  t.equal(isMute(Fastify({ logger: true }).log), false)
})

t.test('with a logger it is a line', async t => {
  const log = new LogCollector()
  warnAtBoot(Fastify({ logger: { stream: log } }).log, { code: 'WSG_WARN_BUN' }, 'with a logger')
  t.match(log.lines, [{ level: 40, code: 'WSG_WARN_BUN', msg: 'with a logger' }])
})

t.test('without one it is a process warning, once', async t => {
  const { log } = Fastify()
  const seen: Error[] = []
  const keep = (warning: Error): void => { seen.push(warning) }
  process.on('warning', keep)
  t.teardown(() => process.off('warning', keep))
  for (const text of ['without a logger', 'without a logger', 'another']) warnAtBoot(log, { code: 'WSG_WARN_BUN' }, text)
  if (seen.length < 2) await once(process, 'warning')
  await new Promise(resolve => setImmediate(resolve))
  t.match(seen, [{ name: 'fastify-ws-guard', code: 'WSG_WARN_BUN', message: 'without a logger' }, { message: 'another' }])
  t.equal(seen.length, 2)
})
