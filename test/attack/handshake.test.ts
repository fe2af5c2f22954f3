import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import t from 'tap'
import { bareStack } from '../helpers/bare.js'
import { parseFrames, text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { exchange, upgrade, upgradeRequest } from '../helpers/handshake.js'
import { connect, parseResponse } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

interface Row { readonly id: string, readonly desc: string, readonly expect: string, readonly observed: string, readonly request?: string }

const { rows } = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/upgrade-requests.json`, 'utf8')) as { rows: Row[] }

/** Rows of the corpus as rows of the matrix. */
const matrix: Readonly<Record<string, RegExp>> = {
  A13: /^dup-origin$/,
  A15: /^v8|^v-/,
  A16: /fold$/,
  A17: /^hdr-(16k|3000)$/,
  A18: /^hdr-proto$/,
  A19: /^te-/,
  A20: /^(http10|post|up-|conn-)/,
  A21: /^hook-403-http$/,
  A22: /pipelined$/,
  A23: /^abs-/,
  A24: /^(dbl-slash|dot-seg|case|trail|semi|unknown-route)$/,
  A26: /^(proto|ext)-/,
  B02: /^(dup|no)-host$/,
}
const idOf = (row: Row): string => Object.keys(matrix).find(id => matrix[id]!.test(row.id)) ?? 'A20'

/** A row's request; rows too long for the corpus are built. */
function requestOf (row: Row): string {
  const plain = rows.find(({ id }) => id === 'ok')!.request!
  const add = (lines: string): string => plain.slice(0, -2) + lines + '\r\n'
  switch (row.id) {
    case 'hdr-16k': return add(`X-Long: ${'a'.repeat(16 * 1024)}\r\n`)
    case 'hdr-3000': return plain.replace('Origin: https://goodsite.com\r\n', 'a:1\r\n'.repeat(2999) + 'Origin: https://goodsite.com\r\n')
    case 'hdr-proto': return add('__proto__: x\r\nconstructor: y\r\ntoString: z\r\n')
    case 'ext-redos': return add(`Sec-WebSocket-Protocol: b${' '.repeat(8000)}x\r\n`)
  }
  return row.request!
}

/** Statuses that a row's text allows. */
const wanted = (expect: string): number[] | 'not 101' => {
  if (expect === 'either') return [101, 400]
  return expect === 'not 101' ? expect : [...expect.matchAll(/\b[1-5]\d\d\b/g)].map(match => Number(match[0]))
}

t.test('every upgrade request of the corpus', async t => {
  const { port, app, store, counts, cookie, healthy, log } = await guardedStack(t, {
    as: 'site',
    extend: app => {
      app.addHook('onRequest', async request => {
        if (request.headers['x-reject'] !== undefined) throw Object.assign(new Error('no'), { statusCode: 403 })
      })
    },
  })
  t.equal(rows.length, 31)
  for (const row of rows) {
    await t.test(`${idOf(row)} ${row.id}: ${row.desc}`, async t => {
      store.gets = 0
      const before = { opened: counts.opened, plain: counts.plain }
      const isHook = row.id.startsWith('hook-')
      const request = requestOf(row).replace('\r\n\r\n', `\r\nCookie: ${cookie}${isHook ? '\r\nX-Reject: yes' : ''}\r\n\r\n`)
      const { status, client, headers, response, body } = await exchange(port, request)
      const expected = wanted(row.expect)
      if (expected === 'not 101') t.not(status, 101)
      // An upgrade of a plain route is refused before any hook of the application sees it.
      else t.ok(expected.includes(status) || row.id === 'hook-403-http', `${status}, expected ${row.expect}`)
      if (row.expect.startsWith('426')) t.equal(headers.get('sec-websocket-version'), '13')
      if (row.id === 'head-pipelined') {
        const frame = await client.waitFor(bytes => parseFrames(bytes.subarray(response.length)).frames[0])
        t.equal(frame.payload.toString(), 'hi')
      }
      if (status === 101) {
        t.equal(counts.opened, before.opened + 1)
        client.destroy()
      } else if (row.id === 'conn-missing') {
        // No upgrade at all, but an HTTP request like any other.
        client.destroy()
      } else {
        // Node's parser and Fastify's clientError answer what is no HTTP at all.
        if (status === 404 || /WSG_ERR/.test(body)) t.equal(headers.get('connection'), status === 426 ? 'upgrade, close' : 'close')
        // RFC 9110 section 15.5.22: a 426 names the protocol; section 7.8: never without the connection option.
        t.equal(headers.get('upgrade'), status === 426 ? 'websocket' : undefined)
        await client.waitClose(1000)
        t.equal(client.received().length, response.length, 'one answer, and nothing after it')
        t.equal(counts.opened, before.opened, 'no handler ran')
        // A session plugin registered before us may load the session of a page that only took a wrong path or protocol.
        if (!isHook && status !== 404 && !body.includes('SUBPROTOCOL')) t.equal(store.gets, 0, 'the session store was not asked')
      }
      t.equal(counts.plain, before.plain)
      t.equal(app.wsGuard.sockets <= 1, true)
      t.equal(await healthy(), true)
    })
  }
  t.same(log.lines.filter(line => line.level >= 50), [], 'nothing threw')
})

t.test('A13 A14 A15 A19 A20 A21 A23 B02 the bare stack upgrades what is malformed', async t => {
  const { port } = await bareStack(t)
  // A16, A17 and A22 hold there too: Node's parser answers 400 and 431, and a refusal ends the connection.
  for (const id of ['dup-origin', 'hdr-3000', 'v8-sec-origin', 'te-chunked', 'http10', 'abs-form', 'no-host', 'dup-host']) {
    const { status, client } = await exchange(port, requestOf(rows.find(row => row.id === id)!))
    // Node 20 silently drops what exceeds its 2000 header fields; since 22 it answers itself.
    t.equal(status, id === 'hdr-3000' && Number(process.versions.node.split('.', 1)[0]) >= 22 ? 431 : 101, id)
    client.destroy()
  }
  const { status, client } = await upgrade(port, { path: '/plain' })
  t.equal(status, 101, 'a plain route')
  client.destroy()
})

t.test('A13 A15 A19 A20 A25 A26 more of what RFC 6455 section 4.2.1 forbids', async t => {
  const { port, page, healthy } = await guardedStack(t, { as: 'site', guard: { subprotocols: ['chat.v2', 'chat.v1'] } })
  const refused: [string, Parameters<typeof page>[0], number][] = [
    ['equal Origin lines', { origin: ['https://goodsite.com', 'https://goodsite.com'] }, 400],
    ['version 0xd', { version: '0xd' }, 426], ['version 13.0', { version: '13.0' }, 426], ['version 013', { version: '013' }, 426], ['version +13', { version: '+13' }, 426],
    ['no version', { version: null }, 426], ['two versions', { version: ['13', '13'] }, 400],
    ['Content-Length', { headers: { 'Content-Length': '5' }, after: 'hello' }, 400],
    ['both lengths', { headers: [['Content-Length', '4'], ['Transfer-Encoding', 'chunked']], after: '0\r\n\r\n' }, 400],
    ['PUT', { method: 'PUT' }, 405], ['DELETE', { method: 'DELETE' }, 405], ['HEAD', { method: 'HEAD' }, 405],
    // Where Node asks whether it is an upgrade, it is a plain GET.
    ['h2c', { upgrade: 'h2c' }, 'shouldUpgradeCallback' in createServer() ? 426 : 400], ['a list', { upgrade: 'websocket, h2c' }, 400], ['h2c and websocket', { upgrade: 'h2c, websocket' }, 400],
    ['no key', { key: null }, 400], ['a short key', { key: 'AAAA' }, 400], ['key with junk', { key: 'dGhlIHNhbXBsZSBub25jZQ==, x' }, 400],
    ['space before the colon', { headers: [['X ', 'y']] }, 400], ['NUL in a value', { headers: [['X', 'a\u0000b']] }, 400], ['a bare LF', { headers: [['X', 'a\nb: c']] }, 400],
    ['a doubled subprotocol', { protocol: 'chat.v1, chat.v1' }, 400], ['an empty offer', { protocol: 'chat.v1,,chat.v2' }, 400], ['17 offers', { protocol: Array.from({ length: 17 }, (_, i) => `p${i}`).join(',') }, 400],
    ['a space in an offer', { protocol: 'chat v1' }, 400], ['an offer of 4097 characters', { protocol: 'a'.repeat(4097) }, 400],
    ['other authority', { path: 'http://evil.test/ws' }, 400], ['asterisk form', { path: '*' }, 400],
  ]
  for (const [name, changes, expected] of refused) {
    const { status, client, body } = await upgrade(port, page(changes)).catch(() => ({ status: 0, client: null, body: '' }))
    if (changes?.method === 'HEAD') t.ok(status === 0 || status === 405, 'HEAD: no body follows its head')
    else t.equal(status, expected, name)
    t.notMatch(body, /evil|h2c|0xd/, `${name}: nothing is repeated`)
    client?.destroy()
  }
  const chosen: [string | string[], string | undefined][] = [
    ['chat.v1', 'chat.v1'], ['chat.v1, chat.v2', 'chat.v2'], [['bearer.SECRET', 'chat.v1'], 'chat.v1'], ['bearer.SECRET', undefined], ['CHAT.V1', undefined], ['constructor, __proto__', undefined],
  ]
  for (const [protocol, expected] of chosen) {
    const { status, client, headers } = await upgrade(port, page({ protocol }))
    t.equal(status, 101)
    t.equal(headers.get('sec-websocket-protocol'), expected, `A25 ${protocol}`)
    client.destroy()
  }
  t.equal(await healthy(), true)
})

t.test('A25 the bare stack echoes a token', async t => {
  const { port } = await bareStack(t)
  const { headers, client } = await upgrade(port, { protocol: 'bearer.SECRET, chat.v1' })
  t.equal(headers.get('sec-websocket-protocol'), 'bearer.SECRET')
  client.destroy()
})

t.test('A14 Origin after more lines than Node keeps is missing, not trusted', async t => {
  const { port, page, healthy, store } = await guardedStack(t, { as: 'site' })
  for (const count of [101, 1990, 2001, 2500]) {
    const lines = Array.from({ length: count }, (): [string, string] => ['a', '1'])
    const head = upgradeRequest({ ...page(), origin: null, headers: [...lines, ['Origin', 'https://evil.test']] })
    const { status, client } = await exchange(port, head)
    t.ok([400, 403, 431].includes(status), `${count} lines: ${status}`)
    client.destroy()
  }
  t.equal(store.gets, 0)
  t.equal(await healthy(), true)
})

t.test('A17 too long: a header of 17 KB, 2,500 headers, a URL of 20 KB', async t => {
  const { port, page, healthy } = await guardedStack(t, { as: 'site' })
  const rows: [string, Parameters<typeof page>[0], RegExp][] = [
    ['17 KB', { headers: { 'x-long': 'a'.repeat(17_000) } }, /^431$/],
    ['2,500 headers', { headers: Array.from({ length: 2500 }, (_, i): [string, string] => [`h${i}`, '1']) }, /^(431|400)$/],
    ['URL', { path: `/ws?${'a'.repeat(20_000)}` }, /^(431|414)$/],
  ]
  for (const [name, changes, expected] of rows) {
    const { status, client } = await upgrade(port, page(changes))
    t.match(String(status), expected, name)
    await client.waitClose(1000)
    t.equal(await healthy(), true, name)
  }
})

t.test('A18 a header named __proto__', async t => {
  const { port, page, healthy, counts } = await guardedStack(t, { as: 'site' })
  const { status, client } = await upgrade(port, page({ headers: [['__proto__', 'x'], ['__proto__', 'y']], after: text('still here') }))
  t.equal(status, 101)
  await until(() => counts.messages.includes('still here'))
  client.destroy()
  const bad = await upgrade(port, page({ origin: 'https://evil.test', headers: [['__proto__', 'x']] }))
  t.equal(bad.status, 403)
  bad.client.destroy()
  t.equal(Object.hasOwn(Object.prototype, 'x'), false)
  t.equal(await healthy(), true)
})

t.test('A22 after a refusal the connection carries no second request', async t => {
  const { port, page, healthy, counts } = await guardedStack(t, { as: 'site' })
  const second = 'GET /plain HTTP/1.1\r\nHost: app.goodsite.com\r\n\r\n'
  for (const changes of [{ version: '1337' }, { origin: 'https://evil.test' }, { cookie: null }, { path: '/nope' }, { host: 'evil.test' }, { path: '/plain' }]) {
    const client = await connect(port)
    client.send(upgradeRequest(page(changes)) + second)
    const response = await client.response()
    t.ok(response.status >= 400, JSON.stringify(changes))
    t.match(response.headers.get('connection'), /^(?:upgrade, )?close$/)
    client.send(second)
    await client.waitClose(1000).catch(() => {})
    t.equal(client.closed, true)
    t.equal(parseResponse(client.received().subarray(response.length), true), undefined, 'no second answer')
  }
  t.equal(counts.plain, 0)
  // Not by the keep-alive timeout, which is longer than a client waits here.
  for (let i = 0; i < 20; i++) await (await upgrade(port, page({ origin: 'https://evil.test' }))).closed()
  t.equal(await healthy(), true)
})

t.test('every 426 names WebSocket, and says so in Connection', async t => {
  const { port, page } = await guardedStack(t, { as: 'site' })
  const plain = 'GET /ws HTTP/1.1\r\nHost: app.goodsite.com\r\n'
  for (const request of [upgradeRequest(page({ version: '8' })), `${plain}\r\n`, `${plain}Upgrade: websocket\r\n\r\n`]) {
    const { status, headers, client } = await exchange(port, request)
    t.equal(status, 426)
    t.equal(headers.get('upgrade'), 'websocket')
    t.equal(headers.get('connection'), 'upgrade, close')
    client.destroy()
  }
  const { status, headers, client } = await upgrade(port, page({ cookie: null }))
  t.equal(status, 401)
  t.equal(headers.get('upgrade'), undefined)
  client.destroy()
})

t.test('A21 an upgrade of a plain HTTP route', async t => {
  const { port, page, counts, healthy } = await guardedStack(t, { as: 'site' })
  for (const path of ['/plain', '/plain?x=1', '/pl%61in']) {
    const { status, client, body } = await upgrade(port, page({ path }))
    t.equal(status, 404, path)
    t.match(body, /WSG_ERR_ROUTE_NOT_FOUND/)
    await client.waitClose(1000)
  }
  t.equal(counts.plain, 0, 'its handler did not run')
  const response = await exchange(port, 'GET /plain HTTP/1.1\r\nHost: any.example\r\n\r\n')
  t.equal(response.status, 200, 'plain HTTP is not ours')
  response.client.destroy()
  t.equal(counts.plain, 1)
  t.equal(await healthy(), true)
})
