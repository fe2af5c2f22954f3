import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The repository's folder: tests are run from there. */
export const ROOT = process.cwd()

/** Texts of all files under `folders` whose name ends in `ending`, by their path from the root with forward slashes. */
export function readTree (folders: readonly string[], ending: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const folder of folders) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(ending)) continue
      const path = join(entry.parentPath, entry.name)
      files.set(relative(ROOT, path).split(sep).join('/'), readFileSync(path, 'utf8'))
    }
  }
  return files
}

/** Text of one file, by its path from the root. */
export function readText (path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
