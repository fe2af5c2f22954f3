import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { redactTarget } from '../gate/serialize-upgrade.js'

/** Scheme and authority of a request target, which may hold a user and a password. */
const AUTHORITY = /^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#;]*/i
/** Where a token may stand. */
const SECRET = /[?#;@]/

/**
 * Which requests ask for the path of a WebSocket route, whatever their method: clients that can't say it otherwise put
 * tokens into the query string, and what comes with the wrong method has one as well. Rather one path too many than one
 * too few.
 */
export class SocketPaths {
  readonly #urls: () => readonly string[]
  readonly #patterns = new Map<string, RegExp>()

  /** `urls`: of the routes, as they are declared. */
  constructor (urls: () => readonly string[]) {
    this.#urls = urls
  }

  /** True where `target`, a request target, is one and has something to hide. */
  hides (target: string): boolean {
    if (!SECRET.test(target)) return false
    // Two slashes begin an authority, or are one to the router.
    return this.#has(target) || this.#has(target.replace(AUTHORITY, ''))
  }

  /** `onRequest` hook: Fastify writes the target of what it has no route for into a message of the log. */
  readonly hideUnknown = (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { raw } = request
    if (request.is404 && this.hides(raw.url ?? '')) raw.url = redactTarget(raw.url ?? '')
    done()
  }

  #has (target: string): boolean {
    const path = decoded(target.split(/[?#;]/, 1)[0] ?? '').replace(/\/{2,}/g, '/')
    return this.#urls().some(url => this.#patternOf(url).test(path))
  }

  #patternOf (url: string): RegExp {
    const known = this.#patterns.get(url)
    if (known !== undefined) return known
    const parts = url.replace(/\/$/, '').split(/(\/:[^/]+|:[^/]+|\*)/).map(part => {
      if (part === '*') return '.*'
      if (part.startsWith('/:')) return part.endsWith('?') ? '(?:/[^/]*)?' : '/[^/]*'
      return part.startsWith(':') ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    })
    const pattern = new RegExp(`^${parts.join('')}/?$`, 'is')
    this.#patterns.set(url, pattern)
    return pattern
  }
}

function decoded (path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
