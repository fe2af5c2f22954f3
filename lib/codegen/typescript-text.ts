// Tested in test/codegen/typescript.test.ts.

import type { Notes } from './notes.js'

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')

export const block = (members: readonly string[]): string => `{\n${members.map(indented).join('\n')}\n}`

/** A name as a property: quoted where it is no plain identifier. */
export const key = (name: string): string => /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)

/** A JSON scalar as a TypeScript literal. */
export function literal (value: string | number | boolean | null): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner.replace(/[\u2028\u2029]/g, char => `\\u${char.charCodeAt(0).toString(16)}`)}'`
}

/** A doc comment: nothing of the contract's author can end it or begin a tag of its own. */
export function comment ({ text, examples, deprecated }: Notes): string[] {
  const paragraphs = [
    ...text.map(plain),
    ...examples.map(example => `@example ${plain(example)}`),
    ...(deprecated ? ['@deprecated'] : []),
  ]
  if (paragraphs.length === 0) return []
  const lines = paragraphs.flatMap((paragraph, index) =>
    index === 0 || paragraph.startsWith('@') ? paragraph.split('\n') : ['', ...paragraph.split('\n')])
  if (lines.length === 1 && lines[0]!.length < 110) return [`/** ${lines[0]!} */`]
  return ['/**', ...lines.map(line => ` * ${line}`.trimEnd()), ' */']
}

function plain (text: string): string {
  return text.replaceAll('*/', '*\\/').replace(/\r\n?|[\u2028\u2029\f\v]/g, '\n').replace(/^[ \t]*@/gm, '\\@').trim()
}
