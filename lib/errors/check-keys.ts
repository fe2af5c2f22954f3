import { didYouMean } from './nearest.js'

/** A coded error of boot, made from its message. */
export type Fault = new (message: string) => Error

/**
 * True for an object that was written down: what it holds is its own. Objects of other realms count, as tests of some
 * runners have them.
 */
export function isPlain (value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
}

/**
 * Nothing a user hands in is silently ignored: throws `Fault` for a key of `given` that is not in `known`, with the
 * nearest right name, and for a key that is there without a value, as a renamed import leaves it; also for an
 * instance of a class or another object that inherits, of which one reader would see more than another. `where` names
 * the object, e.g. `route /chat: wsGuard`; `advice` ends the error about an unknown key.
 */
export function checkKeys (
  given: object, known: readonly string[], where: string, Fault: Fault,
  advice: (key: string, known: readonly string[]) => string = didYouMean
): void {
  if (!isPlain(given)) {
    throw new Fault(`${where}: expected a plain object, got one that inherits, of which only its own keys would ` +
      'count; copy what it has into { … }')
  }
  for (const key of Reflect.ownKeys(given)) {
    // The namespace of a module has this one: `on: handlers` after `import * as handlers`.
    if (key === Symbol.toStringTag) continue
    if (typeof key === 'symbol' || !known.includes(key)) {
      const name = typeof key === 'symbol' ? String(key) : JSON.stringify(key)
      const hint = typeof key === 'symbol' ? '' : advice(key, known)
      throw new Fault(`${where}: expected ${known.length === 0 ? 'no keys' : `only the keys ${known.join(', ')}`}, ` +
        `got ${name}${hint}`)
    }
    if ((given as { readonly [key: string]: unknown })[key] === undefined) {
      throw new Fault(`${where}.${key}: expected a value or no such key, got undefined; is an environment ` +
        'variable unset, or an import renamed?')
    }
  }
}
