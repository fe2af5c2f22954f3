import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import { warnChanged } from './changed.js'

/** Where pino keeps a logger's serializers (`pino.symbols.serializersSym`). */
const SERIALIZERS = Symbol.for('pino.serializers')

type Serialize = (request: FastifyRequest) => unknown

interface SerializingLog { readonly [SERIALIZERS]?: { [name: string]: Serialize } }

/** True where the log is Fastify's own pino, whose serializers are the ones that write a request. */
function isPino (log: FastifyBaseLogger): boolean {
  return Object.getOwnPropertySymbols(Object.getPrototypeOf(log) ?? {}).concat(Object.getOwnPropertySymbols(log))
    .some(symbol => symbol.description?.startsWith('pino.') === true)
}

/**
 * Writes upgrade requests with `serialize` wherever Fastify logs one: browsers put tickets and tokens into the query
 * string, and Fastify logs the URL of every request before any hook.
 */
export function serializeUpgrades (
  fastify: FastifyInstance, isUpgrade: (raw: IncomingMessage) => boolean, serialize: Serialize
): void {
  // Without a logger Fastify makes no child loggers, unless there is a factory.
  if (fastify.log.child({}) === fastify.log) return
  const inner = fastify.childLoggerFactory
  fastify.setChildLoggerFactory(function (logger, bindings, childOptions, raw) {
    if (!isUpgrade(raw)) return inner.call(this, logger, bindings, childOptions, raw)
    const serializers = { ...childOptions.serializers, req: serialize as never }
    return inner.call(this, logger, bindings, { ...childOptions, serializers }, raw)
  })
  // The context of unknown URLs is older than every plugin and keeps Fastify's own factory.
  const own = (fastify.log as SerializingLog)[SERIALIZERS]
  const standard = own?.['req']
  if (own === undefined || standard === undefined) {
    // Another logger than pino writes requests as it likes.
    if (isPino(fastify.log)) {
      const effect = 'the query string of an upgrade to an unknown URL stands in the log'
      warnChanged(fastify.log, 'log-serializers', effect)
    }
    return
  }
  own['req'] = request => isUpgrade(request.raw) ? serialize(request) : standard(request)
}
