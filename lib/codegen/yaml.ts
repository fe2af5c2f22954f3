// JSON is YAML already; this is for people who read the document in a review.

/** Words that a reader of YAML takes for something else than text. */
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i
/** Text that needs no quotes: a word, then words, dots, slashes and hyphens. */
const PLAIN = /^[A-Za-z$/][\w$./-]*(?: [\w$./-]+)*$/

/** JSON data as YAML 1.2, in block style. What is not plainly a word is quoted as in JSON, which YAML reads as well. */
export function toYaml (value: unknown): string {
  return `${lines(value, '').join('\n').trimStart()}\n`
}

function scalar (value: unknown): string {
  return typeof value === 'string' && PLAIN.test(value) && !WORDS.test(value) ? value : quoted(value)
}

/** JSON may hold what YAML calls unprintable. */
function quoted (value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, char =>
    `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Lines of a value behind a key or a hyphen: the first is what stands on the same line. */
function lines (value: unknown, indent: string): string[] {
  if (typeof value !== 'object' || value === null) return [` ${scalar(value)}`]
  const isList = Array.isArray(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return [isList ? ' []' : ' {}']
  return ['', ...entries.flatMap(([key, inner]) => {
    const head = isList ? `${indent}-` : `${indent}${scalar(key)}:`
    const [first = '', ...rest] = lines(inner, `${indent}  `)
    return [head + first, ...rest]
  })]
}
