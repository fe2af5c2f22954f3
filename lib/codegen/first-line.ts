// Tested in test/codegen/load.test.ts and test/codegen/files.test.ts.

/** What was thrown, on one line. */
export function firstLine (error: unknown): string {
  const kind = error instanceof Error && error.name !== 'Error' && !('code' in error) ? `${error.name}: ` : ''
  const text = kind + (error instanceof Error ? error.message : String(error))
  return text.split(/[\r\n\u2028\u2029]/)[0]!.slice(0, 500)
}
