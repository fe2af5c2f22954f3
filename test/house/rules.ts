import { posix } from 'node:path'
import ts from 'typescript'

/** Paths from the root, with forward slashes, and their texts. */
export type Sources = ReadonlyMap<string, string>

/**
 * Rooms and what they may import; CONTRIBUTING.md says what each is for. A room is a folder under lib/, or a file at its root.
 * Any room may import itself and types.
 */
export const ROOMS: { readonly [room: string]: readonly string[] } = {
  types: [],
  protocol: [],
  errors: ['protocol'],
  events: [],
  log: [],
  callbacks: ['errors'],
  identity: ['errors'],
  foreign: ['protocol', 'errors', 'log'],
  contract: ['protocol', 'errors'],
  auth: ['errors', 'callbacks', 'identity', 'log'],
  gate: ['protocol', 'errors', 'events', 'identity', 'log', 'foreign'],
  socket: ['protocol', 'errors', 'events', 'callbacks', 'identity', 'log', 'foreign'],
  life: ['protocol', 'errors', 'events', 'callbacks', 'identity'],
  cluster: ['protocol', 'errors', 'events', 'identity'],
  observe: ['events', 'log', 'callbacks'],
  client: ['protocol'],
  model: ['contract', 'protocol', 'errors'],
  codegen: ['model', 'contract', 'protocol', 'errors'],
  testing: ['client', 'protocol', 'errors'],
  plugin: [
    'protocol', 'errors', 'events', 'callbacks', 'identity', 'log', 'foreign', 'contract', 'model', 'auth', 'gate', 'socket', 'life',
    'cluster', 'observe',
  ],
  // Entry points: one small file each, at the root of lib/.
  index: ['plugin', 'auth', 'contract'],
  html: ['contract'],
  react: ['client'],
  'explained-client': ['client', 'errors'],
}

/** Rooms that a browser loads: nothing from outside the package. */
const BARE_ROOMS = new Set(['protocol', 'client'])
const DEFAULT_EXPORTS = new Set(['lib/index.ts', 'lib/plugin/plugin.ts'])
const MAX_LINES = 250
const MAX_CLASS_LINES = 200
const MAX_COLUMNS = 120
/** Generated validators and patterns over control characters are what this package is made of. */
const SANCTIONED = /^eslint-disable-(?:next-)?line (?:no-new-func|no-control-regex)(?: -- .*)?$/

/** The room of a file under lib/ or types/. */
export function roomOf (path: string): string {
  if (path.startsWith('types/')) return 'types'
  return path.slice('lib/'.length).split('/')[0]?.replace(/\.ts$/, '') ?? ''
}

/** Specifiers of every static, dynamic and type import, and of every re-export. */
export function importsOf (text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(file => file.fileName)
}

/** The file that a relative specifier means, or null for a package. */
export function resolveImport (from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}

/** Imports that the table of rooms forbids. `packages` are those that package.json promises to be there at run time. */
export function importFaults (sources: Sources, packages: ReadonlySet<string>): string[] {
  const faults: string[] = []
  for (const [path, text] of sources) {
    const room = roomOf(path)
    const allowed = ROOMS[room]
    if (allowed === undefined) {
      faults.push(`${path}: room '${room}' is not in the table`)
      continue
    }
    for (const specifier of importsOf(text)) {
      const target = resolveImport(path, specifier)
      if (target === null) {
        const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0] ?? ''
        if (BARE_ROOMS.has(room)) faults.push(`${path}: ${room} imports ${specifier}, and may import nothing from outside`)
        else if (!name.startsWith('node:') && !packages.has(name)) faults.push(`${path}: ${name} is neither a dependency nor a peer dependency`)
      } else if (!sources.has(target)) {
        faults.push(`${path}: ${specifier} is no file of lib/ or types/`)
      } else {
        const other = roomOf(target)
        if (other !== room && other !== 'types' && !allowed.includes(other)) faults.push(`${path}: ${room} imports ${other} (${specifier})`)
      }
    }
  }
  return faults
}

