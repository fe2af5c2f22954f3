import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import t from 'tap'
import type { WebSocket } from 'ws'
import { socketErrors } from '../../lib/plugin/socket-errors.js'

const fakeLog = (records: object[]): FastifyBaseLogger => ({ warn: (record: object) => { records.push(record) } }) as unknown as FastifyBaseLogger

t.test('errors of a socket: the network\'s, the protocol\'s, the handler\'s', async t => {
  const rows: [string | undefined, string][] = [
    ['ECONNRESET', 'terminate'], ['EPIPE', 'terminate'], ['WS_ERR_INVALID_UTF8', 'warn ws.proto.violation'], ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'warn ws.proto.violation'],
    [undefined, 'error ws.handler.error, close 1011 internal'], ['ERR_ASSERTION', 'error ws.handler.error, close 1011 internal'],
  ]
  for (const [code, expected] of rows) {
    const seen: string[] = []
    const errors = socketErrors(fakeLog([]))
    const socket = { terminate: () => seen.push('terminate'), close: (code: number, reason: string) => seen.push(`close ${code} ${reason}`) } as unknown as WebSocket
    const write = (level: string) => (fields: { event: string }): void => { seen.push(`${level} ${fields.event}`) }
    errors.onError(Object.assign(new Error('secret'), { code }), socket, { routeOptions: {}, log: { warn: write('warn'), error: write('error') } } as unknown as FastifyRequest)
    errors.stop()
    t.equal(seen.join(', '), expected, code ?? 'no code')
  }
})

t.test('a client that reconnects into the same violation gets one line and a count', async t => {
  const records: object[] = []
  const log = fakeLog(records)
  const errors = socketErrors(log)
  const at = (url: string): FastifyRequest => ({ routeOptions: { url }, log }) as unknown as FastifyRequest
  const tooLarge = Object.assign(new Error('x'), { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' })
  for (let i = 0; i < 300; i++) errors.onError(tooLarge, {} as WebSocket, at('/yjs/:doc'))
  errors.onError(tooLarge, {} as WebSocket, at('/other'))
  const violation = { event: 'ws.proto.violation', code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }
  t.same(records, [{ ...violation, route: '/yjs/:doc' }, { ...violation, route: '/other' }])
  errors.stop()
  t.same(records.slice(2), [{ ...violation, route: '/yjs/:doc', count: 299 }])
})
