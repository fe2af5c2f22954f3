import type { CallModel, ContractModel, OutboundModel, TypeModel } from '../../types/model.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_HANDLER } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import type { TypeChange } from '../model/diff-bounds.js'
import { compareTypes, type Sides } from '../model/diff-types.js'
import { typesOf } from '../model/types-by-name.js'
import type { Adapter, CallLink, Links, MessageLink } from './adapt-compiled.js'

// Tested in test/plugin/contract-versions.test.ts.

interface Given { readonly [key: string]: unknown }

/** Properties that the other side does not know are left out: by the newer sanitizer, or by the older serializer. */
const LEFT_OUT: Sides['isOpen'] = { before: true, after: true }
const CLOSED: Sides['isOpen'] = { before: false, after: false }

/** What takes an adapter: older values that fit no more, newer ones that don't fit yet. */
const BREAKING = { inbound: 'narrowed', outbound: 'widened' } as const

const own = (given: object, key: string): unknown => Object.hasOwn(given, key) ? (given as Given)[key] : undefined

/**
 * Reads the adapters of one older contract. Each message of it has an adapter, needs none, moved, or is gone. Throws
 * WSG_ERR_HANDLER for one that is missing, misspelt, would do nothing, or is no function.
 */
export class LinkReader {
  readonly #where: string
  readonly #old: ContractModel
  readonly #now: ContractModel
  readonly #types: Pick<Sides, 'before' | 'after'>
  readonly #gone = new Set<string>()

  /** `where`: the version, in errors. */
  constructor (where: string, old: ContractModel, now: ContractModel) {
    this.#where = where
    this.#old = old
    this.#now = now
    this.#types = { before: typesOf(old), after: typesOf(now) }
  }

