import type { FastifyInstance } from 'fastify'

const HEADERS = {
  // No inline script and no inline style: what a message holds could not run even if the page put it into its HTML.
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // 'no-referrer' would make forms send "Origin: null".
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * What the guard does for WebSockets, for plain HTTP: a request that may change something has to come from a page of
 * `origins`. And the headers of every answer.
 */
export function protectWeb (app: FastifyInstance, origins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    if (SAFE_METHODS.has(request.method)) return
    const { origin, 'sec-fetch-site': site } = request.headers
    const isOwn = origin !== undefined && origins.includes(origin) && (site === undefined || site === 'same-origin')
    if (!isOwn) return await reply.code(403).send({ statusCode: 403, error: 'Forbidden', message: 'Only pages of this site may do that' })
  })
}
