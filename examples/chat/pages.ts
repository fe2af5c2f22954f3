import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'

const TYPES: { readonly [extension: string]: string } = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

// The compiled file lies in build/examples/chat; the pages are not copied there.
const folder = ['./public/', '../../../examples/chat/public/']
  .map(path => new URL(path, import.meta.url))
  .find(url => existsSync(url))

/** Text of a file of public/. Throws where it is not there. */
export function readPage (name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}

/** Serves the scripts, styles and pictures of public/ to everyone. */
export function serveFiles (app: FastifyInstance): void {
  for (const name of readdirSync(folder!)) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const text = readPage(name)
    app.get(`/${name}`, async (_request, reply) => reply.type(type).send(text))
  }
}

/** Serves `fastify-ws-guard/client` as the package ships it: its modules, which a page this small needs no bundler for. */
export function serveClient (app: FastifyInstance): void {
  const home = new URL('./', import.meta.resolve('fastify-ws-guard/client'))
  for (const folder of ['', 'client/', 'protocol/']) {
    const names = folder === '' ? ['client.js'] : readdirSync(new URL(folder, home)).filter(name => name.endsWith('.js'))
    for (const name of names) {
      const text = readFileSync(new URL(folder + name, home), 'utf8')
      app.get(`/client/${folder}${name}`, async (_request, reply) => reply.type(TYPES['.js']!).send(text))
    }
  }
}
