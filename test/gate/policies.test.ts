import t from 'tap'
import { Policies, type PolicyDefaults } from '../../lib/gate/policies.js'
import type { UpgradeLimiter } from '../../lib/gate/policy.js'
import type { AuthStrategy } from '../../types/gate.js'
import type { UpgradeRateOptions } from '../../types/connection-options.js'
import { policyDefaults } from '../helpers/policy.js'

const strategy = (credential: 'cookie' | 'header'): AuthStrategy => ({ name: credential, needs: { credential, session: false }, authenticate: () => ({ id: 1 }) })
const [byCookie, byHeader] = [strategy('cookie'), strategy('header')]
const defaults = policyDefaults(byCookie, { allowedHosts: ['goodsite.com'], development: false })
const limiter: UpgradeLimiter = { take: async () => null, punish: () => {} }
const route = { url: '/ws', hasHttpHandler: false, contract: null }
const make = (changes: Partial<PolicyDefaults> = {}) => {
  const limits: [UpgradeRateOptions, string][] = []
  return { limits, policies: new Policies({ ...defaults, ...changes }, (limit, name) => { limits.push([limit, name]); return limiter }) }
}

t.test('a route says who may connect', async t => {
  const { policies } = make()
  t.equal(policies.compile({}, route)!.auth, byCookie)
  t.equal(policies.compile({ auth: byHeader }, route)!.auth, byHeader)
  t.equal(policies.compile({ public: true }, route)!.auth, null)
  t.throws(() => policies.compile({ public: true, auth: byHeader }, route), { code: 'WSG_ERR_ROUTE_POLICY', message: /route \/ws.*got both/ })
  t.equal(make({ auth: null }).policies.compile({}, route), null)
  t.equal(make({ auth: null }).policies.compile({ public: false }, route), null)
})

t.test('origins: derived, the plugin\'s, the route\'s', async t => {
  t.equal(make().policies.compile({}, route)!.origin.allows('https://goodsite.com'), true)
  const { policies } = make({ origins: ['https://app.goodsite.com'] })
  t.equal(policies.compile({}, route)!.origin.allows('https://goodsite.com'), false)
  t.equal(policies.compile({}, route)!.origin.allows('https://app.goodsite.com'), true)
  const own = policies.compile({ origins: ['https://partner.example'] }, route)!.origin
  t.same([own.allows('https://partner.example'), own.allows('https://app.goodsite.com')], [true, false])
  t.throws(() => policies.compile({ origins: ['.com'] }, route), { code: 'WSG_ERR_ORIGIN_PATTERN', message: /^route \/ws: wsGuard\.origins\[0\]/ })
})

t.test('a missing Origin is let in only where no cookie speaks', async t => {
  const { policies } = make({ allowMissingOrigin: true })
  t.equal(policies.compile({}, route)!.origin.check(undefined)?.code, 'WSG_ERR_ORIGIN_MISSING')
  t.equal(policies.compile({ auth: byHeader }, route)!.origin.check(undefined), null)
  t.equal(policies.compile({ public: true }, route)!.origin.check(undefined), null)
  t.equal(make().policies.compile({ auth: byHeader }, route)!.origin.check(undefined)?.code, 'WSG_ERR_ORIGIN_MISSING')
})

t.test('A11 any origin beside a cookie', async t => {
  const any = { origins: ['*'] }
  t.throws(() => make(any).policies.compile({}, route), { code: 'WSG_ERR_OPTION_UNSAFE', message: /dangerouslyAllowAnyOrigin/ })
  t.throws(() => make({ dangerouslyAllowNullOrigin: true }).policies.compile({}, route), { code: 'WSG_ERR_OPTION_UNSAFE', message: /dangerouslyAllowNullOrigin/ })
  t.equal(make({ ...any, dangerouslyAllowAnyOrigin: true }).policies.compile({}, route)!.origin.any, true)
  t.equal(make(any).policies.compile({ auth: byHeader }, route)!.origin.any, true)
  t.equal(make(any).policies.compile({ public: true }, route)!.origin.any, true)
  t.equal(make({ dangerouslyAllowNullOrigin: true }).policies.compile({ auth: byHeader }, route)!.origin.check('null'), null)
})

t.test('limits stack, subprotocols replace', async t => {
  const all = { max: 60, timeWindow: 60_000 }
  const own = { max: 5, timeWindow: 1000 }
  const { policies, limits } = make({ upgradeRate: all, subprotocols: ['v1'] })
  t.equal(policies.compile({}, route)!.limiters.length, 1)
  t.equal(policies.compile({ upgradeRate: own }, route)!.limiters.length, 2)
  t.same(limits, [[all, 'all'], [{ ...own, failureCost: 1 }, '/ws']])
  const costly = make({ upgradeRate: { ...all, failureCost: 7 } })
  costly.policies.compile({ upgradeRate: own }, route)
  costly.policies.compile({ upgradeRate: { ...own, failureCost: 2 } }, route)
  t.same(costly.limits.slice(1).map(([{ failureCost }]) => failureCost), [7, 2])
  t.equal(make().policies.compile({}, route)!.limiters.length, 0)
  t.same(policies.compile({}, route)!.subprotocols, { supported: ['v1'], fingerprints: [], typeKey: 'type' })
  const contract = { subprotocol: 'chat', fingerprints: ['cf-0123456789abcdef'], typeKey: 'type', readInput: null, maxPayload: 4096 }
  t.same(policies.compile({ subprotocols: ['v2'] }, { ...route, contract })!.subprotocols, { supported: ['chat', 'v2'], fingerprints: ['cf-0123456789abcdef'], typeKey: 'type' })
})
