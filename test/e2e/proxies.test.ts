import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import guard from '../../lib/index.js'
import { binary, skipWithout } from '../helpers/binaries.js'
import { makeCertificate } from '../helpers/certs.js'
import { stopChild } from '../helpers/child.js'
import { startExample } from '../helpers/example.js'
import { upgrade } from '../helpers/handshake.js'
import { freePort } from '../helpers/ports.js'
import { readText, ROOT } from '../helpers/sources.js'
import { until } from '../helpers/until.js'

const page = readText('docs/proxy-tls.md')

/** The page's block in this language. */
function block (language: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? ''
}

t.test('the page has the example\'s nginx.conf to the letter', async t => {
  t.equal(block('nginx'), readFileSync(join(ROOT, 'examples/behind-nginx/nginx.conf'), 'utf8'))
})

t.test('the page\'s allowedHosts admit the page that each block serves', async t => {
  const allowedHosts = JSON.parse(/allowedHosts: (\[.*?\])/.exec(page)![1]!.replaceAll("'", '"')) as string[]
  const app = Fastify({ trustProxy: ['127.0.0.1'] })
  t.teardown(() => app.close())
  await app.register(guard, { allowedHosts })
  app.get('/', { websocket: true, wsGuard: { public: true } }, () => {})
  for (const language of ['nginx', 'apache', 'caddy', 'haproxy', 'yaml']) {
    const text = language === 'yaml' ? page.slice(page.indexOf('```yaml')) : block(language)
    // Caddy's default is 443; HAProxy's block is for any name.
    const port = /(?:listen |VirtualHost \*:|bind :|address: ":)(\d+)/.exec(text)?.[1] ?? '443'
    const name = /(?:server_name |ServerName |Host\(`|^)([a-z.]+\.com)/m.exec(text)?.[1] ?? 'app.example.com'
    const origin = new URL(`https://${name}:${port}`).origin
    const socket = await app.injectWS('/', { headers: { host: origin.slice('https://'.length), origin, 'x-forwarded-proto': 'https' } })
    socket.terminate()
    t.pass(`${language}: ${origin}`)
  }
})

const listening = (port: number): Promise<boolean> => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1', () => {
    socket.destroy()
    resolve(true)
  })
  socket.on('error', () => { resolve(false) })
})

/** A proxy that ends TLS, as its block on the page configures it. */
interface Proxy {
  readonly name: string
  readonly binary: string
  /** Language of the block. */
  readonly language: string
  /** What of the block is ours alone, and what stands in its place here. */
  readonly replace: (here: Here) => readonly (readonly [string, string])[]
  /** The whole configuration around the block. */
  readonly around: (block: string, here: Here) => string
  readonly args: (file: string, here: Here) => readonly string[]
  /** Status for a Host that is not ours: 421 is the guard's; Caddy answers by itself where it has no block. */
  readonly otherHost: number
}

interface Here {
  readonly port: number
  readonly upstream: number
  readonly folder: string
  readonly certFile: string
  readonly keyFile: string
  /** Certificate and key in one file. */
  readonly bothFile: string
}

const APACHE_MODULES = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'ssl', 'socache_shmcb']

const PROXIES: readonly Proxy[] = [
  {
    name: 'Apache',
    binary: 'apache2',
    language: 'apache',
    replace: here => [
      ['*:443', `127.0.0.1:${here.port}`], ['app.example.com', 'localhost'], ['/etc/ssl/app.pem', here.certFile],
      ['/etc/ssl/app.key', here.keyFile], ['127.0.0.1:3000', `127.0.0.1:${here.upstream}`],
    ],
    around: (block, here) => [
      ...APACHE_MODULES.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      `ServerRoot ${here.folder}`, `PidFile ${join(here.folder, 'pid')}`, `DefaultRuntimeDir ${here.folder}`, `ErrorLog ${join(here.folder, 'errors')}`,
      'ServerName localhost', `Listen 127.0.0.1:${here.port}`, block,
    ].join('\n'),
    args: file => ['-f', file, '-DFOREGROUND'],
    otherHost: 421,
  },
  {
    name: 'Caddy',
    binary: 'caddy',
    language: 'caddy',
    replace: here => [
      ['app.example.com {', `https://localhost:${here.port} {\n  bind 127.0.0.1\n  tls ${here.certFile} ${here.keyFile}`],
      ['127.0.0.1:3000', `127.0.0.1:${here.upstream}`],
    ],
    around: block => `{\n  admin off\n  auto_https disable_redirects\n}\n${block}`,
    args: file => ['run', '--adapter', 'caddyfile', '--config', file],
    otherHost: 200,
  },
  {
    name: 'HAProxy',
    binary: 'haproxy',
    language: 'haproxy',
    replace: here => [
      ['bind :443', `bind 127.0.0.1:${here.port}`], ['/etc/ssl/app.pem', here.bothFile], ['127.0.0.1:3000', `127.0.0.1:${here.upstream}`],
    ],
    around: block => block,
    args: file => ['-db', '-f', file],
    otherHost: 421,
  },
]

for (const proxy of PROXIES) {
  t.test(`the page's ${proxy.name} block, with the real ${proxy.name}`, { skip: skipWithout(proxy.binary, 'openssl') }, async t => {
    const port = await freePort()
    const origin = `https://localhost:${port}`
    const app = await startExample(t, 'behind-nginx', { PUBLIC_ORIGIN: origin })
    const certificate = makeCertificate(t)
    const folder = mkdtempSync(join(tmpdir(), 'ws-guard-proxy-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const bothFile = join(folder, 'both.pem')
    writeFileSync(bothFile, readFileSync(certificate.certFile, 'utf8') + readFileSync(certificate.keyFile, 'utf8'))
    const here: Here = { port, upstream: app.port, folder, bothFile, certFile: certificate.certFile, keyFile: certificate.keyFile }
    // The block as it stands, save ports, names and paths.
    let text = block(proxy.language)
    for (const [what, by] of proxy.replace(here)) {
      t.ok(text.includes(what), what)
      text = text.replaceAll(what, by)
    }
    const file = join(folder, 'configuration')
    writeFileSync(file, `${proxy.around(text, here)}\n`)
    const child = spawn(binary(proxy.binary), proxy.args(file, here), {
      stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
    t.teardown(() => stopChild(child))
    await until(async () => child.exitCode !== null || await listening(port))
    if (child.exitCode !== null) throw new Error(`${proxy.binary} does not listen: ${errors}`)

    const tls = { ca: certificate.cert, servername: 'localhost' }
    const forged = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' }
    const request = { path: '/clock', host: `localhost:${port}`, origin, headers: forged, tcp: { tls, localAddress: '127.0.0.3' } }
    const { status, client, rest } = await upgrade(port, { ...request, protocol: 'wsg.v1' })
    t.equal(status, 101)
    await client.waitFor(() => rest().includes('tick') ? true : undefined)
    client.destroy()
    const evil = await upgrade(port, { ...request, origin: 'https://evil.example' })
    t.equal(evil.status, 403)
    const line = await app.log.waitFor(line => line['code'] === 'WSG_ERR_ORIGIN_NOT_ALLOWED')
    t.same([line['ip'], line['value']], ['127.0.0.3', 'https://evil.example'])
    t.equal((await upgrade(port, { ...request, host: 'evil.example' })).status, proxy.otherHost)
  })
}
