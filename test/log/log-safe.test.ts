import t from 'tap'
import { escapeForLog } from '../../lib/log/log-safe.js'

t.test('what could disturb a reader of the log is escaped, what people write is not', async t => {
  t.equal(escapeForLog('https://evil.example/ä漢"\\'), 'https://evil.example/ä漢"\\')
  for (const code of [0x00, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x61c, 0x200b, 0x200e, 0x2028, 0x202e, 0x2066, 0xd800, 0xfeff, 0xffff]) {
    t.equal(escapeForLog(`a${String.fromCharCode(code)}b`), `a\\u${code.toString(16).padStart(4, '0')}b`)
  }
})

t.test('all that is in one value is escaped', async t => {
  t.equal(escapeForLog('a\r\nb\u001b[2Jc\u202ed\u2028e\ud800f\u0000'), 'a\\u000d\\u000ab\\u001b[2Jc\\u202ed\\u2028e\\ud800f\\u0000')
})

t.test('a long value is cut', async t => {
  t.equal(escapeForLog('x'.repeat(256)), 'x'.repeat(256))
  t.equal(escapeForLog('x'.repeat(257)), `${'x'.repeat(256)}…`)
})
