// Removes from dist/ what no entry point of package.json leads to: declarations of the inside, and modules that hold types only.
// Nobody can import them, for `exports` names every way in.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Paths that `exports`, `bin` and the like name, at any depth. */
function entries (value) {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(entries) : []
}

/** Relative specifiers of imports, exports, `import()` and `require()`. */
function specifiers (text) {
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(['"])(\.{1,2}\/[^'"]+)\1/g)].map(match => match[2])
}

/** The files under `root`'s dist/ that are led to. */
export function reachable (root) {
  const { exports, bin, main, types, module } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const found = new Set()
  const open = entries([exports, bin, main, types, module]).filter(path => path.includes('dist/')).map(path => normalize(join(root, path)))
  while (open.length > 0) {
    const path = open.pop()
    if (found.has(path)) continue
    if (!existsSync(path)) throw new Error(`${path} is imported and not there`)
    found.add(path)
    const isTypes = path.endsWith('.d.ts')
    for (const specifier of specifiers(readFileSync(path, 'utf8'))) {
      const target = normalize(join(dirname(path), specifier))
      open.push(isTypes ? target.replace(/\.js$/, '.d.ts') : target)
    }
  }
  return found
}

/** Returns how many files it has removed. */
export function prune (root) {
  const keep = reachable(root)
  let removed = 0
  for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
    const path = normalize(join(entry.parentPath, entry.name))
    if (!entry.isFile() || entry.name === 'package.json' || keep.has(path)) continue
    rmSync(path)
    removed++
  }
  return removed
}
