import { Duplex } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import type { CapRefusal } from '../../lib/gate/connections.js'
import { openRecord } from '../../lib/gate/record.js'
import { type MakeRoom, Room } from '../../lib/gate/room.js'
import type { Refusal } from '../../types/gate.js'

const record = () => openRecord({} as IncomingMessage, new Duplex())
const RATE: Refusal = { code: 'WSG_ERR_UPGRADE_RATE' }

/** A cap of `key` with `free` places. */
const cap = (free: number, key = 'a') => {
  const refusal: CapRefusal = { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', full: { kind: 'address', key, route: null } }
  const state = { free, claims: 0 }
  const claim = (): CapRefusal | null => {
    state.claims++
    if (state.free === 0) return refusal
    state.free--
    return null
  }
  return { state, claim, refusal }
}

/** Answers questions by hand. */
const byHand = () => {
  const questions: string[] = []
  const looks: (() => void)[] = []
  const answers: ((made: boolean) => void)[] = []
  const makeRoom: MakeRoom = ({ kind, key }, look) => {
    questions.push(`${kind} ${key}`)
    looks.push(look)
    return new Promise(resolve => { answers.push(resolve) })
  }
  return { questions, looks, answers, makeRoom }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

t.test('without a cap in the way, or nobody to ask, nobody is asked', async t => {
  const { questions, makeRoom } = byHand()
  t.equal(new Room(makeRoom, 100).claim(record(), cap(1).claim), null)
  t.same(questions, [])
  const full = cap(0)
  t.equal(new Room(null, 100).claim(record(), full.claim), full.refusal)
})

t.test('asks once for all that wait at one cap; each slot that comes free is taken, until nothing more will come', async t => {
  const { questions, looks, answers, makeRoom } = byHand()
  const room = new Room(makeRoom, 100)
  const { state, claim, refusal } = cap(0)
  const verdicts: unknown[] = []
  for (let n = 0; n < 12; n++) void Promise.resolve(room.claim(record(), claim)).then(verdict => { verdicts.push(verdict) })
  const other = cap(0, 'b')
  const elsewhere = room.claim(record(), other.claim)
  await turn()
  t.same(questions, ['address a', 'address b'])
  state.free = 1
  looks[0]!()
  await turn()
  t.same(verdicts, [null], 'one slot, one newcomer')
  state.free = 9
  looks[0]!()
  await turn()
  t.equal(verdicts.length, 10)
  state.free = 1
  answers[0]!(true)
  await turn()
  t.same(verdicts, [...new Array<null>(11).fill(null), refusal], 'the rest is refused at the end')
  answers[1]!(false)
  t.equal(await elsewhere, other.refusal)
  t.equal(room.claim(record(), other.claim), other.refusal, 'a no holds for a while')
  void room.claim(record(), claim)
  await turn()
  t.equal(questions.length, 3, 'after a yes the next is asked anew')
})

t.test('few wait at one cap, and few in all; the others are refused at once', async t => {
  const { answers, makeRoom } = byHand()
  const room = new Room(makeRoom, 40)
  const waiting = (key: string, many: number): number => {
    const { claim } = cap(0, key)
    return Array.from({ length: many }, () => room.claim(record(), claim)).filter(verdict => verdict instanceof Promise).length
  }
  t.equal(waiting('a', 250), 16)
  t.equal(waiting('b', 250), 16)
  t.equal(waiting('c', 250), 8)
  t.equal(waiting('d', 250), 0)
  await turn()
  for (const answer of answers) answer(true)
  await turn()
  t.equal(waiting('d', 250), 16, 'places come back')
})

t.test('what is to be judged before the wait is judged before, once, and only for who waits', async t => {
  const { questions, answers, makeRoom } = byHand()
  const room = new Room(makeRoom, 2)
  let judged = 0
  const first = async (): Promise<Refusal | null> => judged++ === 0 ? RATE : null
  t.equal(room.claim(record(), cap(1).claim, first), null)
  t.equal(judged, 0)
  const full = cap(0)
  t.equal(await room.claim(record(), full.claim, first), RATE)
  t.same(questions, [], 'nobody was asked for who knocks too often')
  const second = [room.claim(record(), full.claim, first), room.claim(record(), full.claim, first)]
  t.equal(room.claim(record(), full.claim, first), full.refusal)
  await turn()
  t.equal(judged, 3)
  t.equal(questions.length, 1)
  answers[0]!(true)
  t.same(await Promise.all(second), [full.refusal, full.refusal])
})

t.test('who is gone or answered meanwhile takes no slot', async t => {
  const { looks, makeRoom } = byHand()
  const room = new Room(makeRoom, 100)
  for (const change of [{ closed: true }, { answered: true }, { refusal: RATE }]) {
    const { state, claim, refusal } = cap(0)
    const handshake = record()
    const verdict = room.claim(handshake, claim)
    await turn()
    Object.assign(handshake, change)
    state.free = 1
    looks.at(-1)!()
    t.equal(await verdict, refusal)
    t.equal(state.claims, 1)
  }
})

t.test('who makes room may fail', async t => {
  const full = cap(0)
  t.equal(await new Room(async () => { throw new Error('no') }, 9).claim(record(), full.claim), full.refusal)
  t.equal(await new Room(() => { throw new Error('no') }, 9).claim(record(), full.claim), full.refusal)
})
