// Does anything grow? One server under connections that come and go in all ways there are: closes, resets, logouts, sessions that run out or
// are renewed, revocations, refreshes, tokens, cancelled calls, refused handshakes. From time to time the load stops, and what the server
// still holds (objects, timers, handles, entries of all its maps) must not be one more than at first; its heap may grow by 4 MB in all.
// `npm run build`, then: node bench/soak.js [minutes]
import { once } from 'node:events'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { startServer } from './lib/process.js'
import { median, table } from './lib/stats.js'

const minutes = Number(process.argv[2] ?? 60)
const WORKERS = 32
const PHASES = 6
const MEGABYTES = 4
/**
 * Milliseconds in which whatever is forgotten is forgotten: budgets when they are full again, counts of log lines when nothing more was counted
 * for 10 s after the last of them.
 */
const FORGOTTEN = 22_000
/** Milliseconds of load in each phase, at least. */
const LOAD = 6000
/** Milliseconds until it counts as never. */
const PATIENCE = 120_000
const ORIGIN = 'https://soak.test'

const server = await startServer(fileURLToPath(new URL('soak-server.js', import.meta.url)), [], { execArgv: ['--expose-gc', '--no-warnings'] })
const done = new Map()
let users = 0

/** One request on a connection of its own. */
const post = async (path, cookie) => {
  const request = http.request({ port: server.port, path, method: 'POST', agent: false, headers: cookie === undefined ? {} : { cookie } }).end()
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`)
  return response.headers['set-cookie']?.[0].split(';')[0]
}

/** A client that can be asked what came. */
class Client {
  constructor (worker, { cookie, token, origin = ORIGIN } = {}) {
    const headers = { ...(cookie === undefined ? {} : { cookie }), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const options = { headers, localAddress: `127.0.0.${2 + worker}`, ...(cookie === undefined ? {} : { origin }) }
    this.ws = new WebSocket(`ws://127.0.0.1:${server.port}/soak`, options)
    this.waiting = []
    this.ws.on('message', data => {
      const message = JSON.parse(data)
      this.waiting = this.waiting.filter(({ fits, resolve }) => {
        if (!fits(message)) return true
        resolve(message)
        return false
      })
    })
    this.closed = new Promise(resolve => { this.ws.once('close', code => { resolve(code) }) })
    this.ws.on('error', error => { this.error = error })
  }

  async open () {
    await Promise.race([once(this.ws, 'open'), this.closed])
    if (this.ws.readyState !== WebSocket.OPEN) throw this.error ?? new Error('closed while it was opened')
    return this
  }

  send (message) { this.ws.send(JSON.stringify(message)) }

  wait (fits) {
    return Promise.race([
      new Promise(resolve => { this.waiting.push({ fits, resolve }) }),
      this.closed.then(code => { throw new Error(`closed with ${code} before what was expected had come`) }),
    ])
  }

  async call (type, n) {
    const reply = this.wait(({ id }) => id === n)
    this.send({ type, id: n, data: { n } })
    return await reply
  }

  async end (code = 1000) {
    this.ws.close(code)
    await this.closed
  }

  async endsWith (expected) {
    const code = await this.closed
    if (code !== expected) throw new Error(`closed with ${code}, not ${expected}`)
  }
}

/** Logs in, opens, and logs out when `visit` is over. */
const during = async (worker, user, visit) => {
  const cookie = await post(`/login/${user}`)
  await visit(await new Client(worker, { cookie }).open(), cookie)
  await post('/logout', cookie)
}

