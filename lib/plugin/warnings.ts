import type { FastifyInstance } from 'fastify'
import { Server as TlsServer } from 'node:tls'
import { type BootLog, warnAtBoot } from '../log/boot-warning.js'
import type { ResolvedOptions } from './options.js'

// Tested in test/plugin/adopted-server.test.ts.

/** Says at boot where handshakes could be read on the way, or will all be refused. */
export function warnOfTransport (fastify: FastifyInstance, options: ResolvedOptions, trustProxy: unknown): void {
  const { log } = fastify
  if (trustProxy === true) {
    warnAtBoot(log, {}, 'trustProxy: true believes every client about its address, host and protocol; list your ' +
      'proxies\' addresses')
  }
  if (options.development) {
    warnAtBoot(log, {}, 'development: true: TLS and a Secure cookie are not asked for, ' +
      'and loopback pages over http are let in where origins are not listed')
    return
  }
  if (!options.requireTls) {
    warnAtBoot(log, {}, 'requireTls is off: cookies and messages can be read on the way')
    return
  }
  // A serverFactory makes what it likes; initialConfig knows only of the option https.
  const isTls = fastify.server instanceof TlsServer
  if (!isTls && (trustProxy === undefined || trustProxy === false || typeof trustProxy === 'number')) {
    warnAtBoot(log, {}, 'requireTls is on, but this server has neither TLS nor a trusted proxy: every handshake will ' +
      'be refused; set trustProxy to your proxy\'s address')
  }
}

/** Says at boot where one pattern decides for routes that nobody has thought of. */
export function warnOfPolicies ({ policies }: Pick<ResolvedOptions, 'policies'>, log: BootLog): void {
  if (policies.every(({ url, public: isPublic }) => url !== '/*' || isPublic !== true)) return
  warnAtBoot(log, {}, 'policies: "/*" with public: true opens each WebSocket route that does not say who may ' +
    'connect, those to come as well; list the URLs that are meant')
}

/** Says at boot what Bun's own `ws` does not enforce. */
export function warnOfBun (log: BootLog): void {
  if (process.versions['bun'] === undefined) return
  warnAtBoot(log, { code: 'WSG_WARN_BUN' }, 'on Bun the limits of fragments and control frames, closeTimeout and the ' +
    'heartbeat are not enforced: Bun\'s own ws leaves no way')
}
