import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary } from './binaries.js'
import type { Teardown } from './teardown.js'

/** A self-signed certificate: it is its own authority. */
export interface Certificate {
  /** PEM texts, for `https.createServer` and for a client's `ca`. */
  readonly key: string
  readonly cert: string
  readonly keyFile: string
  readonly certFile: string
}

/** Makes a certificate valid for two days for `names` (host names and addresses). Needs openssl; its files go with the test. */
export function makeCertificate (t: Teardown, names: readonly string[] = ['localhost', '127.0.0.1']): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'ws-guard-cert-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const keyFile = join(folder, 'key.pem')
  const certFile = join(folder, 'cert.pem')
  const alternatives = names.map(name => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',')
  execFileSync(binary('openssl'), [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${names[0] ?? 'localhost'}`, '-addext', `subjectAltName=${alternatives}`,
    '-keyout', keyFile, '-out', certFile,
  ], { stdio: 'pipe' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile }
}
