import { readFileSync } from 'node:fs'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { bareStack } from '../helpers/bare.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { upgrade } from '../helpers/handshake.js'
import type { AuthStrategy } from '../../types/gate.js'
import { until } from '../helpers/until.js'

interface Row {
  readonly id: string
  readonly list: string
  readonly origin: string | readonly string[] | null
  readonly expect: 'accept' | 'reject' | 'either'
  readonly cat: string
  readonly wire: 'header' | 'header-utf8-bytes' | 'unit-only'
}
interface Corpus { readonly allowLists: Readonly<Record<string, readonly string[]>>, readonly rows: readonly Row[] }

const corpus = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/origins.json`, 'utf8')) as Corpus
const sendable = corpus.rows.filter(row => row.wire !== 'unit-only')
const lists = Object.keys(corpus.allowLists)

/** Text as the latin1 string whose bytes are its UTF-8: the raw client sends latin1. */
const bytes = (origin: string): string => Buffer.from(origin, 'utf8').toString('latin1')
const onWire = ({ origin }: Row): string | string[] | null => typeof origin === 'string' ? bytes(origin) : origin === null ? null : origin.map(bytes)

/** White space around a value is no part of it (RFC 9110 section 5.5): Node takes it off, and the allowed origin is left. */
const isTrimmedToAllowed = ({ list, origin }: Row): boolean =>
  typeof origin === 'string' && origin !== origin.trim() && corpus.allowLists[list]!.includes(origin.trim())

const header: AuthStrategy = {
  name: 'bearer',
  needs: { credential: 'header', session: false },
  authenticate: ({ request }) => request.headers.authorization === 'Bearer good' ? { id: 'ada' } : null,
}

const routes: Readonly<Record<string, string>> = {
  A02: 'missing', A03: 'opaque', A04: 'suffix-prefix wildcard config-confusion length', A05: 'userinfo separators', A06: 'scheme', A07: 'port', A08: 'idn-unicode', A10: 'ip', A13: 'multi-value',
}
const idsOf = (list: string): string => {
  const cats = new Set(sendable.filter(row => row.list === list).map(row => row.cat))
  return Object.keys(routes).filter(id => routes[id]!.split(' ').some(cat => cats.has(cat))).join(' ')
}

for (const first of ['session', 'guard'] as const) {
  const order = `${first} first`
  for (const list of lists) {
    t.test(`A01 ${idsOf(list)} a foreign Origin with the victim's cookie (list ${list}, ${order})`, async t => {
      const { port, page, store, log, counts, healthy } = await guardedStack(t, { as: 'site', first, guard: { origins: corpus.allowLists[list]! } })
      const legitimate = corpus.allowLists[list]![0]!.replace('*.', 'a.')
      let refused = 0
      for (const row of sendable.filter(row => row.list === list)) {
        store.gets = 0
        const { status, client, body, headers, closed } = await upgrade(port, page({ origin: onWire(row) }))
        if (row.expect === 'accept' || isTrimmedToAllowed(row)) {
          t.equal(status, 101, `${row.id} ${JSON.stringify(row.origin)}`)
          client.destroy()
          continue
        }
        if (row.expect === 'either') {
          t.match(String(status), /^(101|403)$/, row.id)
          client.destroy()
          continue
        }
        refused++
        t.ok(status === 403 || (Array.isArray(row.origin) && status === 400), `${row.id} ${row.cat} ${JSON.stringify(row.origin)?.slice(0, 80)}: ${status}`)
        t.equal(store.gets, 0, `${row.id}: the session store is not asked`)
        t.equal(headers.get('connection'), 'close', row.id)
        t.notMatch(body, /goodsite|evil/, `${row.id}: the body repeats nothing`)
        await closed()
      }
      t.equal(refused, sendable.filter(row => row.list === list && row.expect === 'reject' && !isTrimmedToAllowed(row)).length)
      t.same(counts.messages, [])
      t.same(log.lines.filter(line => line.level >= 50), [], 'nothing threw')
      t.equal(log.where('event', 'ws.origin.rejected').length > 0, true)
      t.equal(await healthy({ origin: legitimate }), true)
    })
  }
}

t.test('A01 the bare stack lets every category in', async t => {
  const { port, login } = await bareStack(t)
  const cookie = await login()
  for (const cat of new Set(sendable.map(row => row.cat))) {
    const row = sendable.find(row => row.cat === cat)!
    const { status, client } = await upgrade(port, { origin: onWire(row), cookie })
    t.equal(status, 101, `${cat}: ${JSON.stringify(row.origin)?.slice(0, 60)}`)
    client.destroy()
  }
})

const tokenRoute = (app: FastifyInstance): void => {
  app.get('/token', { websocket: true, wsGuard: { auth: header } }, socket => { socket.on('message', data => { socket.send(String(data)) }) })
}

t.test('A02 Origin missing: only with the option, and only where the credential is no cookie', async t => {
  const headers = { authorization: 'Bearer good' }
  const rows: [boolean, string, number][] = [
    [false, '/ws', 403], [false, '/token', 403], [false, '/open', 403],
    [true, '/ws', 403], [true, '/token', 101], [true, '/open', 101],
  ]
  for (const [allowMissingOrigin, path, expected] of rows) {
    const { port, page, healthy, store } = await guardedStack(t, { as: 'site', guard: { allowMissingOrigin }, extend: tokenRoute })
    const { status, body, client } = await upgrade(port, page({ origin: null, path, headers }))
    t.equal(status, expected, `allowMissingOrigin ${allowMissingOrigin} ${path}`)
    if (status === 403) {
      t.match(body, /WSG_ERR_ORIGIN_MISSING/)
      // Where some route might admit it, the session plugin's own hook may have run before ours.
      if (!allowMissingOrigin) t.equal(store.gets, 0)
    }
    client.destroy()
    t.equal(await healthy(), true)
  }
})

t.test('A03 an opaque origin: only with the option of that name', async t => {
  for (const [dangerouslyAllowNullOrigin, expected] of [[false, 403], [true, 101]] as const) {
    const { port, page, app, store } = await guardedStack(t, { as: 'site', guard: { dangerouslyAllowNullOrigin, auth: header }, extend: tokenRoute })
    for (const origin of ['Null', 'NULL', 'null, null', 'file://', 'null/', 'null']) {
      const { status, client } = await upgrade(port, page({ origin, path: '/open' }))
      t.equal(status, origin === 'null' ? expected : 403, `option ${dangerouslyAllowNullOrigin}: ${origin}`)
      if (status === 403) t.equal(store.gets, 0)
      client.destroy()
    }
    const { status, client } = await upgrade(port, page({ path: '/token', headers: { authorization: 'Bearer good' } }))
    t.equal(status, 101, 'a legitimate client')
    client.destroy()
    await until(() => app.wsGuard.sockets === 0)
  }
})

t.test('A09 a trailing dot makes another origin, with and without a port', async t => {
  const { port, page, healthy, store } = await guardedStack(t, { as: 'site' })
  const bare = await bareStack(t)
  const cookie = await bare.login()
  for (const origin of ['https://goodsite.com.', 'https://goodsite.com.:443', 'https://app.goodsite.com.', 'https://goodsite.com..']) {
    const refused = await upgrade(port, page({ origin }))
    t.equal(refused.status, 403, origin)
    await refused.closed()
    const open = await upgrade(bare.port, { origin, cookie })
    t.equal(open.status, 101, `bare: ${origin}`)
    open.client.destroy()
  }
  t.equal(store.gets, 0)
  t.ok(await healthy())
})
