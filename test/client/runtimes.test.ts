import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findBinary } from '../helpers/binaries.js'
import { stopChild } from '../helpers/child.js'
import { chatServer } from '../helpers/client-server.js'

// The client with the WebSocket that a runtime brings, in a process of its own (runtime-program.ts).

interface Runtime {
  readonly command: string | null
  readonly args?: readonly string[]
  readonly missing: string
}

const RUNTIMES: { readonly [name: string]: Runtime } = {
  'Node.js': { command: 'WebSocket' in globalThis ? process.execPath : null, missing: 'needs Node.js 22 or later: earlier ones have no WebSocket' },
  Deno: { command: findBinary('deno'), args: ['run', '--no-config', '--allow-net'], missing: 'needs deno: npm install --global deno' },
  Bun: { command: findBinary('bun'), missing: 'needs bun: npm install --global bun' },
}
const PROGRAM = fileURLToPath(new URL('runtime-program.js', import.meta.url))

for (const [name, { command, args = [], missing }] of Object.entries(RUNTIMES)) {
  t.test(`the client in ${name}, with its own WebSocket`, { skip: command === null && missing }, async t => {
    const { app, port, route } = await chatServer()
    t.teardown(() => app.close())
    const child = spawn(command!, [...args, PROGRAM, `http://localhost:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => stopChild(child))
    const lines: unknown[] = []
    createInterface(child.stdout).on('line', line => {
      lines.push(JSON.parse(line))
      if (line === '"end it"') route.group('lobby').close(1011, 'internal')
    })
    const [code] = await once(child, 'close')
    t.equal(code, 0)
    t.same(lines, [
      { state: 'connecting' },
      { state: 'open' },
      { from: 'somebody', text: 'grüß 😀' },
      [{ from: 'somebody', text: 'grüß 😀' }],
      { code: 'too_far', data: { oldest: 7 } },
      'end it',
      { state: 'waiting', code: 1011 },
      { state: 'connecting' },
      { state: 'open' },
      2,
      { state: 'closed', code: 1000 },
    ])
  })
}
