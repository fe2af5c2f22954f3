import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import { Duplex } from 'node:stream'
import t from 'tap'
import { checkOpenAnswer, declineH2c, hasOpenAnswer } from '../../lib/foreign/http-server.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

t.test('a socket with and without a response under way', async t => {
  const socket = new Duplex()
  t.equal(hasOpenAnswer(socket), false)
  t.equal(hasOpenAnswer(Object.assign(socket, { _httpMessage: null })), false)
  t.equal(hasOpenAnswer(Object.assign(socket, { _httpMessage: {} })), true)
  const { instance, log } = fakeInstance({})
  checkOpenAnswer(instance.log)
  t.same(changedInsides(log), [], 'this Node keeps it there')
})

t.test('h2c is no upgrade where Node asks, and nothing else changes', async t => {
  const asked: unknown[] = []
  const server = Object.assign(new EventEmitter(), { shouldUpgradeCallback: (request: unknown) => asked.push(request) > 0 })
  t.equal(declineH2c(server as unknown as Server), true)
  const decide = (upgrade: string | undefined): boolean => (server.shouldUpgradeCallback as (request: object) => boolean)({ headers: { upgrade } })
  for (const offer of ['h2c', 'H2C', ' h2c ']) t.equal(decide(offer), false, offer)
  t.same(asked, [])
  for (const offer of ['websocket', 'WebSocket', 'h2c, websocket', 'h2', 'x', undefined]) t.equal(decide(offer), true, String(offer))
  t.equal(declineH2c(new EventEmitter() as unknown as Server), false, 'before Node 24.9')
})