/** One line for every import cycle found, type imports included. */
export function cycles (sources: Sources): string[] {
  const found: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (path: string): void => {
    const seen = state.get(path)
    if (seen === 'open') found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (seen !== undefined) return
    state.set(path, 'open')
    trail.push(path)
    for (const specifier of importsOf(sources.get(path) ?? '')) {
      const target = resolveImport(path, specifier)
      if (target !== null && sources.has(target)) visit(target)
    }
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of sources.keys()) visit(path)
  return found
}

/** Files, classes and lines that are too long. */
export function lengthFaults (sources: Sources): string[] {
  const faults: string[] = []
  for (const [path, text] of sources) {
    const lines = text.split('\n')
    if (lines.length - 1 > MAX_LINES) faults.push(`${path}: ${lines.length - 1} lines, more than ${MAX_LINES}`)
    for (const [at, line] of lines.entries()) {
      if (line.length > MAX_COLUMNS) faults.push(`${path}:${at + 1}: ${line.length} columns, more than ${MAX_COLUMNS}`)
    }
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
    const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1
    const visit = (node: ts.Node): void => {
      const length = lineOf(node.end) - lineOf(node.getStart()) + 1
      if (ts.isClassLike(node) && length > MAX_CLASS_LINES) faults.push(`${path}: class of ${length} lines, more than ${MAX_CLASS_LINES}`)
      ts.forEachChild(node, visit)
    }
    visit(file)
  }
  return faults
}

/** Does a file do anything when it is run? What only declares types, values or re-exports does not. */
function behaves (text: string): boolean {
  let found = false
  const visit = (node: ts.Node): void => {
    found ||= ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
    if (!found) ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2023, true))
  return found
}

/**
 * Files of lib/ with behaviour that have neither a test of their name nor a line that names where they are tested:
 * `// Tested in test/contract/compile.test.ts.`
 */
export function untestedFaults (sources: Sources, tests: ReadonlySet<string>): string[] {
  const faults: string[] = []
  for (const [path, text] of sources) {
    if (!path.startsWith('lib/') || !behaves(text)) continue
    const own = path.replace(/^lib\//, 'test/').replace(/\.ts$/, '.test.ts')
    const line = /^\/\/ Tested in (.*)\.$/m.exec(text)?.[1]
    const named = line?.split(/,? and |, /) ?? []
    if (line === undefined && !tests.has(own)) faults.push(`${path}: has no ${own}, and no line says where it is tested`)
    for (const name of named) if (!tests.has(name)) faults.push(`${path}: is tested in ${name}, which is not there`)
  }
  return faults
}

/** Names, default exports, escape hatches and errors without a code. */
export function styleFaults (sources: Sources): string[] {
  const faults: string[] = []
  for (const [path, text] of sources) {
    if (path.split('/').some(part => !/^[a-z0-9]+(-[a-z0-9]+)*(\.ts)?$/.test(part))) faults.push(`${path}: not kebab-case`)
    const off = text.match(/@ts-(ignore|nocheck|expect-error).*|eslint-disable.*/g) ?? []
    for (const comment of off.filter(one => !SANCTIONED.test(one))) faults.push(`${path}: switches a check off: ${comment}`)
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
    const visit = (node: ts.Node): void => {
      const fault = faultOf(node, path)
      if (fault !== null) faults.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${fault}`)
      ts.forEachChild(node, visit)
    }
    visit(file)
  }
  return faults
}

function faultOf (node: ts.Node, path: string): string | null {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'any'
  if (ts.isNewExpression(node) && /^(?:Type|Range|Syntax)?Error$/.test(node.expression.getText())) return 'an error without a code'
  const exportsDefault = ts.isExportAssignment(node) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent))
  if (exportsDefault && !DEFAULT_EXPORTS.has(path)) return 'a default export'
  return null
}
