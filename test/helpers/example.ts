import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stopChild, waitForOutput } from './child.js'
import { LogCollector } from './log.js'
import { freePort } from './ports.js'
import type { Teardown } from './teardown.js'

/** An example that runs as its readers run it: in a process of its own. */
export interface Example {
  readonly port: number
  /** Its log lines. */
  readonly log: LogCollector
  /** How its process ended. */
  readonly exited: Promise<{ readonly code: number | null, readonly signal: string | null }>
  stop (): Promise<void>
}

interface Environment { readonly [name: string]: string }

/** Starts `examples/<name>/server.ts`, as compiled. Needs dist/: the example imports the package. */
export async function startExample (t: Teardown, name: string, env?: Environment): Promise<Example> {
  return await startServer(t, fileURLToPath(new URL(`../../examples/${name}/server.js`, import.meta.url)), env)
}

/** Starts a server on a free port, or that of `env`, and waits for the address it prints. */
export async function startServer (t: Teardown, file: string, env: Environment = {}, cwd?: string): Promise<Example> {
  const port = env['PORT'] === undefined ? await freePort() : Number(env['PORT'])
  const child = spawn(process.execPath, [file], { cwd, env: { ...process.env, ...env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null }))
  const stop = (): Promise<void> => stopChild(child)
  t.teardown(stop)

  const log = new LogCollector()
  let errors = ''
  let rest = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) log.write(`${line}\n`)
  })
  await waitForOutput(child.stdout, new RegExp(`:${port}\\b`), 20_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${errors}`)
  })
  return { port, log, exited, stop }
}
