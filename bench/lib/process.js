import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'

/** The runtimes a server script can run on. Bun is the one in bench/node_modules. */
export const RUNTIMES = {
  node: undefined,
  bun: () => {
    const require = createRequire(import.meta.url)
    return require.resolve('bun/package.json').replace(/package\.json$/, 'bin/bun.exe')
  },
}

/**
 * Starts a server script in a process of its own. The script sends `{ port }` when it listens and answers `'cpu'` with
 * `{ cpu, user }`, microseconds by the operating system's accounting: user and system time, and the former alone.
 */
export async function startServer (script, args = [], { runtime, execArgv = [] } = {}) {
  const child = runtime === undefined
    ? fork(script, args, { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    : spawn(runtime, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'json' })
  const failed = once(child, 'exit').then(([code]) => { throw new Error(`${script} ${args.join(' ')} ended with ${code} before it listened`) })
  const [{ port, ...rest }] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => {})
  const ask = async question => {
    const answer = once(child, 'message')
    child.send(question)
    return (await answer)[0]
  }
  return {
    ...rest,
    port,
    pid: child.pid,
    ask,
    cpu: async () => (await ask('cpu')).cpu,
    usage: async () => await ask('cpu'),
    async stop () {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Runs a load script to its end and returns the one object it sends. */
export async function runLoad (script, job) {
  const load = await startLoad(script, job)
  return load.result
}

/**
 * Starts a load script. `result` is the one object it ends with. Where the script connects and warms up first, `ready`
 * settles then and `go()` starts what is measured.
 */
export function startLoad (script, job) {
  const child = fork(script, [JSON.stringify(job)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let ready
  const load = { ready: new Promise(resolve => { ready = resolve }), go: () => { child.send('go') } }
  load.result = new Promise((resolve, reject) => {
    let result
    child.on('message', message => {
      if (message === 'ready') ready()
      else result = message
    })
    child.on('exit', code => {
      if (result !== undefined) resolve(result)
      else reject(new Error(`${script} ended with ${code} and no result`))
    })
  })
  return load
}

/** Called by a server script once it listens. `answers`: further questions it can be asked. */
export function announce (port, answers = {}) {
  const all = {
    cpu () {
      const { user, system } = process.cpuUsage()
      return { cpu: user + system, user }
    },
    ...answers,
  }
  process.on('message', question => { process.send(all[question]()) })
  process.on('disconnect', () => { process.exit(0) })
  process.send({ port })
}

/** Called by a load script that has warmed up: settles when the measurement is to start. */
export async function whenAsked () {
  const asked = once(process, 'message')
  process.on('disconnect', () => { process.exit(0) })
  process.send('ready')
  await asked
}

/** Called by a load script at its end. */
export function report (result) {
  process.send(result, () => { process.exit(0) })
}
