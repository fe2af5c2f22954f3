import Fastify from 'fastify'
import t from 'tap'
import { routerOptions, UrlPatterns } from '../../lib/plugin/url-patterns.js'

t.test('exact, or everything under it; the first that fits counts', async t => {
  const patterns = new UrlPatterns(['/yjs/*', '/ws', '/w*', '/never'])
  const rows: [path: string, pattern: string | null][] = [
    ['/yjs/room', '/yjs/*'], ['/yjs/', '/yjs/*'], ['/yjs', null], ['/ws', '/ws'], ['/ws?token=/yjs/', '/ws'], ['/wsx', '/w*'], ['/WS', null], ['', null],
  ]
  for (const [path, pattern] of rows) t.equal(patterns.find(path), pattern, path)
  t.same(patterns.unused(), ['/never'])
})

t.test('two paths that the router takes for one are one here', async t => {
  const loose = new UrlPatterns(['/admin/*', '/socket.io/'], { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true })
  for (const path of ['/ADMIN/y', '/Admin//y', '//admin/y']) t.equal(loose.find(path), '/admin/*', path)
  t.equal(loose.find('/socket.io'), '/socket.io/')
  for (const path of ['/admin/', '/admin']) t.equal(loose.find(path), '/admin/*', path)
  for (const path of ['/administrators', '/admin-tools/y']) t.equal(loose.find(path), null, `${path} is not under /admin/`)
  const strict = new UrlPatterns(['/admin/*', '/socket.io/'])
  for (const path of ['/ADMIN/y', '//admin/y', '/socket.io']) t.equal(strict.find(path), null, path)
})

t.test('a route with parameters or a wildcard serves the paths of a pattern', async t => {
  const patterns = new UrlPatterns(['/socket.io/', '/proxy/*'])
  for (const [route, pattern] of [
    ['/:x/', '/socket.io/'], ['/*', '/socket.io/'], ['/proxy/:id', '/proxy/*'], ['/prox*', '/proxy/*'],
    ['/rooms/:room', null], ['/socketxio/:id', null], ['/proxy/x', null],
  ] as const) t.equal(patterns.findServed(route), pattern, route)
})

t.test('router options are read from both places where Fastify keeps them', async t => {
  t.equal(routerOptions(Fastify({ caseSensitive: false })).caseSensitive, false)
  t.equal(routerOptions(Fastify({ routerOptions: { ignoreTrailingSlash: true } })).ignoreTrailingSlash, true)
})
