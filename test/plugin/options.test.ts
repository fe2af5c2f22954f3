import t from 'tap'
import ts from 'typescript'
import { resolveOptions, resolveRouteOptions } from '../../lib/plugin/options.js'
import { optionsSchema } from '../../lib/plugin/schema.js'
import { optionDefaults } from '../helpers/option-schema.js'
import { readText } from '../helpers/sources.js'

const at = (value: unknown, path: string): unknown => path.split('.').reduce((inner, key) => (inner as { [key: string]: unknown })[key], value)

t.test('the defaults in use are those of the schema, and nothing else has one', async t => {
  const used = resolveOptions({ development: true })
  const defaults = optionDefaults(optionsSchema)
  t.ok(defaults.size > 20)
  for (const [name, value] of defaults) if (name !== 'development') t.equal(String(at(used, name)), value, name)
  // The others are derived, or stand for "none".
  const others = Object.entries(used).filter(([name, value]) => !defaults.has(name) && !(typeof value === 'object' && value !== null && !Array.isArray(value)))
  t.same(Object.fromEntries(others), {
    allowedHosts: [], origins: null, requireTls: false, auth: null, subprotocols: [], policies: [], otherUpgrades: null, htmlAdapter: null, registerWebSocket: true,
  })
  t.equal(resolveOptions({ allowedHosts: ['x.com'] }).requireTls, true)
})

/** "Default N" in the comments of the types of options, by the interface's name and the member's. */
function documentedDefaults (): Map<string, string> {
  const found = new Map<string, string>()
  const files = ['types/options.ts', 'types/connection-options.ts', 'types/message-options.ts']
  const file = ts.createSourceFile('options.ts', files.map(readText).join('\n'), ts.ScriptTarget.ES2023, true)
  for (const statement of file.statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue
    for (const member of statement.members) {
      const comment = ts.getJSDocCommentsAndTags(member).map(one => one.getText()).join('\n')
      const value = /Default(?::)? ([\w.]+)(?:\.|$)/.exec(comment.replaceAll(/\s*\*\s*/g, ' '))?.[1]
      if (value !== undefined && member.name !== undefined) found.set(`${statement.name.text}.${member.name.getText()}`, value)
    }
  }
  return found
}

t.test('what the types\' comments call a default is the schema\'s', async t => {
  const prefixes: { readonly [name: string]: string } = {
    GuardOptions: '', ConnectionOptions: 'connections.', MessageOptions: 'messages.', HeartbeatOptions: 'heartbeat.', SessionOptions: 'sessions.', WebSocketOptions: 'websocket.', PluginUpgradeRateOptions: 'upgradeRate.',
  }
  const told = new Map([...documentedDefaults()].map(([name, value]) => {
    const [owner = '', member = ''] = name.split('.')
    return [`${prefixes[owner] ?? `${owner}.`}${member}`, value]
  }))
  told.delete('requireTls')
  t.same(Object.fromEntries([...told].sort()), Object.fromEntries([...optionDefaults(optionsSchema)].sort()))
})

t.test('options are copied and frozen, at every depth', async t => {
  const given = { development: true, origins: ['http://localhost'], messages: { burst: 7 }, policies: [{ url: '/x', public: true, origins: ['http://a.localhost'] }] }
  const used = resolveOptions(given)
  given.origins.push('http://evil.example')
  given.policies[0]!.origins.push('http://evil.example')
  t.same([used.origins, used.policies[0]!.origins], [['http://localhost'], ['http://a.localhost']])
  t.equal(used.messages.burst, 7)
  t.ok([used, used.origins, used.messages, used.policies, used.policies[0], used.policies[0]!.origins].every(part => Object.isFrozen(part)))
  t.ok(Object.isFrozen(resolveRouteOptions({ public: true }, 'x')))
})

t.test('what is no object of options at all', async t => {
  for (const [given, message] of [[null, /^options: expected object, got null/], [[], /^options: expected object, got an array of 0/], ['x', /^options: expected object, got "x"/]] as const) {
    t.throws(() => resolveOptions(given), { code: 'WSG_ERR_OPTION', message })
  }
})

t.test('a route that says nothing has no limits of its own', async t => {
  const own = resolveRouteOptions({ public: true }, 'route /ws: wsGuard')
  t.equal(own.upgradeRate, undefined)
  t.equal(own.connections, undefined)
  t.same(resolveRouteOptions({ upgradeRate: { max: 1, timeWindow: 1000 } }, 'route /ws: wsGuard').upgradeRate, { max: 1, timeWindow: 1000 })
})
