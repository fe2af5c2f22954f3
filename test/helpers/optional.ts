/** What a package of devDependencies exports, or null where it is not installed: its tests are skipped with a line. */
export async function optional<T> (name: string): Promise<T | null> {
  try {
    return await import(name) as T
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}
