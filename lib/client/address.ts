import { ClientError } from './error.js'

/** Where to connect, before `params` and `query` are put in. A relative one is of the page's own site. */
export type Address = string | URL

/**
 * The URL to open: `:name` of the path filled in from `params`, `query` appended, `http` become `ws`.
 * Throws for what is no URL, a parameter without a value, and one that would lead to another path.
 */
export function addressOf (address: Address, params: object = {}, query?: object): string {
  const filled = `${address}`.replace(/\/:(\w+)/g, (_, name: string) => {
    const value = `${Reflect.get(params, name) ?? ''}`
    // An empty segment, `.` and `..` mean another path, however they are written.
    if (/^\.{0,2}$/.test(value)) throw new ClientError('connect_failed', { message: `params.${name}` })
    return `/${encodeURIComponent(value)}`
  })
  const url = new URL(filled, (globalThis as { readonly location?: { readonly href: string } }).location?.href)
  for (const [name, values] of Object.entries(query ?? {})) {
    for (const value of [values].flat()) if (value !== undefined) url.searchParams.append(name, value)
  }
  return url.href.replace('http', 'ws')
}
