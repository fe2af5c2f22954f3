import type { FastifyInstance } from 'fastify'

/** What of Fastify's router options makes two paths one. */
export interface RouterOptions {
  readonly caseSensitive?: boolean
  readonly ignoreTrailingSlash?: boolean
  readonly ignoreDuplicateSlashes?: boolean
}

/** socket.io's option `path` is `/socket.io`, and its clients ask for `/socket.io/`. */
export const WITHOUT_SLASH: RouterOptions = { ignoreTrailingSlash: true }

/** Fastify's own, wherever its version keeps them. */
export function routerOptions ({ initialConfig }: FastifyInstance): RouterOptions {
  const config = initialConfig as RouterOptions & { readonly routerOptions?: RouterOptions }
  return { ...config, ...config.routerOptions }
}

/** A path as the router compares it. */
function fold (path: string, options: RouterOptions): string {
  const folded = foldInside(path, options)
  return options.ignoreTrailingSlash === true && folded.length > 1 ? folded.replace(/\/$/, '') : folded
}

/** The same of a path's beginning, whose last slash counts: `/admin/` is not the beginning of `/administrators`. */
function foldInside (path: string, options: RouterOptions): string {
  const folded = options.caseSensitive === false ? path.toLowerCase() : path
  return options.ignoreDuplicateSlashes === true ? folded.replace(/\/{2,}/g, '/') : folded
}

/**
 * URLs as options write them: exact, or with everything under them where they end in `*`. The first that fits counts.
 * `router`: two paths that the router takes for one are one here as well. Left out, they are compared as they are.
 */
export class UrlPatterns {
  readonly #patterns: readonly string[]
  readonly #router: RouterOptions
  readonly #used = new Set<string>()

  constructor (patterns: readonly string[], router: RouterOptions = {}) {
    this.#patterns = patterns
    this.#router = router
  }

  /** The first pattern that `path` fits, or null. A query string does not belong to the path. */
  find (path: string): string | null {
    const query = path.indexOf('?')
    const bare = this.#fold(query === -1 ? path : path.slice(0, query))
    const found = this.#patterns.find(pattern => {
      if (!pattern.endsWith('*')) return bare === this.#fold(pattern)
      const beginning = pattern.slice(0, -1)
      return bare === this.#fold(beginning) || bare.startsWith(foldInside(beginning, this.#router))
    })
    if (found !== undefined) this.#used.add(found)
    return found ?? null
  }

  /** The first pattern of which a route with parameters or a wildcard serves paths too, or null. Boot only. */
  findServed (route: string): string | null {
    const parts = this.#fold(route).split(/(:[^/]+|\*)/)
    if (parts.length === 1) return null
    const sources = parts.map(part => part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : escapePattern(part))
    const served = new RegExp(`^${sources.join('')}$`, 's')
    return this.#patterns.find(pattern => served.test(this.#fold(pattern.replace(/\*$/, 'x')))) ?? null
  }

  /** Patterns that nothing has fitted. */
  unused (): string[] {
    return this.#patterns.filter(pattern => !this.#used.has(pattern))
  }

  #fold (path: string): string {
    return fold(path, this.#router)
  }
}

function escapePattern (text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
