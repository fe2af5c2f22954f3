import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
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

const listening = (port: number): Promise<boolean> => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1', () => {
    socket.destroy()
    resolve(true)
  })
  socket.on('error', () => { resolve(false) })
})

t.test('the page\'s Apache block, with the real Apache', { skip: skipWithout('apache2', 'openssl') }, async t => {
  const port = await freePort()
  const origin = `https://localhost:${port}`
  const app = await startExample(t, 'behind-nginx', { PUBLIC_ORIGIN: origin })
  const certificate = makeCertificate(t)
  const folder = mkdtempSync(join(tmpdir(), 'ws-guard-apache-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  let host = block('apache')
  // The block as it stands, save ports, names and paths.
  for (const [what, by] of [
    ['*:443', `127.0.0.1:${port}`], ['app.example.com', 'localhost'], ['/etc/ssl/app.pem', certificate.certFile],
    ['/etc/ssl/app.key', certificate.keyFile], ['127.0.0.1:3000', `127.0.0.1:${app.port}`],
  ] as const) {
    t.ok(host.includes(what), what)
    host = host.replaceAll(what, by)
  }
  const modules = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'ssl', 'socache_shmcb']
  writeFileSync(join(folder, 'httpd.conf'), [
    ...modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `ServerRoot ${folder}`, `PidFile ${join(folder, 'pid')}`, `DefaultRuntimeDir ${folder}`, `ErrorLog ${join(folder, 'errors')}`,
    'ServerName localhost', `Listen 127.0.0.1:${port}`, host,
  ].join('\n'))
  const child = spawn(binary('apache2'), ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  t.teardown(() => stopChild(child))
  await until(async () => child.exitCode !== null || await listening(port))
  if (child.exitCode !== null) throw new Error(`apache2 does not listen: ${errors}`)

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
  t.equal((await upgrade(port, { ...request, host: 'evil.example' })).status, 421)
})
