import { Duplex } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { openRecord } from '../../lib/gate/record.js'
import { type MakeRoom, Room } from '../../lib/gate/room.js'
import type { Refusal } from '../../types/gate.js'

const FULL: Refusal = { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS' }
const record = () => openRecord({} as IncomingMessage, new Duplex())

/** A cap with `free` places. */
const cap = (free: number) => {
  const state = { free, claims: 0 }
  const claim = (): Refusal | null => {
    state.claims++
    return state.free-- > 0 ? null : FULL
  }
  return { state, claim }
}

t.test('without a cap in the way, or nobody to ask, nobody is asked', async t => {
  let asked = 0
  const room = new Room(async () => { asked++; return true })
  t.equal(await room.claim('address', 'a', record(), cap(1).claim), null)
  t.equal(asked, 0)
  t.equal(await new Room(null).claim('address', 'a', record(), cap(0).claim), FULL)
})

t.test('asks once for all that wait under one key, and claims again', async t => {
  const questions: string[] = []
  const answers: ((made: boolean) => void)[] = []
  const makeRoom: MakeRoom = (kind, key) => {
    questions.push(`${kind} ${key}`)
    return new Promise(resolve => { answers.push(resolve) })
  }
  const room = new Room(makeRoom)
  const { state, claim } = cap(0)
  const waiting = Array.from({ length: 50 }, () => room.claim('address', 'a', record(), claim))
  const other = room.claim('identity', 'a', record(), cap(0).claim)
  t.same(questions, ['address a', 'identity a'])
  state.free = 3
  answers[0]!(true)
  answers[1]!(false)
  const verdicts = await Promise.all(waiting)
  t.equal(verdicts.filter(verdict => verdict === null).length, 3, 'as many as there is room for')
  t.equal(verdicts.filter(verdict => verdict === FULL).length, 47)
  t.equal(await other, FULL)
  t.equal(state.claims, 100, 'each claimed twice, no more')
  t.equal(await room.claim('identity', 'a', record(), cap(0).claim), FULL)
  t.equal(questions.length, 2, 'a no holds for a while')
  void room.claim('address', 'a', record(), cap(0).claim)
  t.equal(questions.length, 3, 'after a yes the next is asked anew')
})

t.test('who is gone or answered meanwhile takes no slot', async t => {
  let answer: (made: boolean) => void = () => {}
  const room = new Room(() => new Promise(resolve => { answer = resolve }))
  for (const change of [{ closed: true }, { answered: true }, { refusal: FULL }]) {
    const { state, claim } = cap(0)
    const handshake = record()
    const verdict = room.claim('address', 'a', handshake, claim)
    Object.assign(handshake, change)
    state.free = 1
    answer(true)
    t.equal(await verdict, FULL)
    t.equal(state.claims, 1)
  }
})

t.test('who makes room may fail', async t => {
  const room = new Room(async () => { throw new Error('no') })
  t.equal(await room.claim('identity', 'a', record(), cap(0).claim), FULL)
  const throwing = new Room(() => { throw new Error('no') })
  t.equal(await throwing.claim('identity', 'a', record(), cap(0).claim), FULL)
})
