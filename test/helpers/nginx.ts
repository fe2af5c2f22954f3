import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary } from './binaries.js'
import { makeCertificate } from './certs.js'
import type { Certificate } from './certs.js'
import { stopChild } from './child.js'
import { freePort } from './ports.js'
import type { Teardown } from './teardown.js'
import { until } from './until.js'

export interface NginxOptions {
  /** Port of the application on 127.0.0.1. */
  readonly upstream: number
  /** Lines inside `location /` in place of the usual four proxy_set_header lines. */
  readonly location?: string
  /** Lines inside `server`. */
  readonly server?: string
  /** Lines inside `http`. */
  readonly http?: string
}

/** A real nginx in front of the application. */
export interface Nginx {
  readonly httpPort: number
  readonly httpsPort: number
  readonly certificate: Certificate
  stop (): Promise<void>
}

/** What nginx's own documentation says for WebSockets, and the forwarded headers that `trustProxy` reads. */
export const PROXY_HEADERS = `
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;`

/** Starts nginx over HTTP and TLS on free ports and ends it with the test. Guard the test with `skipWithout('nginx', 'openssl')`. */
export async function startNginx (t: Teardown, options: NginxOptions): Promise<Nginx> {
  const certificate = makeCertificate(t)
  const folder = mkdtempSync(join(tmpdir(), 'ws-guard-nginx-'))
  mkdirSync(join(folder, 'logs'))
  const httpPort = await freePort()
  const httpsPort = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), configuration(options, certificate, httpPort, httpsPort))
  const child = spawn(binary('nginx'), ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const stop = (): Promise<void> => stopChild(child)
  t.teardown(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await until(async () => child.exitCode !== null || await listening(httpsPort))
  if (child.exitCode !== null) throw new Error(`nginx does not listen: ${errors}`)
  return { httpPort, httpsPort, certificate, stop }
}

function configuration (options: NginxOptions, certificate: Certificate, httpPort: number, httpsPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `  ${name}_temp_path ${name};`).join('\n')
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  return `${user}daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
${temporary}
  access_log off;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  ${options.http ?? ''}
  server {
    listen 127.0.0.1:${httpPort};
    listen 127.0.0.1:${httpsPort} ssl;
    server_name localhost;
    ssl_certificate ${certificate.certFile};
    ssl_certificate_key ${certificate.keyFile};
    ${options.server ?? ''}
    location / {
      proxy_pass http://127.0.0.1:${options.upstream};
      ${options.location ?? PROXY_HEADERS}
    }
  }
}
`
}

function listening (port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}
