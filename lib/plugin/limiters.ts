import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { WSG_ERR_OPTION_UNSAFE } from '../errors/coded.js'
import type { CreateRateLimit, LimiterSources } from '../gate/rate.js'
import type { ResolvedOptions } from './options.js'

// Tested in test/attack/upgrade-rate.test.ts.

/**
 * The stores that upgrade limits count in: those of the application's @fastify/rate-limit where it is registered
 * before, else one of our own, loaded in a scope of its own so that none of its hooks or decorators reaches the
 * application. Throws WSG_ERR_OPTION_UNSAFE for two clients.
 */
export async function loadLimiters (fastify: FastifyInstance, options: ResolvedOptions): Promise<LimiterSources> {
  const redis = options.upgradeRate?.redis
  if (fastify.hasDecorator('createRateLimit')) {
    if (redis !== undefined) {
      throw new WSG_ERR_OPTION_UNSAFE('upgradeRate.redis: expected to be left out where @fastify/rate-limit is ' +
        'registered before (its store is used), got a client')
    }
    return { primary: fastify.createRateLimit.bind(fastify), isLocal: false, fallback: null }
  }
  const local = await load(fastify, {})
  if (redis === undefined) return { primary: local, isLocal: true, fallback: null }
  return { primary: await load(fastify, { redis }), isLocal: false, fallback: local }
}

async function load (fastify: FastifyInstance, settings: object): Promise<CreateRateLimit> {
  let create: CreateRateLimit | undefined
  await fastify.register(async scope => {
    await scope.register(rateLimit, { global: false, ...settings })
    create = scope.createRateLimit.bind(scope)
  })
  return create!
}
