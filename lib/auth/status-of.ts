// Tested in test/auth/authenticate.test.ts.

/** The HTTP status that an error says of itself. Anything can be thrown, also what throws when it is read. */
export function statusOf (thrown: unknown): unknown {
  try {
    return (thrown as { readonly statusCode?: unknown } | null)?.statusCode
  } catch {
    return undefined
  }
}
