import t from 'tap'
import type { WebSocket } from 'ws'
import { FrameQueue } from '../../lib/socket/frame-queue.js'
import type { FrameReader } from '../../lib/socket/frame-queue.js'

const KIB = 1024
const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

/** A queue whose frames count by their length, as in the inbox. */
function start () {
  const calls: string[] = []
  const read: string[] = []
  const ws = { pause: () => { calls.push('pause') }, resume: () => { calls.push('resume') } } as Partial<WebSocket> as WebSocket
  const reader: FrameReader & { receiving: boolean, full: boolean } = {
    receiving: true,
    full: false,
    read (frame) {
      queue.spend(frame.length)
      read.push(frame as string)
    },
  }
  const queue = new FrameQueue(ws, reader)
  const accept = (frame: string): boolean => queue.accept(frame, frame.length)
  return { queue, reader, calls, read, accept }
}

t.test('a socket that sends a lot has a slice of each turn of the event loop, in order, and loses nothing', async t => {
  const { calls, read, accept } = start()
  const frames = Array.from({ length: 20 }, (_, n) => String.fromCharCode(97 + n).repeat(16 * KIB))
  for (const frame of frames) t.ok(accept(frame))
  t.equal(read.length, 4, '64 KiB')
  t.same(calls, ['pause'])
  for (let turns = 2; turns <= 5; turns++) {
    await turn()
    t.equal(read.length, turns * 4)
  }
  t.same(calls, ['pause'], 'the last one has filled its slice')
  await turn()
  t.same(calls, ['pause', 'resume'])
  t.strictSame(read, frames)
})

t.test('what stays below a slice is read at once, and a message that is larger is one of its own', async t => {
  const { calls, read, accept } = start()
  for (let n = 0; n < 63; n++) accept('x'.repeat(KIB))
  t.equal(read.length, 63)
  t.same(calls, [])
  for (let n = 0; n < 3; n++) accept('y'.repeat(100 * KIB))
  t.equal(read.length, 64)
  await turn()
  t.equal(read.length, 65)
  await turn()
  t.equal(read.length, 66)
})

t.test('what waits for its turn is dropped by a close', async t => {
  const { queue, reader, read, accept } = start()
  for (let n = 0; n < 4; n++) accept('x'.repeat(64 * KIB))
  reader.receiving = false
  queue.clear()
  await turn()
  t.equal(read.length, 1)
})
