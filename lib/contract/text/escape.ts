// Output helpers. Escaping belongs to where a value is written, because only that place knows its context; nothing in
// the contract escapes. No imports: browsers use this file too.

const HTML_ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;',
}

/**
 * For HTML text and for attribute values in quotes. Escapes `& < > " '`. Not for unquoted attributes, URLs (`href`
 * also needs a scheme check: the `url` policy), `<script>`, `<style>`, comments or event handlers. Do not call it
 * on what a template engine or React escapes again. Source: OWASP XSS prevention cheat sheet, rule 1.
 */
export function escapeHtml (value: string): string {
  return value.replace(/[&<>"']/g, character => HTML_ENTITIES[character]!)
}

const SCRIPT_ESCAPES: { readonly [character: string]: string } = {
  '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '\u2028': '\\u2028', '\u2029': '\\u2029',
}

/**
 * JSON that may stand inside `<script>`, as data (`type="application/json"`) or as an expression. `JSON.parse` of it
 * gives what `JSON.stringify` saw. What JSON has no word for (undefined, a function) becomes `null`. Throws what
 * `JSON.stringify` throws: TypeError for a BigInt or a cycle.
 */
export function jsonForScript (value: unknown): string {
  const json: string | undefined = JSON.stringify(value)
  return (json ?? 'null').replace(/[<>&\u2028\u2029]/g, character => SCRIPT_ESCAPES[character]!)
}

// Full-width forms too: spreadsheets of East Asian locales read them as the ASCII ones.
const FORMULA_START = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/**
 * One CSV cell, always in double quotes (RFC 4180, section 2). A string that a spreadsheet would take for a formula
 * (first character `=`, `+`, `-`, `@`, TAB, CR or LF) gets an apostrophe in front, which the spreadsheet shows or
 * hides and a program that reads the file has to take off: `-5` becomes `"'-5"`. Give numbers as numbers; they get
 * none. Source: OWASP, CSV injection.
 */
export function csvCell (value: string | number): string {
  const cell = String(value)
  const neutral = typeof value === 'string' && FORMULA_START.test(cell) ? `'${cell}` : cell
  return `"${neutral.replaceAll('"', '""')}"`
}
