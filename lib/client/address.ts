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

/** The contract's own URL. */
type PathOf<C> = C extends { readonly url: infer U extends string } ? U : string

/** The contract's URL, behind a host or a prefix. What has more than names in it is not compared. */
export type Template<C> =
  string extends PathOf<C> ? string : PathOf<C> extends `${string}${'(' | '*' | '?'}${string}` ? string
    : `${string}${PathOf<C>}`

/** With a value for each name of the contract's URL. */
export type TemplateParts<C> =
  UrlParts<C> & (PathOf<C> extends `${string}/:${string}` ? { readonly params: ParamsOf<C> } : unknown)

function fill (address: Address, params: object = {}): string {
  return `${address}`.replace(/\/:(\w+)/g, (_, name: string) => {
    const value = `${Reflect.get(params, name) ?? ''}`
    // An empty segment, `.` and `..` mean another path, however they are written.
    if (/^\.{0,2}$/.test(value)) throw new ClientError('connect_failed', { message: `params.${name}` })
    return `/${encodeURIComponent(value)}`
  })
}

/**
 * `:name` of the path filled in from `params`, `query` appended. Throws for what is no URL, a parameter without a
 * value, and one that would lead to another path.
 */
export function addressOf (address: Address, params?: object, query: object = {}): string {
  const url = new URL(fill(address, params), (globalThis as Page).location?.href)
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) if (value !== undefined) url.searchParams.append(name, value)
  }
  return url.href.replace(/^http/, 'ws')
}

/**
 * The `url` of a client whose path has names, or that has a query:
 * `createClient<typeof chat>({ url: urlOf<typeof chat>('/rooms/:room', { params: { room } }) })`. Throws a
 * `ClientError`, `connect_failed`, for a name without a value; where the address is a function, its promise rejects.
 */
export function urlOf<C> (address: Template<C>, parts: TemplateParts<C>): () => Promise<string>
export function urlOf<C> (address: Exclude<AddressSource, string>, parts: UrlParts<C>): () => Promise<string>
export function urlOf<C> (address: AddressSource, { params, query, ...rest }: UrlParts<C>): () => Promise<string> {
  refuseRest(rest)
  // What can't be mended by another attempt is told before the first.
  if (typeof address !== 'function') fill(address, params as object)
  return async () => {
    const target = await (typeof address === 'function' ? address() : address)
    const asked = typeof query === 'function' ? (query as () => object)() : query as object
    return addressOf(target, params as object, asked)
  }
}
