import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import { PendingHandshakes } from '../../lib/gate/pending.js'
import { type Handshake, handshakeOf } from '../../lib/gate/record.js'
import { until } from '../helpers/until.js'

class FakeSocket extends EventEmitter {
  bytesWritten = 0
  writableLength = 0
  destroyed = false
  destroy (): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }
}

const make = (t: { teardown (fn: () => void): void }, authTimeout = 10_000, handshakeTimeout = 20_000) => {
  const events: string[] = []
  const note = (name: string) => (handshake?: Handshake): void => { events.push(handshake === undefined ? name : `${name}${handshake.refusal !== null ? ' refused' : ''}`) }
  const pending = new PendingHandshakes({
    authTimeout, handshakeTimeout, onAuthTimeout: note('auth'), onTimeout: note('timeout'), onUnanswered: note('unanswered'), onSettled: () => { events.push('settled') }, onClosed: note('closed'),
  })
  t.teardown(() => { pending.stop() })
  const start = (socket = new FakeSocket()) => {
    const raw = {} as IncomingMessage
    return { raw, socket, handshake: pending.start(raw, socket as unknown as Duplex) }
  }
  return { pending, events, start }
}

t.test('settles once, whichever way it ends', async t => {
  const { pending, events, start } = make(t)
  const { raw, socket, handshake } = start()
  t.equal(pending.size, 1)
  t.equal(handshakeOf(raw), handshake)
  t.equal(handshakeOf({} as IncomingMessage), undefined)
  pending.settle(handshake)
  t.equal(pending.size, 0)
  t.equal(handshakeOf(raw), handshake, 'known as long as its request')
  socket.destroy()
  t.same(events, ['settled', 'closed'])
  t.equal(handshake.closed, true)
  start().socket.destroy()
  t.same(events, ['settled', 'closed', 'settled', 'closed'])
})

t.test('a strategy at work is told that its client left', async t => {
  const { start } = make(t)
  const left = start()
  const { signal } = left.handshake.abort = new AbortController()
  left.socket.destroy()
  t.equal(signal.aborted, true)
  const { pending, start: again } = make(t)
  const admitted = again()
  const kept = (admitted.handshake.abort = new AbortController()).signal
  admitted.handshake.admitted = true
  pending.settle(admitted.handshake, true)
  t.equal(kept.aborted, false)
  const refused = again()
  const { signal: late } = refused.handshake.abort = new AbortController()
  refused.handshake.admitted = true
  refused.socket.destroy()
  t.equal(late.aborted, true, 'who was admitted, and then refused, is of no use to it')
  t.equal(admitted.handshake.abort, null, 'and nothing of the handshake is kept with the socket')
})

t.test('the authentication deadline spares who is admitted or refused', async t => {
  const { events, start } = make(t, 30, 10_000)
  const late = start()
  late.handshake.abort = new AbortController()
  start().handshake.admitted = true
  start().handshake.refusal = { code: 'WSG_ERR_FORBIDDEN' }
  await until(() => events.includes('auth'))
  t.equal(events.filter(name => name.startsWith('auth')).length, 1)
  t.equal(late.handshake.abort.signal.aborted, true)
  t.equal(late.socket.destroyed, false, 'it is answered, not cut')
  late.handshake.refusal = { code: 'WSG_ERR_AUTH_TIMEOUT' }
})

t.test('the handshake deadline destroys', async t => {
  const { pending, events, start } = make(t, 10_000, 30)
  const admitted = start()
  admitted.handshake.admitted = true
  const { socket } = start()
  await until(() => socket.destroyed && admitted.socket.destroyed)
  t.equal(pending.size, 0)
  t.equal(events.filter(name => name === 'timeout').length, 2)
})

t.test('what was answered but not closed is destroyed; what was answered before is not', async t => {
  const { events, start } = make(t, 100, 10_000)
  const keptAlive = new FakeSocket()
  keptAlive.bytesWritten = 500
  const waiting = start(keptAlive)
  waiting.handshake.admitted = true
  const answered = start()
  answered.socket.bytesWritten = 200
  const writing = start()
  writing.handshake.refusal = { code: 'WSG_ERR_FORBIDDEN' }
  Object.assign(writing.socket, { bytesWritten: 200, writableLength: 100 })
  const lingering = start()
  Object.assign(lingering.socket, { bytesWritten: 200, writableEnded: true })
  const streaming = start()
  const raw = { headersSent: true, writableFinished: false }
  streaming.handshake.reply = { raw } as FastifyReply
  streaming.socket.bytesWritten = 200
  await until(() => answered.socket.destroyed)
  t.equal(keptAlive.destroyed, false)
  t.equal(writing.socket.destroyed, false)
  t.equal(streaming.socket.destroyed, false, 'a hook is still writing its answer')
  t.equal(lingering.socket.destroyed, false, 'whoever ended it destroys it')
  raw.writableFinished = true
  await until(() => streaming.socket.destroyed)
  t.same(events.filter(name => name === 'timeout'), [])
})

t.test('stop destroys the rest', async t => {
  const { pending, start } = make(t)
  const sockets = [start().socket, start().socket]
  const open = start()
  pending.settle(open.handshake)
  pending.stop()
  t.ok(sockets.every(socket => socket.destroyed))
  t.equal(open.socket.destroyed, false, 'a WebSocket is closed elsewhere')
})
