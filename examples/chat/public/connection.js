// A client of the protocol in docs/protocol.md that stays connected: envelope, calls, reconnecting with back-off.

const CALL_TIMEOUT = 10_000
const FIRST_DELAY = 500
const LONGEST_DELAY = 15_000
// docs/protocol.md section 6: codes after which a client may try again by itself. 1005 and 1006 are the browser's own.
const RETRYABLE = new Set([1000, 1001, 1005, 1006, 1011, 1012, 1013, 4408, 4429])

export class Connection {
  #url
  #events
  #socket = null
  #calls = new Map()
  #lastId = 0
  #failures = 0
  #timer = null
  #stopped = false

  /**
   * `events.message(type, data)`, `events.refused(id, error)`, `events.state('connecting' | 'open' | 'waiting' | 'closed', code)`, and
   * `events.mayRetry()`, asked before each further attempt: a page is never told why its socket was refused.
   */
  constructor (url, events) {
    this.#url = url
    this.#events = events
    this.#connect()
    addEventListener('online', this.#now)
  }

  get open () {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Sends a message; the id it returns is named in `refused` if the server refuses it. */
  send (type, data) {
    const id = ++this.#lastId
    this.#socket.send(JSON.stringify({ type, data, id }))
    return id
  }

  /** Resolves with the one reply. */
  call (type, data) {
    return new Promise((resolve, reject) => {
      const id = this.send(type, data)
      const timer = setTimeout(() => this.#settle(id, call => call.reject(new Error('timeout'))), CALL_TIMEOUT)
      this.#calls.set(id, { resolve, reject, timer })
    })
  }

  close () {
    this.#stopped = true
    removeEventListener('online', this.#now)
    clearTimeout(this.#timer)
    this.#socket?.close(1000)
  }

  #connect () {
    this.#events.state('connecting')
    const socket = new WebSocket(this.#url, 'wsg.v1')
    this.#socket = socket
    socket.addEventListener('open', () => {
      this.#failures = 0
      if (!this.#stopped) this.#events.state('open')
    })
    socket.addEventListener('message', event => this.#receive(JSON.parse(event.data)))
    socket.addEventListener('close', event => this.#closed(event.code))
  }

  #receive ({ type, id, data, error }) {
    if (this.#stopped) return
    if (this.#calls.has(id)) this.#settle(id, call => error === undefined ? call.resolve(data) : call.reject(new Error(error.code)))
    else if (error !== undefined) this.#events.refused(id, error)
    else if (type !== undefined) this.#events.message(type, data)
  }

  #settle (id, how) {
    const call = this.#calls.get(id)
    if (call === undefined) return
    this.#calls.delete(id)
    clearTimeout(call.timer)
    how(call)
  }

  async #closed (code) {
    for (const id of [...this.#calls.keys()]) this.#settle(id, call => call.reject(new Error('closed')))
    if (this.#stopped) return
    if (!RETRYABLE.has(code)) {
      this.close()
      this.#events.state('closed', code)
      return
    }
    this.#events.state('waiting')
    if (!await this.#events.mayRetry()) return this.close()
    if (this.#stopped) return
    // Full jitter: after a restart of the server its clients do not all come back in the same moment.
    const delay = Math.random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures++)
    this.#timer = setTimeout(() => this.#connect(), 100 + delay)
  }

  #now = () => {
    if (this.#socket.readyState !== WebSocket.CLOSED || this.#stopped) return
    clearTimeout(this.#timer)
    this.#connect()
  }
}
