import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { firstLine } from './first-line.js'
import type { GeneratedFile } from './stamp.js'

/** Where a file is not what would be generated. */
export interface Difference {
  readonly path: string
  /** From 1; 0 where there is no such file. */
  readonly line: number
  /** The line as it would be generated; null behind the last, and where there is no file. */
  readonly expected: string | null
  /** The line as it is; null behind the last, and where there is no file. */
  readonly found: string | null
}

async function textOf (path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return null
    throw new WSG_ERR_GENERATE(`${path}: it can not be read: ${firstLine(error)}`)
  }
}

/**
 * Writes all files or none: each is written beside its place first, and renamed when all are whole. What has the right
 * text already is left alone. Returns the paths that were written. Throws WSG_ERR_GENERATE.
 */
export async function writeFiles (folder: string, files: readonly GeneratedFile[]): Promise<readonly string[]> {
  const moves: (readonly [from: string, to: string])[] = []
  try {
    for (const { path, text } of files) {
      const target = join(folder, path)
      if (await textOf(target) === text) continue
      const beside = `${target}.${randomBytes(6).toString('hex')}.tmp`
      await mkdir(dirname(target), { recursive: true })
      moves.push([beside, target])
      await writeFile(beside, text, { flag: 'wx' })
    }
    for (const [from, to] of moves) await rename(from, to)
  } catch (error) {
    await Promise.all(moves.map(([from]) => rm(from, { force: true })))
    if (error instanceof WSG_ERR_GENERATE) throw error
    throw new WSG_ERR_GENERATE(`${folder}: it can not be written: ${firstLine(error)}`)
  }
  return moves.map(([, to]) => to)
}

/**
 * The first differing line of each file. Line endings don't count: Git may have changed them. Throws WSG_ERR_GENERATE.
 */
export async function compareFiles (folder: string, files: readonly GeneratedFile[]): Promise<readonly Difference[]> {
  const differences: Difference[] = []
  for (const { path, text } of files) {
    const target = join(folder, path)
    const there = await textOf(target)
    if (there === null) differences.push({ path: target, line: 0, expected: null, found: null })
    else differences.push(...firstDifference(target, text.split('\n'), there.split(/\r?\n/)))
  }
  return differences
}

function firstDifference (path: string, expected: readonly string[], found: readonly string[]): Difference[] {
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    if (expected[i] !== found[i]) return [{ path, line: i + 1, expected: expected[i] ?? null, found: found[i] ?? null }]
  }
  return []
}
