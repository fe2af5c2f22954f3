import type { ParamsOf, QueryOf } from '../../types/wire.js'
import { ClientError } from './error.js'
import { refuseRest } from './refuse-rest.js'

/** Where to connect. A relative one is of the page's own site; `http` stands for `ws`. */
export type Address = string | URL

/** A function is asked before each attempt. */
export type AddressSource = Address | (() => Address | Promise<Address>)

interface Page { readonly location?: { readonly href: string } }

/** What `urlOf` puts into a URL. */
export interface UrlParts<C> {
  /** Values of the `:names`. */
  readonly params?: ParamsOf<C> | undefined
  /** The query string; a function is asked before each attempt. */
  readonly query?: QueryOf<C> | (() => QueryOf<C>) | undefined
}

/**
 * `:name` of the path filled in from `params`, `query` appended. Throws for what is no URL, a parameter without a
 * value, and one that would lead to another path.
 */
export function addressOf (address: Address, params: object = {}, query: object = {}): string {
  const filled = `${address}`.replace(/\/:(\w+)/g, (_, name: string) => {
    const value = `${Reflect.get(params, name) ?? ''}`
    // An empty segment, `.` and `..` mean another path, however they are written.
    if (/^\.{0,2}$/.test(value)) throw new ClientError('connect_failed', { message: `params.${name}` })
    return `/${encodeURIComponent(value)}`
  })
  const url = new URL(filled, (globalThis as Page).location?.href)
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) if (value !== undefined) url.searchParams.append(name, value)
  }
  return url.href.replace(/^http/, 'ws')
}

/**
 * The `url` of a client whose path has names, or that has a query:
 * `createClient<typeof chat>({ url: urlOf<typeof chat>('/rooms/:room', { params: { room } }) })`.
 */
export function urlOf<C> (address: AddressSource, { params, query, ...rest }: UrlParts<C>): () => Promise<string> {
  refuseRest(rest)
  return async () => {
    const target = await (typeof address === 'function' ? address() : address)
    const asked = typeof query === 'function' ? (query as () => object)() : query as object
    return addressOf(target, params as object, asked)
  }
}
