/** Resolves once `condition` holds. Rejects after `limit` milliseconds, which is no bound a test asserts: a slow machine has to meet it too. */
export async function until (condition: () => boolean | Promise<boolean>, limit = 60_000): Promise<void> {
  const end = Date.now() + limit
  while (!await condition()) {
    if (Date.now() > end) throw new Error(`still not so after ${limit} ms: ${condition}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