const WAYS = {
  close: (worker, user) => during(worker, user, async client => {
    for (let n = 0; n < 3; n++) await client.call('echo', n)
    client.send({ type: 'say', data: { n: 1 } })
    await client.end()
  }),
  reset: (worker, user) => during(worker, user, async client => {
    client.send({ type: 'hang', id: 1, data: { n: 1 } })
    await client.call('echo', 2)
    client.ws._socket.resetAndDestroy()
    await client.closed
  }),
  logout: (worker, user) => during(worker, user, async (client, cookie) => {
    await client.call('echo', 1)
    await Promise.all([post('/logout', cookie), client.endsWith(4401)])
  }),
  'new session': (worker, user) => during(worker, user, async (client, cookie) => {
    const [next] = await Promise.all([post(`/again/${user}`, cookie), client.endsWith(4401)])
    await post('/logout', next)
  }),
  async expiry (worker, user) {
    const client = new Client(worker, { cookie: await post(`/short/${user}`) })
    // On a slow machine it may run out before.
    if (await client.open().then(() => true, () => false)) await client.endsWith(4401)
  },
  revoke: (worker, user) => during(worker, user, async client => {
    await Promise.all([post(`/revoke/${user}`), client.endsWith(4401)])
  }),
  refresh: (worker, user) => during(worker, user, async client => {
    await post(`/refresh/${user}`)
    await client.call('echo', 1)
    await client.end()
  }),
  async token (worker, user) {
    const client = await new Client(worker, { token: user }).open()
    const renewed = client.wait(({ type }) => type === '$auth')
    client.send({ type: '$auth', data: { token: user } })
    await renewed
    await client.call('echo', 1)
    await client.end()
  },
  async 'first message' (worker, user) {
    const client = new Client(worker)
    const asked = client.wait(({ type }) => type === '$auth')
    await client.open()
    await asked
    const accepted = client.wait(({ type }) => type === '$auth')
    client.send({ type: '$auth', data: { token: user } })
    await accepted
    await client.call('echo', 1)
    await client.end()
  },
  async 'no message' (worker) {
    const client = await new Client(worker).open()
    client.ws.terminate()
    await client.closed
  },
  cancel: (worker, user) => during(worker, user, async client => {
    const cancelled = client.wait(({ id }) => id === 1)
    client.send({ type: 'hang', id: 1, data: { n: 1 } })
    client.send({ type: '$cancel', id: 1 })
    await cancelled
    await client.end()
  }),
  refused: (worker, user) => during(worker, user, async (own, cookie) => {
    const client = new Client(worker, { cookie, origin: 'https://evil.test' })
    if (await client.open().then(() => true, () => false)) throw new Error('a foreign page was let in')
    await own.end()
  }),
}
const names = Object.keys(WAYS)

/** Works until `end`, and leaves nothing behind. */
async function work (worker, end) {
  for (let turn = worker; Date.now() < end; turn++) {
    const name = names[turn % names.length]
    await WAYS[name](worker, `user-${users++}`).catch(error => { throw new Error(`${name}: ${error.message}`, { cause: error }) })
    done.set(name, (done.get(name) ?? 0) + 1)
  }
}

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

/** What the server holds once that is no more than at `first`, or will not be. */
async function settled (first) {
  const end = Date.now() + PATIENCE
  for (;;) {
    const found = await server.ask('held')
    if (grown(found, first).length === 0 || Date.now() > end) return found
    await pause(500)
  }
}

const grown = ({ held }, first) => Object.keys(held).filter(name => held[name] > first.held[name])

async function run (length) {
  const end = Date.now() + length
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker, end)))
}

let failed = false
try {
  // Warms up: code is compiled, and whatever is made once is made.
  await run(10_000)
  await pause(FORGOTTEN)
  const first = await server.ask('held')
  if (first.held.sockets + first.held.pending > 0) throw new Error(`still open: ${JSON.stringify(first.held)}`)
  const memory = []
  console.log(`node ${process.version}, ${minutes} minutes; held at rest:`, JSON.stringify(first.held))
  for (let phase = 1; phase <= PHASES; phase++) {
    await run(Math.max(LOAD, minutes * 60_000 / PHASES - FORGOTTEN))
    const found = await settled(first)
    memory.push(found.memory / 2 ** 20)
    console.log(`${phase}/${PHASES}: ${[...done.values()].reduce((a, b) => a + b, 0)} visits, heap ${memory.at(-1).toFixed(2)} MB`)
    for (const name of grown(found, first)) {
      failed = true
      console.error(`${name}: ${found.held[name]}, and was ${first.held[name]}`)
    }
    if (failed) break
  }
  table(['way', 'times'], [...done])
  const growth = median(memory.slice(-3)) - median(memory.slice(0, 3))
  console.log(`heap: ${growth.toFixed(2)} MB more at the end than at the beginning, ${MEGABYTES} allowed`)
  if (growth > MEGABYTES) failed = true
} catch (error) {
  failed = true
  console.error(error)
}
await server.stop()
console.log(failed ? 'something grows, or something failed' : 'nothing grows')
process.exit(failed ? 1 : 0)
