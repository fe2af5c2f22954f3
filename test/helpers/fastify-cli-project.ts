import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectFolder } from './adoption.js'
import { stopChild } from './child.js'
import { codeBlocks } from './markdown.js'
import { freePort } from './ports.js'
import { readText } from './sources.js'
import type { Teardown } from './teardown.js'

const blocks = codeBlocks(readText('docs/fastify-cli.md'))

function block (file: string): string {
  const found = blocks.find(one => one.file === file || one.marks.includes(`name=${file}`))
  if (found === undefined) throw new Error(`docs/fastify-cli.md has no block with file=${file}`)
  return found.text
}

/** ES modules that say what the page has as CommonJS. */
const withoutTypes = (text: string): string =>
  text.replace(/interface User [^\n]*\n\n/, '').replace(/\(session as [^)]*\)/, 'session').replace(/import type [^\n]*\n/g, '').replace(/: FastifyPluginAsync/g, '').replace(/process\.env\['(\w+)'\]/g, 'process.env.$1')

/** What `fastify generate` is asked for. */
export interface ProjectKind {
  readonly name: string
  readonly args: readonly string[]
  /** Folder and ending of the sources. */
  readonly src: string
  readonly ending: 'js' | 'ts'
  readonly esm: boolean
}

export interface Done { readonly code: number | null, readonly output: string }

/** Runs a program of Node to its end. */
export async function runNode (folder: string, file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Done> {
  // tap puts a loader of its own into every child's NODE_OPTIONS, and with any loader Node 20 takes no .ts from ts-node.
  const alone = process.platform === 'win32' ? [] : ['env', 'NODE_OPTIONS=']
  const [command = '', ...rest] = [...alone, process.execPath, file, ...args]
  const child = spawn(command, rest, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const [code] = await once(child, 'exit') as [number | null]
  return { code, output }
}

function write (folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function edit (folder: string, path: string, from: RegExp, to: string): void {
  const before = readFileSync(join(folder, path), 'utf8')
  const after = before.replace(from, to)
  if (after === before) throw new Error(`${path} has nothing like ${from}`)
  writeFileSync(join(folder, path), after)
}

/** A project of `fastify generate` with what docs/fastify-cli.md says, beside the package as it is published. */
export class FastifyCliProject {
  readonly folder: string
  /** Where `fastify start` is run: the built sources. */
  readonly #runs: string
  readonly #kind: ProjectKind
  readonly #cli: string
  readonly #tsc: string

  private constructor (parent: string, kind: ProjectKind) {
    this.folder = join(parent, 'app')
    this.#runs = kind.ending === 'ts' ? join(this.folder, 'dist') : this.folder
    this.#kind = kind
    this.#cli = join(parent, 'node_modules', 'fastify-cli', 'cli.js')
    this.#tsc = join(parent, 'node_modules', 'typescript', 'bin', 'tsc')
  }

  static async generate (t: Teardown, kind: ProjectKind): Promise<FastifyCliProject> {
    const parent = projectFolder(t)
    const project = new FastifyCliProject(parent, kind)
    const made = await runNode(parent, project.#cli, ['generate', 'app', ...kind.args])
    if (made.code !== 0) throw new Error(made.output)
    return project
  }

  /** Sections 2 to 4 of the page. */
  addGuard (): void {
    const { src, ending, esm } = this.#kind
    const isPlainJs = ending === 'js' && !esm
    for (const path of ['plugins/guard', 'routes/rooms/index']) {
      const text = block(`${path}.${isPlainJs ? 'js' : 'ts'}`)
      write(this.folder, join(src, `${path}.${ending}`), ending === 'js' && esm ? withoutTypes(text) : text)
    }
    if (isPlainJs) write(this.folder, 'test/routes/rooms.test.js', block('test/routes/rooms.test.js'))
  }

  /** Section 1 of the page; the script is what `start` is given. */
  setOptions (): void {
    const { src, ending } = this.#kind
    const app = join(src, `app.${ending}`)
    if (ending === 'js') edit(this.folder, app, /const options = \{\}/, 'const options = { skipOverride: true }')
    else edit(this.folder, app, /const options: AppOptions = \{\s*\}/, 'const options: AppOptions & { skipOverride: boolean } = { skipOverride: true }')
  }

  async build (): Promise<void> {
    if (this.#kind.ending === 'js') return
    const built = await runNode(this.folder, this.#tsc, [])
    if (built.code !== 0) throw new Error(built.output)
  }

  async start (t: Teardown, args: readonly string[]): Promise<{ child: ChildProcess, port: number, output: () => string }> {
    const port = await freePort()
    const all = [this.#cli, 'start', ...args, '-l', 'info', '-a', '127.0.0.1', '-p', String(port), 'app.js']
    const child = spawn(process.execPath, all, { cwd: this.#runs, stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => stopChild(child))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
    return { child, port, output: () => output }
  }

  /** Its own tests, as its script `test` has them but for coverage. `names` are files of test/routes. */
  async test (names: readonly string[]): Promise<Done> {
    const { ending, esm } = this.#kind
    const loader = ending === 'js' ? [] : esm ? ['--loader', 'ts-node/esm'] : ['-r', 'ts-node/register']
    const env = { TS_NODE_TRANSPILE_ONLY: 'true', ...(ending === 'ts' && esm ? { FASTIFY_AUTOLOAD_TYPESCRIPT: '1' } : {}) }
    return await runNode(this.folder, '--test', ['--test-reporter=tap', ...loader, ...names.map(name => `test/routes/${name}.test.${ending}`)], env)
  }
}
