import { FormatRegistry } from '@sinclair/typebox'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ContractSpec } from '../../types/contract.js'
import type { RouteModel } from '../../types/model.js'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { firstLine } from './first-line.js'

/** A contract that a module holds, and what its route adds where the module holds an application. */
interface LoadedContract {
  readonly contract: ContractSpec
  readonly url: string
  readonly route: RouteModel | null
}

/** As much of Fastify as is asked here. */
interface Server {
  ready (): PromiseLike<unknown>
  close (): PromiseLike<unknown>
}

interface Application extends Server {
  readonly wsGuard: { readonly contracts: readonly LoadedContract[] }
}

/** Exports that make an application, in the order in which they are tried. */
const MAKERS = ['default', 'app', 'buildApp', 'createApp']

/** What a module exports. */
interface Exports { readonly [name: string]: unknown }

const isObject = (value: unknown): value is Exports => typeof value === 'object' && value !== null
/** What `defineContract` returns: it freezes what it has checked. */
const isContract = (value: unknown): value is ContractSpec & object =>
  isObject(value) && Object.isFrozen(value) && typeof value['name'] === 'string' && typeof value['url'] === 'string'
const isServer = (value: unknown): value is Server =>
  isObject(value) && typeof value['ready'] === 'function' && typeof value['close'] === 'function'
const isApplication = (value: unknown): value is Application =>
  isServer(value) && isObject((value as Partial<Application>).wsGuard)

/**
 * Reads the contracts that a module exports, or those of the application that it exports or makes. The application is
 * made ready and closed again. Throws WSG_ERR_GENERATE with the file and the cause.
 */
export async function loadContracts (path: string): Promise<readonly LoadedContract[]> {
  const exported = await importModule(path)
  const contracts = contractsOf(exported)
  const loaded = contracts.length > 0
    ? contracts.map(contract => ({ contract, url: contract.url, route: null }))
    : await contractsOfApplication(path, exported)
  const names = new Map<string, string>()
  for (const { contract: { name } } of loaded) {
    const twin = names.get(name.toLowerCase())
    if (twin !== undefined) {
      const twins = `${JSON.stringify(twin)} and ${JSON.stringify(name)}`
      throw new WSG_ERR_GENERATE(`${path}: expected contracts of different names, got ${twins}; write two versions ` +
        'of one contract into a module each, with an --out of its own each, or rename one')
    }
    names.set(name.toLowerCase(), name)
  }
  return loaded
}

function contractsOf (exported: Exports): readonly ContractSpec[] {
  const { default: main, ...named } = exported
  // CommonJS arrives as `default`
  const found = [...Object.values(named), main, ...(isObject(main) && !isServer(main) ? Object.values(main) : [])]
  return [...new Set(found.filter(isContract))]
}

async function contractsOfApplication (path: string, exported: Exports): Promise<readonly LoadedContract[]> {
  const main = exported['default']
  const all = { ...(isObject(main) && !isServer(main) ? main : {}), ...exported }
  const app = await attempt(path, () => makeApplication(all))
  if (app === null) {
    throw new WSG_ERR_GENERATE(
      `${path}: expected a module that exports contracts of defineContract, or a Fastify application (an instance, ` +
      `or a function ${MAKERS.join(', ')} that returns one), got ${shownNames(exported)}`)
  }
  if (!isApplication(app)) {
    throw new WSG_ERR_GENERATE(`${path}: expected an application with fastify-ws-guard registered, got one without`)
  }
  const contracts = await attempt(path, async () => {
    try {
      await app.ready()
      return [...app.wsGuard.contracts]
    } finally {
      await app.close()
    }
  })
  if (contracts.length === 0) {
    throw new WSG_ERR_GENERATE(`${path}: expected an application with contracted routes (wsRoute), got none`)
  }
  // A contract on several routes is one client; it is given a URL anyway.
  const sorted = contracts.sort((a, b) => a.url < b.url ? -1 : a.url > b.url ? 1 : 0)
  return sorted.filter((one, index) => sorted.findIndex(other => other.contract === one.contract) === index)
}

async function makeApplication (exported: Exports): Promise<Server | null> {
  const instance = Object.values(exported).find(isServer)
  if (instance !== undefined) {
    // registered plugins are loaded by `ready`, and decorate then
    await instance.ready()
    return instance
  }
  const make = MAKERS.map(name => exported[name]).find(value => typeof value === 'function')
  if (make === undefined) return null
  const made = await (make as () => unknown)()
  const app = isObject(made) && !isServer(made) ? made['app'] : made
  if (!isServer(app)) return null
  await app.ready()
  return app
}

const shownNames = (exported: object): string =>
  Object.keys(exported).length === 0 ? 'no export' : `the exports ${Object.keys(exported).slice(0, 8).join(', ')}`

async function attempt<T> (path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof WSG_ERR_GENERATE) throw error
    throw new WSG_ERR_GENERATE(`${path}: ${firstLine(error)}`)
  }
}

async function importModule (path: string): Promise<Exports> {
  const file = resolve(path)
  if (!existsSync(file)) throw new WSG_ERR_GENERATE(`${path}: there is no such file`)
  if (statSync(file).isDirectory()) throw new WSG_ERR_GENERATE(`${path}: expected a file, got a folder`)
  try {
    const exported = await import(pathToFileURL(file).href) as Exports
    takeFormats(file)
    return exported
  } catch (error) {
    throw new WSG_ERR_GENERATE(`${path}: ${importFault(error)}`)
  }
}

/** Formats that CommonJS registers are in a registry of its own: that of TypeBox's other build. */
function takeFormats (file: string): void {
  const load = createRequire(file)
  let theirs: typeof FormatRegistry
  try {
    theirs = (load('@sinclair/typebox') as { readonly FormatRegistry: typeof FormatRegistry }).FormatRegistry
  } catch {
    // where TypeBox can't be required no format was registered that way
    return
  }
  for (const [name, test] of theirs.Entries()) if (!FormatRegistry.Has(name)) FormatRegistry.Set(name, test)
}

function importFault (error: unknown): string {
  const { code, url } = error as { readonly code?: string, readonly url?: string }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return `Node.js ${process.version} can not read this kind of file; ` +
      'TypeScript needs Node.js 22.18 or later, or the compiled .js file'
  }
  const source = url?.replace(/\.([cm]?)js$/, '.$1ts')
  if (code === 'ERR_MODULE_NOT_FOUND' && source !== undefined && source !== url && existsSync(new URL(source))) {
    const [js, ts] = [url!, source].map(one => one.split('/').at(-1)!)
    return `it imports ${js}, which is only there as TypeScript; import it as ${ts}, or give the compiled .js file`
  }
  return firstLine(error)
}
