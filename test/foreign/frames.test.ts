import t from 'tap'
import { frameBinary, frameClose, frameText } from '../../lib/foreign/frames.js'
import { OPCODES, closeOf, parseFrames } from '../helpers/frames.js'

const bytesOf = (frame: string | Buffer): Buffer => typeof frame === 'string' ? Buffer.from(frame, 'latin1') : frame

t.test('frames of every size and script', async t => {
  for (const text of ['', 'a', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(4096), 'x'.repeat(4097), 'x'.repeat(65535), 'x'.repeat(65536),
    'é', 'ÿ\u0080', '👋'.repeat(31), '👋'.repeat(32), 'я'.repeat(2048), 'я'.repeat(40_000), '\ud800']) {
    const { frames, rest } = parseFrames(bytesOf(frameText(text)))
    t.equal(rest.length, 0)
    t.equal(frames.length, 1)
    t.match(frames[0], { fin: true, rsv: 0, opcode: OPCODES.text, masked: false })
    t.equal(frames[0]?.payload.toString(), text.toWellFormed())
  }
  for (const length of [0, 125, 126, 65535, 65536]) {
    const { frames, rest } = parseFrames(frameBinary(new Uint8Array(length).fill(7)))
    t.equal(rest.length, 0)
    t.match(frames[0], { opcode: OPCODES.binary, masked: false })
    t.equal(frames[0]?.payload.length, length)
  }
  for (const reason of ['', 'unauthenticated', 'é'.repeat(61)]) {
    const { frames, rest } = parseFrames(frameClose(4401, reason))
    t.equal(rest.length, 0)
    t.match(frames[0], { fin: true, opcode: OPCODES.close, masked: false })
    t.same(closeOf(frames[0]!), { code: 4401, reason })
  }
})
