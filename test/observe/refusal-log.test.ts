import { mock } from 'node:test'
import t from 'tap'
import { Events } from '../../lib/events/events.js'
import { logRefusals } from '../../lib/observe/refusal-log.js'
import type { RefusalCode, RefusedEvent } from '../../types/gate.js'
import type { Teardown } from '../helpers/teardown.js'

type Line = Record<string, unknown> & { readonly level: string }

const APP = {}
const refusal = (code: RefusalCode = 'WSG_ERR_ORIGIN_NOT_ALLOWED', ip: string | undefined = '192.0.2.1', more: Partial<RefusedEvent> = {}): RefusedEvent => ({
  app: APP,
  ...(code === 'WSG_ERR_HANDSHAKE_VERSION' ? { event: 'ws.handshake.malformed', level: 'info' } : { event: 'ws.origin.rejected', level: 'warn' }),
  code,
  statusCode: 403,
  reqId: 'r1',
  route: '/ws',
  ip,
  identity: undefined,
  value: undefined,
  ...more,
})

function start (t: Teardown) {
  mock.timers.enable({ apis: ['setInterval'] })
  const lines: Line[] = []
  const write = (level: string) => (fields: object): void => { lines.push({ ...fields, level }) }
  const events = new Events(APP)
  const end = logRefusals(events, { warn: write('warn'), info: write('info'), error: write('error') }, ip => ip.replace(/::.*$/, '::/64'))
  t.teardown(() => {
    end()
    mock.timers.reset()
  })
  return { lines, end, tell: (event: RefusedEvent) => { events.publish('refused', () => event) } }
}

t.test('the first of a kind is logged, its repeats are counted', async t => {
  const { lines, tell, end } = start(t)
  for (let n = 0; n < 5; n++) tell(refusal())
  tell(refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', '192.0.2.2'))
  tell(refusal('WSG_ERR_HANDSHAKE_VERSION'))
  tell({ ...refusal(), app: {} })
  t.same(lines.map(({ level, event, ip, count }) => [level, event, ip, count]), [
    ['warn', 'ws.origin.rejected', '192.0.2.1', 1], ['warn', 'ws.origin.rejected', '192.0.2.2', 1], ['info', 'ws.handshake.malformed', '192.0.2.1', 1],
  ])
  t.match(lines[0], { code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', statusCode: 403, reqId: 'r1', route: '/ws' })
  lines.length = 0
  mock.timers.tick(11_000)
  t.same(lines, [{ level: 'warn', event: 'ws.origin.rejected', code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', route: '/ws', ip: '192.0.2.1', count: 4 }])
  mock.timers.tick(11_000)
  t.equal(lines.length, 1)
  tell(refusal())
  t.equal(lines.length, 2, 'after a while without one it is the first again')
  end()
  tell(refusal())
  t.equal(lines.length, 2, 'nothing is heard after the end')
})

t.test('a flood from one address is one line in ten seconds, whatever it sends', async t => {
  const { lines, tell } = start(t)
  for (let tick = 0; tick < 600; tick++) {
    for (let n = 0; n < 10; n++) tell(refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', '192.0.2.1', { value: `https://${tick}-${n}.example`, reqId: `r${n}` }))
    mock.timers.tick(100)
  }
  t.equal(lines.length, 6)
})

t.test('many addresses share a line per code and route', async t => {
  const { lines, tell, end } = start(t)
  for (let n = 0; n < 2000; n++) tell(refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', `10.0.${n >> 8}.${n & 255}`))
  t.equal(lines.length, 501)
  lines.length = 0
  end()
  t.same(lines, [{ level: 'warn', event: 'ws.origin.rejected', code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', route: '/ws', count: 1499 }])
})

t.test('what was thrown stands in the line, and may be anything; in development each advice has a line', async t => {
  const { lines, tell } = start(t)
  const error = new Error('store is down')
  tell(refusal('WSG_ERR_AUTH_UNAVAILABLE', undefined, { error }))
  t.equal(lines[0]?.['err'], error)
  tell(refusal('WSG_ERR_FORBIDDEN', undefined, { error: undefined }))
  t.ok('err' in lines[1]!, 'something was thrown')
  tell(refusal('WSG_ERR_HANDSHAKE_MALFORMED', undefined, { reqId: '' }))
  t.same([lines[0]?.['reqId'], lines.pop()?.['reqId']], ['r1', undefined], 'where there is a request')
  for (const detail of ['add a', 'add b', 'add a']) tell(refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', '192.0.2.1', { detail }))
  t.same(lines.slice(2).map(({ advice }) => advice), ['add a', 'add b'])
})

t.test('addresses of one network are one client', async t => {
  const { lines, tell } = start(t)
  for (let n = 0; n < 100; n++) tell(refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', `2001:db8::${n}`))
  t.equal(lines.length, 1)
})

t.test('what the application did wrong is told whoever fills the log, once for each place', async t => {
  const { lines, tell, end } = start(t)
  for (let n = 0; n < 2000; n++) tell(refusal('WSG_ERR_ORIGIN_NOT_ALLOWED', `10.0.${n >> 8}.${n & 255}`))
  lines.length = 0
  const error = new Error('store is down')
  for (let n = 0; n < 100; n++) tell(refusal('WSG_ERR_AUTH_UNAVAILABLE', `10.1.0.${n}`, { error }))
  tell(refusal('WSG_ERR_AUTH_UNAVAILABLE', '10.1.0.1', { error: new TypeError('something else') }))
  tell(refusal('WSG_ERR_HOOK_FAILED', '10.1.0.1'))
  t.same(lines.map(({ code, err }) => [code, (err as Error | undefined)?.message]), [
    ['WSG_ERR_AUTH_UNAVAILABLE', 'store is down'], ['WSG_ERR_AUTH_UNAVAILABLE', 'something else'], ['WSG_ERR_HOOK_FAILED', undefined],
  ])
  lines.length = 0
  end()
  t.match(lines.filter(({ code }) => code === 'WSG_ERR_AUTH_UNAVAILABLE'), [{ route: '/ws', error: /^Error at /, count: 99 }])
})
