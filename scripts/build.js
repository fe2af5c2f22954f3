// Compiles with the TypeScript of this repository. Without an argument: the package, as ES modules and as CommonJS, into
// dist/. With `test`: library, tests and examples into build/. The folder is emptied first, so that nothing stale is run.
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prune } from './prune.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

function compile (project, ...options) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [tsc, '-p', project, '--pretty', 'false', ...options], { cwd: root }, (error, stdout) => {
      if (stdout !== '') process.stdout.write(stdout)
      if (error === null) resolve()
      else reject(new Error(`tsc -p ${project} failed`, { cause: error }))
    })
  })
}

try {
  if (process.argv[2] === 'test') {
    rmSync(join(root, 'build'), { recursive: true, force: true })
    await compile('tsconfig.test.json')
  } else {
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    const formats = ['tsconfig.esm.json', 'tsconfig.cjs.json']
    await Promise.all(formats.map(project => compile(project, '--emitDeclarationOnly')))
    // What users read in their editor is in the declarations. Comments in the code would be a seventh of what is installed.
    await Promise.all(formats.map(project => compile(project, '--declaration', 'false', '--removeComments')))
    writeFileSync(join(root, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n')
    prune(root)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
