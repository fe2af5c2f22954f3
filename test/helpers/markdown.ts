/** A fenced code block. */
export interface CodeBlock {
  /** First word of the info string: `js`, `ts`, `sh`. */
  readonly language: string
  /** `file=` of the info string, as in "```js file=server.js". */
  readonly file: string | null
  /** The other words of the info string: `check`, `fragment`. */
  readonly marks: readonly string[]
  readonly text: string
  /** Number of the line that closes the block; the first line is 1. */
  readonly lastLine: number
}

/** All fenced blocks of a page, in order. */
export function codeBlocks (markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { info: string, lines: string[] } | null = null
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open === null) {
      const info = /^```(\w.*)$/.exec(line)?.[1]
      if (info !== undefined) open = { info, lines: [] }
    } else if (line === '```') {
      const [language = '', ...rest] = open.info.trim().split(/\s+/)
      const file = rest.find(word => word.startsWith('file='))?.slice('file='.length)
      const marks = rest.filter(word => !word.startsWith('file='))
      blocks.push({ language, file: file ?? null, marks, text: open.lines.join('\n') + '\n', lastLine: index + 1 })
      open = null
    } else {
      open.lines.push(line)
    }
  }
  return blocks
}

/** Names imported as values from `specifier` in all blocks of JavaScript and TypeScript. */
export function importedNames (text: string, specifier: string): string[] {
  const names: string[] = []
  for (const match of text.matchAll(/^import\s+(?!type\b)[^'"]*?\{([^}]*)\}\s+from\s+['"]([^'"]+)['"]/gm)) {
    if (match[2] !== specifier) continue
    for (const part of (match[1] ?? '').split(',')) {
      const name = part.trim().split(/\s+as\s+/)[0] ?? ''
      if (name !== '' && !name.startsWith('type ')) names.push(name)
    }
  }
  return names
}
