import { WSG_ERR_ROUTE_POLICY } from '../errors/coded.js'

// Tested in test/plugin/policies.test.ts.

interface Undecided {
  readonly url: string
  /** Declared by `wsRoute`, whose second argument has the guard's options itself. */
  readonly hasContract: boolean
}

/** Throws WSG_ERR_ROUTE_POLICY for all routes that do not say who may connect, with the lines to write. */
export function refuseUndecided (routes: readonly Undecided[]): void {
  const all = [...new Set(routes.map(({ url }) => url))]
  if (all.length === 0) return
  const lines = all.map(url => `    { url: '${url}', auth },`).join('\n')
  const contracted = routes.filter(({ hasContract }) => hasContract)
  const options = contracted.length === routes.length ? '' : 'wsGuard.'
  const note = options === '' || contracted.length === 0 ? '' : ' (of wsRoute: auth, public)'
  throw new WSG_ERR_ROUTE_POLICY(`route${all.length === 1 ? '' : 's'} ${all.join(', ')}: expected ${options}auth, a ` +
    `plugin-wide auth, or ${options}public: true${note}, got none; a WebSocket route must say who may connect. Where ` +
    'the route can\'t be changed, say it in the options of the guard, with auth or public: true:\n' +
    `  policies: [\n${lines}\n  ],`)
}
