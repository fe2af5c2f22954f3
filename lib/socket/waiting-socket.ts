// Tested in test/attack/first-message.test.ts.
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import type { CloseName } from '../protocol/codes.js'
import { readToken } from './auth-message.js'
import type { Admission, SocketHome } from './home.js'
import { OpenSocket } from './open-socket.js'
import type { ProtocolText } from './protocol-text.js'

/** Tokens that may be refused before the socket is closed. */
const ATTEMPTS = 3

/** What comes of a token: `again`, it is not valid; a close, it may not be here; null, it is admitted. */
export type TokenVerdict = CloseName | 'again' | null

export interface WaitingParts {
  readonly text: ProtocolText
  readonly envelope: EnvelopeKeys
  /** Milliseconds until a token has to be accepted. */
  readonly deadline: number
  /** Never rejects. */
  readonly admit: (token: string, signal: AbortSignal) => Promise<TokenVerdict>
  /** It was too late, or something else came than a token: `why` is for the log. */
  readonly onRefused: (close: 'timeout' | 'unauthenticated', why: string) => void
  /** The ws is somebody else's from here on. */
  readonly onAdmitted: () => void
}

const WAITING = Symbol('fastify-ws-guard.waiting')

type Held = WebSocket & { [WAITING]?: WaitingSocket }

function onMessage (this: Held, data: unknown, isBinary: boolean): void {
  this[WAITING]?.receive(data as Buffer, isBinary)
}

/**
 * A socket whose client has not said who it is (docs/protocol.md section 10). It takes messages with a token, one at a
 * time, and nothing else; the application does not see it, and nothing is delivered to it. Once a token was accepted
 * the ws is handed on.
 */
export class WaitingSocket extends OpenSocket {
  private readonly parts: WaitingParts
  private readonly abort = new AbortController()
  private readonly timer: NodeJS.Timeout
  private readonly closesAt: number
  private refused = 0
  private isBusy = false

  constructor (
    ws: WebSocket, stream: Duplex, parts: WaitingParts, admission: Admission, home: SocketHome<OpenSocket>
  ) {
    super(ws, stream, admission, home)
    this.parts = parts
    const held: Held = ws
    held[WAITING] = this
    ws.on('message', onMessage)
    this.closesAt = home.now() + parts.deadline
    this.timer = setTimeout(() => { this.refuse('timeout', 'no token in time') }, parts.deadline)
    this.timer.unref()
  }

  /** Counts among the open sockets, for heartbeat and drain; for the application it is none yet. */
  override enter (): void {
    this.home.add(this)
    if (this.open) this.ask()
  }

  /** Nobody was told of it yet: it will open as who it is by then. */
  protected override refreshed (): void {}

  override ended (): void {
    this.stop()
    this.abort.abort()
  }

  receive (data: Buffer, isBinary: boolean): void {
    if (!this.open) return
    const token = this.isBusy || isBinary ? null : readToken(data.toString(), this.parts.envelope)
    if (token === null) {
      this.refuse('unauthenticated', 'a message before a token was accepted')
      return
    }
    this.isBusy = true
    void this.parts.admit(token, this.abort.signal).then(verdict => { this.judged(verdict) })
  }

  private judged (verdict: TokenVerdict): void {
    if (!this.open) return
    this.isBusy = false
    if (verdict === null) {
      this.stop()
      this.ws.off('message', onMessage)
      this.parts.onAdmitted()
    } else if (verdict !== 'again') this.closeAs(verdict, 'policy')
    else if (++this.refused === ATTEMPTS) this.closeAs('unauthenticated', 'policy')
    else this.ask({ refused: true })
  }

  private ask (about: { readonly refused?: true } = {}): void {
    const deadline = Math.max(0, Math.ceil(this.closesAt - this.home.now()))
    this.ws.send(this.parts.text.auth({ deadline, ...about }))
  }

  private refuse (close: 'timeout' | 'unauthenticated', why: string): void {
    this.abort.abort()
    if (!this.open) return
    this.parts.onRefused(close, why)
    this.closeAs(close, 'policy')
  }

  private stop (): void {
    clearTimeout(this.timer)
    this.home.delete(this)
  }
}
