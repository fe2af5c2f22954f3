import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { ROOT } from './sources.js'

const PAGE = '<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"><body><div id="root"></div><script type="module" src="/page.js"></script>'

/** `entry`, a path from the root, as one script for a browser; as React's developers run it, with its checks. */
export function bundled (entry: string, ...options: string[]): string {
  const esbuild = join(dirname(createRequire(join(ROOT, 'package.json')).resolve('esbuild/package.json')), 'bin/esbuild')
  const args = ['--bundle', '--format=esm', '--target=es2022', '--platform=browser', '--log-level=error', '--define:process.env.NODE_ENV="development"', ...options]
  return execFileSync(esbuild, [join(ROOT, entry), ...args], { encoding: 'utf8', maxBuffer: 1 << 26 })
}

/** Serves a page with this script. */
export function servePage (app: FastifyInstance, script: string): void {
  app.get('/', async (_request, reply) => reply.type('text/html').send(PAGE))
  app.get('/page.js', async (_request, reply) => reply.type('text/javascript').send(script))
}