  read (adapters: unknown): Links {
    const parts = ['on', 'outbound', 'calls']
    if (typeof adapters !== 'object' || adapters === null) {
      throw new WSG_ERR_HANDLER(`${this.#where}: expected an object with ${parts.join(', ')}, got ${got(adapters)}`)
    }
    checkKeys(adapters, parts, this.#where, WSG_ERR_HANDLER)
    return {
      on: this.#messages('on', this.#old.inbound, this.#now.inbound, adapters),
      outbound: this.#messages('outbound', this.#old.outbound, this.#now.outbound, adapters),
      calls: this.#part('calls', this.#old.calls, this.#now.calls, adapters, 'to', ['request', 'reply', 'errors'],
        (was, is, given, at) => this.#call(was, is, given, at)),
      gone: this.#gone,
    }
  }

  #messages (
    part: 'on' | 'outbound', old: readonly OutboundModel[], now: readonly OutboundModel[], adapters: object
  ): readonly MessageLink[] {
    const [direction, key] = part === 'on' ? ['inbound', 'to'] as const : ['outbound', 'from'] as const
    const links = this.#part(part, old, now, adapters, key, ['adapt'], (was, is, given, at): MessageLink => {
      const [adapt, place] = was.type === is.type ? [given, at] : [own(given as object, 'adapt'), `${at}.adapt`]
      return { old: was.type, now: is.type, adapt: this.#adapter(adapt, place, direction, was.payload, is.payload) }
    })
    const twin = part === 'outbound' && links.find((one, i) => links.findIndex(({ now }) => now === one.now) !== i)
    if (twin) {
      throw new WSG_ERR_HANDLER(`${this.#where}.outbound.${twin.old}.from: expected a message that no other comes ` +
        `from, got "${twin.now}"`)
    }
    return links
  }

  /** One link for each message of the older contract that is not gone. */
  #part<M extends { readonly type: string }, L> (
    part: string, old: readonly M[], now: readonly M[], adapters: object, key: string, others: readonly string[],
    link: (was: M, is: M, given: unknown, at: string) => L
  ): L[] {
    const where = `${this.#where}.${part}`
    const given = own(adapters, part) ?? {}
    if (typeof given !== 'object' || given === null) {
      throw new WSG_ERR_HANDLER(`${where}: expected an object, got ${got(given)}`)
    }
    checkKeys(given, old.map(({ type }) => type), where, WSG_ERR_HANDLER)
    return old.flatMap(was => {
      const at = `${where}.${was.type}`
      const entry = own(given, was.type)
      const is = now.find(({ type }) => type === was.type)
      if (is !== undefined) return [link(was, is, entry, at)]
      if (entry === 'gone') {
        this.#gone.add(was.type)
        return []
      }
      return [link(was, moved(entry, at, key, others, now), entry, at)]
    })
  }

  #call (was: CallModel, is: CallModel, given: unknown, at: string): CallLink {
    const parts = given ?? {}
    if (typeof parts !== 'object') {
      throw new WSG_ERR_HANDLER(`${at}: expected { request, reply, errors }, got ${got(given)}`)
    }
    if (was.type === is.type) checkKeys(parts, ['request', 'reply', 'errors'], at, WSG_ERR_HANDLER)
    const adapter = (part: 'request' | 'reply', direction: keyof typeof BREAKING): Adapter | null =>
      this.#adapter(own(parts, part), `${at}.${part}`, direction, was[part], is[part])
    return {
      old: was.type,
      now: is.type,
      adapt: adapter('request', 'inbound'),
      reply: adapter('reply', 'outbound'),
      errors: this.#errors(was, is, own(parts, 'errors') ?? {}, `${at}.errors`),
    }
  }

  #errors (was: CallModel, is: CallModel, given: unknown, at: string): ReadonlyMap<string, Adapter> {
    if (typeof given !== 'object' || given === null) {
      throw new WSG_ERR_HANDLER(`${at}: expected an object, got ${got(given)}`)
    }
    const pairs = was.errors.flatMap(({ code, data }) =>
      is.errors.filter(other => other.code === code).map(other => [code, data, other.data] as const))
    checkKeys(given, pairs.map(([code]) => code), at, WSG_ERR_HANDLER)
    return new Map(pairs.flatMap(([code, before, after]) => {
      const adapt = this.#adapter(own(given, code), `${at}.${code}`, 'outbound', before, after)
      return adapt === null ? [] : [[code, adapt] as const]
    }))
  }

  /** The adapter, or null where none is needed. `before`, `after`: names of the older and the newer type. */
  #adapter (
    given: unknown, at: string, direction: keyof typeof BREAKING, before: string, after: string
  ): Adapter | null {
    const changes = (isOpen: Sides['isOpen']): readonly TypeChange[] => {
      const [was, is] = [before, after].map((name): TypeModel => ({ kind: 'ref', name }))
      return compareTypes(was!, is!, { ...this.#types, isOpen })
    }
    if (given === undefined) {
      const breaking = changes(LEFT_OUT).find(({ kind }) => kind === BREAKING[direction])
      if (breaking === undefined) return null
      throw new WSG_ERR_HANDLER(`${at}: expected an adapter, got none; ` +
        `${breaking.path} ${breaking.text}`.trimStart())
    }
    if (typeof given !== 'function') throw new WSG_ERR_HANDLER(`${at}: expected a function, got ${got(given)}`)
    if (changes(CLOSED).length === 0) {
      throw new WSG_ERR_HANDLER(`${at}: expected no adapter, got ${got(given)}; both contracts have the same type ` +
        'there')
    }
    return given as Adapter
  }
}

/** The message that another one became. */
function moved<M extends { readonly type: string }> (
  entry: unknown, at: string, key: string, others: readonly string[], now: readonly M[]
): M {
  if (typeof entry !== 'object' || entry === null) {
    throw new WSG_ERR_HANDLER(`${at}: expected "gone" or { ${[key, ...others].join(', ')} }, because the new ` +
      `contract has nothing of that name, got ${got(entry)}`)
  }
  checkKeys(entry, [key, ...others], at, WSG_ERR_HANDLER)
  const name = own(entry, key)
  const found = now.find(({ type }) => type === name)
  if (found !== undefined) return found
  const known = now.map(({ type }) => type)
  throw new WSG_ERR_HANDLER(`${at}.${key}: expected one of ${known.join(', ') || '(none)'}, got ${got(name)}` +
    (typeof name === 'string' ? didYouMean(name, known) : ''))
}
