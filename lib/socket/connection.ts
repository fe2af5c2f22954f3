// Tested in test/socket/close.test.ts and test/socket/calls.test.ts.
import type { Duplex } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Identity } from '../../types/gate.js'
import type { BudgetUsage } from '../../types/socket.js'
import { refuseAnswer } from '../callbacks/refuse-answer.js'
import { isThenable } from '../callbacks/thenable.js'
import { ContractSocket } from './contract-socket.js'
import type { Admission, SocketHome } from './home.js'
import { Inbox } from './inbox.js'
import type { OpenSocket } from './open-socket.js'
import type { RouteParts } from './parts.js'

/** Where a ws finds its connection: a listener that all sockets share weighs nothing per socket. */
const CONNECTION = Symbol('fastify-ws-guard.connection')

type Held = WebSocket & { [CONNECTION]?: Connection }

function onMessage (this: Held, data: unknown, isBinary: boolean): void {
  this[CONNECTION]?.inbox.receive(data as Buffer, isBinary)
}

/** An admitted connection of a contract's route from its 101 to its end. */
export class Connection extends ContractSocket {
  // Made with the first frame, or when a hook needs it: most sockets are idle most of the time.
  private inboxMade: Inbox | null = null
  private openTimer: NodeJS.Timeout | null = null
  private isStillborn = false

  constructor (ws: WebSocket, stream: Duplex, parts: RouteParts, admission: Admission, home: SocketHome<OpenSocket>) {
    super(ws, stream, parts, admission, home)
    const held: Held = ws
    held[CONNECTION] = this
    ws.on('message', onMessage)
  }

  get inbox (): Inbox {
    this.inboxMade ??= new Inbox(this, this.parts, this.home, () => { this.onSlot() })
    return this.inboxMade
  }

  /** Takes its place, makes its state and runs `onOpen`; messages wait until that settles. */
  begin (request: FastifyRequest): void {
    this.enter()
    if (!this.makeState()) return
    const { onOpen, limits } = this.parts
    if (onOpen === null || !this.receiving) return
    try {
      const result = onOpen(this.face, request)
      if (!isThenable(result)) return
      this.inbox.hold()
      this.openTimer = setTimeout(() => { this.closeAs('timeout', 'policy') }, limits.handlerTimeout)
      this.openTimer.unref()
      void this.settleOpen(result)
    } catch (error) {
      this.openFailed('onOpen', error)
    }
  }

  /** False: there is none, and no handler may see this socket. */
  private makeState (): boolean {
    const { state } = this.parts
    if (state === null) return true
    try {
      this.state = state()
      if (isThenable(this.state)) refuseAnswer(this.state, 'state: expected a value at once; await in onOpen')
      return true
    } catch (error) {
      this.isStillborn = true
      this.openFailed('state', error)
      return false
    }
  }

  // Awaited, so that a thenable which settles twice counts once.
  private async settleOpen (result: PromiseLike<unknown>): Promise<void> {
    try {
      await result
    } catch (error) {
      this.openFailed('onOpen', error)
      return
    }
    this.clearOpenTimer()
    this.inbox.release()
  }

  private openFailed (hook: string, error: unknown): void {
    this.clearOpenTimer()
    this.handlerFailed(hook, error)
    this.closeAs('internal', 'policy')
  }

  /** While `authorize` is asked again, what comes waits for its answer. */
  override assume (identity: Identity): Promise<void> | null {
    const answer = super.assume(identity)
    if (answer === null || !this.open) return answer
    const { inbox } = this
    inbox.hold()
    return answer.then(() => { inbox.release() })
  }

  protected override identityChanged (): void {
    super.identityChanged()
    if (this.open) this.inboxMade?.identityChanged()
  }

  usage (): BudgetUsage[] {
    // One that is made later would never be ended.
    return this.open ? this.inbox.usage() : []
  }

  override get running (): number {
    return this.inboxMade === null ? 0 : this.inboxMade.operations.running
  }

  override drain (): void {
    this.draining = true
    // Drops what waits, and reads on: a cancel or a close may come.
    this.inboxMade?.pump()
    if (this.running === 0) super.drain()
  }

  private onSlot (): void {
    if (!this.draining) this.inboxMade?.pump()
    else if (this.running === 0) super.drain()
  }

  override ended (code: number, reason: string): void {
    super.ended(code, reason)
    this.clearOpenTimer()
    this.parts.groups.leaveAll(this)
    this.inboxMade?.end()
    const { onClose } = this.parts
    if (onClose === null || this.isStillborn) return
    try {
      const result = onClose(this.face, code, reason)
      if (isThenable(result)) result.then(undefined, error => { this.handlerFailed('onClose', error) })
    } catch (error) {
      this.handlerFailed('onClose', error)
    }
  }

  private clearOpenTimer (): void {
    if (this.openTimer !== null) clearTimeout(this.openTimer)
    this.openTimer = null
  }
}
