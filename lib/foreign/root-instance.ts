import type { FastifyInstance } from 'fastify'
import { WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'

/** Throws WSG_ERR_PLUGIN_ORDER unless `fastify` is the root instance, unguarded so far. */
export function checkScope (fastify: FastifyInstance): void {
  // Children are made by Object.create; only the root owns its server. A guard of a child scope would leave every
  // upgrade that is routed outside of it unguarded, and its sockets open for ever. Should Fastify make its instances
  // otherwise one day, nothing boots: that is this probe's self-check.
  if (!Object.hasOwn(fastify, 'server')) {
    const error = new WSG_ERR_PLUGIN_ORDER('fastify-ws-guard: expected to be registered on the root instance, got an ' +
      'encapsulated scope; routes of every scope are guarded from there. In a project of fastify-cli write "options ' +
      '= { skipOverride: true }" in app.js and start it with "fastify start -o"; elsewhere register the guard where ' +
      'Fastify() is called, or wrap the plugins in between with fastify-plugin')
    throw Object.assign(error, { help: error.help.replace(/[^/]*$/, 'fastify-cli.md') })
  }
  if (fastify.hasDecorator('wsGuard')) {
    throw new WSG_ERR_PLUGIN_ORDER('fastify-ws-guard: expected one registration, got a second; leave it out, the ' +
      'first guards the routes of every scope')
  }
}
