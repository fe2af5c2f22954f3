import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import guard from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'

/** A boot error as a test looks at it. */
export interface Failure { readonly code: string | undefined, readonly message: string }

/** Boots an application that `build` has set up; null when it comes up. An uncaught exception fails the test by itself. */
export async function boot (build: (app: FastifyInstance) => unknown, app: FastifyInstance = Fastify()): Promise<Failure | null> {
  try {
    await build(app)
    await app.ready()
    return null
  } catch (error) {
    return error as Failure
  } finally {
    await app.close().catch(() => {})
  }
}

/** The same of one with the guard in development, with these options as well. */
export async function bootGuard (build: (app: FastifyInstance) => unknown, options: object = {}): Promise<Failure | null> {
  return await boot(async app => {
    await app.register(guard, { development: true, ...options } as GuardOptions)
    await build(app)
  })
}
