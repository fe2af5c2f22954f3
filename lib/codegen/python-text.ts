// Tested in test/codegen/python.test.ts.

import type { Notes } from './notes.js'

const KEYWORDS: ReadonlySet<string> = new Set([
  ...['False', 'None', 'True', 'and', 'as', 'assert', 'async', 'await', 'break', 'class', 'continue', 'def', 'del'],
  ...['elif', 'else', 'except', 'finally', 'for', 'from', 'global', 'if', 'import', 'in', 'is', 'lambda', 'nonlocal'],
  ...['not', 'or', 'pass', 'raise', 'return', 'try', 'while', 'with', 'yield'],
])

/** True for a name that can be a field of a class. Two underscores in front would be mangled. */
export function isFieldName (name: string): boolean {
  return /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name)
}

/** `messagePosted`, `message.posted` and `message-posted` are `message_posted`; what is not ASCII is its number. */
export function snakeCase (text: string): string {
  const ascii = text.replace(/[^\x20-\x7e]/gu, char => ` u${char.codePointAt(0)!.toString(16)} `)
  const words = ascii.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z0-9]+/).filter(word => word !== '')
  return words.join('_').toLowerCase() || 'x'
}

/** A JSON string as a Python literal. What can't be seen, or turns the direction of writing, is escaped. */
export function pythonString (text: string): string {
  const inner = text.replace(/[\\"]|[^\p{L}\p{N}\p{P}\p{S} ]|\p{Cs}/gu, char => {
    if (char === '\\' || char === '"') return `\\${char}`
    if (char === '\n') return '\\n'
    const code = char.codePointAt(0)!.toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
  return `"${inner}"`
}

/** Text of the contract's author: nothing in it ends a comment or hides. */
function plain (text: string): string {
  return text.toWellFormed().replace(/\r\n?|[\u2028\u2029\f\v]/g, '\n').replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '').trim()
}

function paragraphs ({ text, examples, deprecated }: Notes): string[] {
  return [
    ...text.map(plain).filter(one => one !== ''),
    ...examples.map(example => `Example: ${plain(example)}`),
    ...(deprecated ? ['Deprecated.'] : []),
  ]
}

/** A docstring, or nothing. */
export function docstring (notes: Notes): string[] {
  const text = paragraphs(notes).join('\n\n').replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"')
  if (text === '') return []
  const lines = text.split('\n').map(line => line.trimEnd())
  return lines.length === 1 && !text.endsWith('"') ? [`"""${text}"""`] : [`"""${lines[0]!}`, ...lines.slice(1), '"""']
}

/** The same as comments. */
export function comments (notes: Notes): string[] {
  return paragraphs(notes).join('\n').split('\n').filter(line => line !== '').map(line => `# ${line}`.trimEnd())
}

/** Four spaces before each line that is not empty. */
export const indented = (lines: readonly string[]): string[] => lines.map(line => line === '' ? '' : `    ${line}`)
