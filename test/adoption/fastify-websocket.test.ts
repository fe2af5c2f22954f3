import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectFolder, skipWithoutPackages } from '../helpers/adoption.js'
import { readText } from '../helpers/sources.js'

// @fastify/websocket's own tests, out of its package, with the guard in front. What docs/moving-from-fastify-websocket.md lists as refused
// by design is left out; all else passes.

const skip = skipWithoutPackages()
const page = readText('docs/moving-from-fastify-websocket.md')
const listed = [...(page.split("## @fastify/websocket's own tests")[1] ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(match => match[1] ?? '')

/** What its tests require as the plugin. */
const SHIM = `'use strict'
const fp = require('fastify-plugin')
const websocket = require('@fastify/websocket')
const guard = require('fastify-ws-guard')
module.exports = fp(async (fastify, options) => {
  await fastify.register(websocket, options)
  await fastify.register(guard, { development: true, allowMissingOrigin: true })
  fastify.wsPolicy({ public: true })
})
`

t.test('all pass that the page does not list, and each that it lists is there', { skip }, async t => {
  const parent = projectFolder(t)
  const folder = join(parent, 'websocket')
  mkdirSync(join(folder, 'test'), { recursive: true })
  writeFileSync(join(folder, 'index.js'), SHIM)
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }')
  const theirs = join(parent, 'node_modules', '@fastify', 'websocket', 'test')
  const missing = new Set(listed)
  let count = 0
  const files = readdirSync(theirs).filter(name => name.endsWith('.test.js'))
  for (const name of files) {
    const text = readFileSync(join(theirs, name), 'utf8').replace(/^test\('((?:[^'\\]|\\.)*)'/gm, (call, title: string) => {
      count++
      return missing.delete(title) ? `test.skip('${title}'` : call
    })
    writeFileSync(join(folder, 'test', name), text)
  }
  t.same([...missing], [], 'the page lists no other')
  t.match(page, new RegExp(`Its ${count} tests .*\\. ${count - listed.length} pass as they are\\.`))

  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', ...files.map(name => `test/${name}`)], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const [code] = await once(child, 'exit')
  t.equal(code, 0, output.split('\n').filter(line => /^ *not ok|error:/.test(line)).join('\n'))
  t.match(output, new RegExp(`^# pass ${count - listed.length}$`, 'm'))
  t.match(output, new RegExp(`^# skipped ${listed.length}$`, 'm'))
})
