import { WSG_ERR_ROUTE_POLICY } from '../errors/coded.js'

// Tested in test/plugin/policies.test.ts.

/** Throws WSG_ERR_ROUTE_POLICY for all routes that do not say who may connect, with the lines to write. */
export function refuseUndecided (urls: readonly string[]): void {
  const all = [...new Set(urls)]
  if (all.length === 0) return
  const lines = all.map(url => `    { url: '${url}', auth },`).join('\n')
  throw new WSG_ERR_ROUTE_POLICY(`route${all.length === 1 ? '' : 's'} ${all.join(', ')}: expected wsGuard.auth, a ` +
    'plugin-wide auth, or wsGuard.public: true, got none; a WebSocket route must say who may connect. Where ' +
    'the route can\'t be changed, say it in the options of the guard, with auth or public: true:\n' +
    `  policies: [\n${lines}\n  ],`)
}
