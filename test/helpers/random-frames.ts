import { close, frame, OPCODES } from './frames.js'
import type { Random } from './random.js'

// Texts that are nearly messages, and bytes that are nearly frames.

const TOKENS = ['{', '}', '[', ']', ':', ',', '"', 'null', 'true', 'false', '0', '-0', '1', '1e999', '9007199254740993', '0.1', '""', '"type"', '"data"', '"id"', '"text"', '"say"', '"id":1', '"n"',
  '"any"', '"map"', '"tags"', '"list"', '"ping"', '"__proto__"', '"\\u005f_proto__"', '"constructor"', '"prototype"', '"toString"', '"then"', '"length"', '\\u0000', '\\ud800', '\\', '\\u', '\ufeff', '\u2028', '\u202e', 'é', '😀',
  ' ', '\n', '\t', 'NaN', 'undefined', '//', '/*', "'", '{"type":"say","data":{"text":"', '{"type":"any","data":', '"}}', '[[[[[[[[[[[[[[[[[[[[', '{"a":{"a":{"a":{"a":', '<script>'] as const

const SEEDS = [
  '{"type":"say","data":{"text":"hello"}}', '{"type":"raw","data":{"value":"x"}}', '{"type":"id","data":{"n":1}}', '{"type":"num","data":{"n":1.5}}', '{"type":"bool","data":{"b":true}}',
  '{"type":"tags","data":{"list":["a","b-c"]}}', '{"type":"map","data":{"a":1,"b":2}}', '{"type":"optional","data":{"a":1,"deep":{"b":2}}}', '{"type":"any","data":{"a":[1,"x",null,{"b":[]}]}}',
  '{"type":"any","data":{"constructor":{"prototype":1}}}', '{"type":"name","data":{"name":"ada"}}', '{"type":"ping","id":"p","data":{"n":1}}', '{"type":"ping","id":7,"data":{"n":1}}', '{"type":"nope","data":{}}', '[]', '{}', '""',
] as const

const TYPES = ['say', 'clean', 'raw', 'id', 'num', 'bool', 'nil', 'one', 'tags', 'map', 'optional', 'any', 'big', 'name', 'brief', 'ping', 'nope'] as const
const NAMES = ['text', 'value', 'n', 'b', 'v', 'list', 'a', 'deep', 'name', 'x', '0', '__proto__', 'constructor', 'prototype', 'toString', ''] as const

function value (random: Random, depth: number): unknown {
  switch (random.below(depth > 4 ? 6 : 9)) {
    case 0: return random.pick([null, true, false, 0, -0, 1, 1.5, 2 ** 53, 1e308])
    case 1: return random.below(1000) - 500
    case 2: return random.pick(['', 'x', 'ada', 'a-b', '\u0000', '\ud800', '\u202e', 'e\u0301', '😀', 'x'.repeat(random.below(600)), '\u0301'.repeat(random.below(40))])
    case 3: return random.below(10)
    case 4: return 'abc'
    case 5: return true
    case 6: return Array.from({ length: random.below(5) }, () => value(random, depth + 1))
    default: return fields(random, depth)
  }
}

function fields (random: Random, depth: number): object {
  const entries = Array.from({ length: random.below(4) }, () => [random.pick(NAMES), value(random, depth + 1)] as const)
  return Object.fromEntries(entries)
}

function mutate (text: string, random: Random): string {
  const from = random.below(text.length + 1)
  switch (random.below(4)) {
    case 0: return text.slice(0, from) + text.slice(from + random.below(4) + 1)
    case 1: return text.slice(0, from) + random.pick(TOKENS) + text.slice(from)
    case 2: return text.slice(0, from) + random.pick(TOKENS) + text.slice(from + random.below(8))
    default: return text.slice(0, from) + String.fromCharCode(random.below(random.pick([128, 0x3000]))) + text.slice(from + 1)
  }
}

/** A text that is a message, nearly one, or nothing of the kind. Never a `$cancel`, which gets no answer. */
export function randomText (random: Random): string {
  switch (random.below(8)) {
    case 0: {
      let text = ''
      for (let n = random.below(20); n >= 0; n--) text += random.pick(TOKENS)
      return text
    }
    case 1:
    case 2: return JSON.stringify({ type: random.pick(TYPES), data: fields(random, 0), ...random.below(3) === 0 ? { id: value(random, 5) } : {} })
    case 3: return random.below(50) === 0 ? `{"type":"any","data":${random.pick(['[', '{"a":', '[{"b":'] as const).repeat(random.below(4000))}` : JSON.stringify(value(random, 0))
    default: {
      let text: string = random.pick(SEEDS)
      for (let n = random.below(random.pick([1, 1, 4])); n > 0; n--) text = mutate(text, random)
      return text
    }
  }
}

const NO_MASK = Buffer.alloc(4)

/** Frames that carry `text` and nothing that ends a connection: in one piece, or in several with pings between them. */
export function framesOfText (text: string, random: Random): Buffer {
  if (random.below(20) > 0 || text.length < 4) return frame({ payload: text, mask: NO_MASK })
  const bytes = Buffer.from(text)
  const cut = random.below(bytes.length)
  // Few control frames: more than 32 at once end the connection (docs/protocol.md section 9).
  const control = random.below(50) === 0 ? [frame({ opcode: random.pick([OPCODES.ping, OPCODES.pong]), payload: 'p' })] : []
  return Buffer.concat([
    frame({ payload: bytes.subarray(0, cut), fin: false }), ...control,
    frame({ opcode: OPCODES.continuation, payload: '', fin: false }), frame({ opcode: OPCODES.continuation, payload: bytes.subarray(cut) }),
  ])
}

/** A frame that may break any rule of RFC 6455. */
export function randomFrame (random: Random): Buffer {
  const payload = random.below(2) === 0 ? random.bytes(random.below(random.pick([4, 130, 300]))) : Buffer.from(randomText(random))
  switch (random.below(10)) {
    case 0: return random.bytes(1 + random.below(40))
    case 1: return frame({ opcode: random.below(16), payload: payload.subarray(0, 125) })
    case 2: return frame({ rsv: random.below(8), fin: random.below(2) === 0, payload })
    case 3: return frame({ opcode: OPCODES.continuation, fin: random.below(2) === 0, payload })
    case 4: return frame({ payload, declaredLength: random.pick([0, 125, 126, 65_535, 65_536, 400_000, 2 ** 31, 2 ** 53, payload.length + random.below(5)]) })
    case 5: return frame({ payload, mask: null })
    case 6: return random.below(2) === 0 ? close(random.below(6000), 'x') : frame({ opcode: OPCODES.close, payload: payload.subarray(0, 125) })
    case 7: return frame({ opcode: random.pick([OPCODES.ping, OPCODES.pong, OPCODES.binary]), payload: payload.subarray(0, 125) })
    case 8: {
      const whole = frame({ payload })
      return whole.subarray(0, random.below(whole.length + 1))
    }
    default: return framesOfText(payload.toString(), random)
  }
}
