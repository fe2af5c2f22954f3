import type { FastifyInstance } from 'fastify'

/** What of Fastify's router options makes two paths one. */
export interface RouterOptions {
  readonly caseSensitive?: boolean
  readonly ignoreTrailingSlash?: boolean
  readonly ignoreDuplicateSlashes?: boolean
}

/** Fastify's own, wherever its version keeps them. */
export function routerOptions ({ initialConfig }: FastifyInstance): RouterOptions {
  const config = initialConfig as RouterOptions & { readonly routerOptions?: RouterOptions }
  return { ...config, ...config.routerOptions }
}

/** A path as the router compares it. */
function fold (path: string, options: RouterOptions): string {
  let folded = options.caseSensitive === false ? path.toLowerCase() : path
  if (options.ignoreDuplicateSlashes === true) folded = folded.replace(/\/{2,}/g, '/')
  return options.ignoreTrailingSlash === true && folded.length > 1 ? folded.replace(/\/$/, '') : folded
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
    for (const pattern of this.#patterns) {
      if (pattern.endsWith('*') ? bare.startsWith(this.#fold(pattern.slice(0, -1))) : bare === this.#fold(pattern)) {
        this.#used.add(pattern)
        return pattern
      }
    }
    return null
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
