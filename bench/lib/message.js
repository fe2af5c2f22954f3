// The one message of bench/messages.js: what a client says, and what is answered.
const TEXT = 'The quick brown fox jumps over the lazy dog, and 12 more do.'
export const TAGS = ['alpha', 'beta', 'gamma']
export const LIMITS = { text: 500, tag: 32, tags: 8, n: 1_000_000 }

/** Payloads of equal length, so that answers can be matched by new messages cut from one buffer. */
export const payloads = count => Array.from({ length: count }, (_, index) => ({
  id: 100_000 + index * 977,
  text: TEXT.slice(0, 58) + String(10 + index % 90),
  n: 1000 + index,
  flag: true,
  tags: TAGS,
}))

/** What a careful developer writes by hand: types and lengths. */
export function isSay (data) {
  return typeof data === 'object' && data !== null && !Array.isArray(data) &&
    Number.isSafeInteger(data.id) && data.id >= 0 &&
    typeof data.text === 'string' && data.text.length <= LIMITS.text &&
    typeof data.n === 'number' && data.n >= 0 && data.n <= LIMITS.n &&
    typeof data.flag === 'boolean' &&
    Array.isArray(data.tags) && data.tags.length <= LIMITS.tags && data.tags.every(tag => typeof tag === 'string' && tag.length <= LIMITS.tag)
}

/** The answer's payload. */
export const answerTo = ({ id, text, n, flag, tags }) => ({ id, from: 'alice', text, n, flag, tags })
