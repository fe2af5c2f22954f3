// Tested in test/contract/serializer.test.ts.

/** A piece of a text: a constant, or the source of an expression that gives a string or a number. */
export type Piece = { readonly literal: string } | { readonly source: string }

/** Collects one string concatenation of generated code, with neighbouring constants joined. */
export class Text {
  #pieces: string[] = []
  #literal = ''
  #declared = false

  literal (text: string): void {
    this.#literal += text
  }

  add (pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if ('literal' in piece) this.literal(piece.literal)
      else this.expression(piece.source)
    }
  }

  expression (source: string): void {
    this.#close()
    this.#pieces.push(source)
  }

  /** Puts what was collected so far into the variable `s`. */
  flush (lines: string[]): void {
    this.#close()
    if (this.#pieces.length === 0) return
    lines.push(`${this.#declared ? 's +=' : 'let s ='} ${this.#pieces.join(' + ')}`)
    this.#declared = true
    this.#pieces = []
  }

  result (): string {
    this.#close()
    return [...(this.#declared ? ['s'] : []), ...this.#pieces].join(' + ')
  }

  #close (): void {
    if (this.#literal !== '') this.#pieces.push(JSON.stringify(this.#literal))
    this.#literal = ''
  }
}

/** One expression that is always a string. */
export function sourceOf (pieces: readonly Piece[]): string {
  const text = new Text()
  text.add(pieces)
  const source = text.result()
  return pieces.length === 1 ? `("" + ${source})` : `(${source})`
}
