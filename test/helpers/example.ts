import { spawn } from 'node:child_process'
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
  stop (): Promise<void>
}

/** Starts `examples/<name>/server.ts`, as compiled, on a free port and waits for the address it prints. Needs dist/: the example imports the package. */
export async function startExample (t: Teardown, name: string, env: { readonly [name: string]: string } = {}): Promise<Example> {
  const port = env['PORT'] === undefined ? await freePort() : Number(env['PORT'])
  const file = fileURLToPath(new URL(`../../examples/${name}/server.js`, import.meta.url))
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'] })
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
  return { port, log, stop }
}
