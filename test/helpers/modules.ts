import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './sources.js'
import type { Teardown } from './teardown.js'

/** A folder of modules that may import this package by its name, which needs dist/. It is removed with the test. */
export function moduleFolder (t: Teardown, files: { readonly [name: string]: string }): string {
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'build', 'modules-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** A project of `folder` that a strict compiler checks and writes nothing for. Without `files`: all that are in it. */
export function writeTsconfig (folder: string, options: { readonly [name: string]: boolean }, files?: readonly string[]): void {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'dom'],
      module: 'nodenext',
      moduleResolution: 'nodenext',
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      verbatimModuleSyntax: true,
      ...options,
    },
    files,
  }))
}
