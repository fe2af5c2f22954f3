// Draws the pictures of the docs, from the data below. node scripts/pictures.js
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { arrow, line, picture, rect, text } from './svg.js'

const CHECKS = [
  ['1', 'Handshake', 'Is it one, and is there such a WebSocket route?', '400, 404, 405, 426'],
  ['2', 'TLS', 'Did it come over an encrypted connection?', '403'],
  ['3', 'Host', 'Was the server reached by a name of its own?', '400, 421'],
  ['4', 'Origin', 'Is the page one of those that may open a socket?', '403'],
  ['5', 'Connections', 'Is there a place left, here and for this address?', '429, 503'],
  ['6', 'Rate', 'Has this address tried too often?', '429'],
  ['7', 'Authentication', 'Who is it?', '401, 503'],
  ['8', 'Authorization', 'May this person come in?', '403, 429'],
]

function handshake () {
  const [left, top, height, step] = [126, 76, 36, 48]
  const rows = CHECKS.map(([number, name, question, no], index) => {
    const y = top + index * step
    return [
      rect(left, y, 520, height, 'ours'),
      text(left + 14, y + 23, number, 'b'), text(left + 36, y + 23, name, 'b'), text(left + 160, y + 23, question),
      arrow([left + 520, y + height / 2], [left + 560, y + height / 2]), text(left + 570, y + 23, no, 'no b'),
      arrow([left + 260, y + height], [left + 260, y + step]),
    ]
  })
  const below = top + CHECKS.length * step
  const span = (from, to, words) => {
    const [start, end] = [top + from * step, top + to * step + height]
    return [line([left - 14, start], [left - 22, start], [left - 22, end], [left - 14, end]), words.map((part, index) => text(left - 30, (start + end) / 2 + 5 + (index - (words.length - 1) / 2) * 18, part, 's soft end'))]
  }
  return picture({
    width: 868,
    height: below + 62,
    title: 'The way of a handshake',
    description: `Eight checks, one behind the other: ${CHECKS.map(([, name, question, no]) => `${name}: ${question} If not: ${no}`).join('. ')}. Who passes all of them gets a 101, and the socket is open.`,
  }, [
    text(left + 260, 34, 'a client asks for a WebSocket', 't mid'), arrow([left + 260, 46], [left + 260, top]),
    text(left + 570, 62, 'if not, an HTTP answer', 's soft'),
    rows,
    span(0, 5, ['needs only', 'header fields']), span(6, 7, ['asks session', 'or token']),
    text(left + 260, below + 26, '101: the socket is open', 't mid yes'),
    text(left + 260, below + 46, 'no handler has run before', 's soft mid'),
  ])
}

const INWARD = [
  ['Limits', ['size, rate,', 'nesting'], ['rate_limited', 'too_deep']],
  ['JSON', ['parsed, without', 'dangerous keys'], ['invalid_json', 'forbidden_key']],
  ['Contract', ['a known message,', 'copied field by field'], ['unknown_type', 'invalid_message']],
  ['Rights', ['roles, and your', 'authorize'], ['forbidden']],
]

function message () {
  const [width, gap, top] = [142, 24, 62]
  const x = index => 24 + index * (width + gap)
  const handler = x(INWARD.length)
  const boxes = INWARD.map(([name, words, codes], index) => [
    rect(x(index), top, width, 78, 'ours'),
    text(x(index) + width / 2, top + 24, name, 'b mid'), words.map((part, row) => text(x(index) + width / 2, top + 46 + row * 18, part, 's mid')),
    codes.map((code, row) => text(x(index) + width / 2, top + 100 + row * 17, code, 's no mid')),
    arrow([x(index) - gap, top + 39], [x(index), top + 39]),
  ])
  const low = top + 150
  return picture({
    width: handler + width + 24,
    height: low + 116,
    title: 'The way of a message',
    description: `A message of a client passes ${INWARD.map(([name, words, codes]) => `${name} (${words.join(' ')}; else ${codes.join(' or ')})`).join(', ')}, then your handler gets a clean copy. What the server sends passes the contract again: only declared fields leave; a client that does not read is closed or skipped.`,
  }, [
    text(24, 34, 'from the client', 't'), text(24, low + 102, 'to the client', 't'),
    boxes,
    arrow([handler - gap, top + 39], [handler, top + 39]),
    rect(handler, top, width, low + 68 - top, 'box'),
    text(handler + width / 2, top + 96, 'Your handler', 't mid'), text(handler + width / 2, top + 120, 'gets a clean copy', 's mid'), text(handler + width / 2, top + 138, 'of what is declared', 's mid'),
    arrow([handler, low + 34], [x(3) + width, low + 34]),
    rect(x(2), low, 2 * width + gap, 68, 'ours'),
    text(x(3) - gap / 2, low + 27, 'Contract', 'b mid'), text(x(3) - gap / 2, low + 49, 'only declared fields are written', 's mid'),
    arrow([x(2), low + 34], [x(1) + width, low + 34]),
    rect(x(0), low, 2 * width + gap, 68, 'ours'),
    text(x(1) - gap / 2, low + 27, 'Buffer', 'b mid'), text(x(1) - gap / 2, low + 49, 'bounded: a client that does not read is closed', 's mid'),
    arrow([x(0), low + 34], [4, low + 34]),
  ])
}

const QUESTIONS = [
  ['Who is it?', 'auth', '401'],
  ['May they come in?', 'authorize', '403'],
  ['May they send this?', 'roles, authorize', 'forbidden'],
  ['May they join a group?', 'mayJoin', 'join: false'],
]

function whoMay () {
  const [width, gap, top] = [198, 18, 66]
  const x = index => 24 + index * (width + gap)
  const span = (from, to, words) => [
    line([x(from), 52], [x(from), 44], [x(to) + width, 44], [x(to) + width, 52]), text((x(from) + x(to) + width) / 2, 32, words, 'b mid'),
  ]
  const low = top + 118
  return picture({
    width: x(3) + width + 24,
    height: low + 68,
    title: 'Who may do what',
    description: `${QUESTIONS.map(([question, where, no]) => `${question} Answered by ${where}; a no is ${no}`).join('. ')}. The first two before the socket opens, the others while it is open. A logout ends the socket; new roles are asked about again.`,
  }, [
    span(0, 1, 'before the socket opens'), span(2, 3, 'while it is open'),
    QUESTIONS.map(([question, where, no], index) => [
      rect(x(index), top, width, 66, 'ours'),
      text(x(index) + width / 2, top + 27, question, 'b mid'), text(x(index) + width / 2, top + 49, where, 's mid'),
      arrow([x(index) + width / 2, top + 66], [x(index) + width / 2, top + 86]), text(x(index) + width / 2, top + 102, no, 'b no mid'),
      index < 3 ? arrow([x(index) + width, top + 33], [x(index + 1), top + 33]) : [],
    ]),
    rect(x(0), low, x(3) + width - x(0), 46, 'box'),
    text((x(0) + x(3) + width) / 2, low + 28, 'Logout, expiry, revoke: the socket is closed, 4401.  New roles, refresh: asked again.', 'mid'),
  ])
}

/** By file name. */
export const PICTURES = { 'handshake.svg': handshake(), 'message.svg': message(), 'who-may.svg': whoMay() }

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  for (const [name, svg] of Object.entries(PICTURES)) writeFileSync(folder + name, svg)
}
