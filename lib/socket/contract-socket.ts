// Tested in test/socket/close.test.ts and test/socket/messages.test.ts.
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { CompiledContract } from '../../types/contract.js'
import type { BudgetContext } from '../../types/message-options.js'
import type { BudgetUsage, Group, GroupKey, GuardedSocket, Senders } from '../../types/socket.js'
import { refuseAnswer } from '../callbacks/refuse-answer.js'
import { escapeForLog } from '../log/log-safe.js'
import { CLOSES } from '../protocol/codes.js'
import type { ErrorCode } from '../protocol/codes.js'
import type { MessageId } from '../protocol/envelope.js'
import type { Spender } from './budgets.js'
import { checkClose } from './close-arguments.js'
import { Face } from './face.js'
import { decodeGroupKey, encodeGroupKey } from './groups.js'
import type { Admission, SocketHome } from './home.js'
import { OpenSocket } from './open-socket.js'
import { Outbox } from './outbox.js'
import type { OutboxOwner } from './outbox.js'
import type { Member, RouteParts } from './parts.js'
import { Penalties } from './penalties.js'
import type { ErrorDetail } from './protocol-text.js'

/**
 * A socket of a contract's route: what the application may do with it, and what becomes of messages that are refused.
 */
export abstract class ContractSocket extends OpenSocket implements GuardedSocket, Member, OutboxOwner, Spender {
  readonly params: GuardedSocket['params']
  readonly query: GuardedSocket['query']
  readonly outbox: Outbox
  /** What the route's `state` has made of the handshake. */
  state: unknown = undefined
  protected readonly parts: RouteParts
  protected draining = false
  private senders: Senders<object> | null = null
  private penalties: Penalties | null = null
  private shown: Face | null = null

  constructor (ws: WebSocket, stream: Duplex, parts: RouteParts, admission: Admission, home: SocketHome<OpenSocket>) {
    super(ws, stream, admission, home)
    this.parts = parts
    this.params = admission.params as GuardedSocket['params']
    this.query = admission.query as GuardedSocket['query']
    this.outbox = new Outbox(ws, { limit: parts.limits.sendBuffer, direct: parts.direct, owner: this })
  }

  /** True for a socket of the route that has these groups. */
  isIn (groups: RouteParts['groups']): boolean {
    return this.parts.groups === groups
  }

  /** What handlers get. */
  get face (): GuardedSocket {
    this.shown ??= new Face(this)
    return this.shown
  }

  get contract (): CompiledContract {
    return this.parts.contract
  }

  /** False once a close was begun, by whomever, or the server drains. */
  get receiving (): boolean {
    return this.open && !this.draining
  }

  /* ---- the application's side ---- */

  /** Typed by the route: never null but on a public one. */
  override get identity (): GuardedSocket['identity'] {
    return super.identity as GuardedSocket['identity']
  }

  get id (): string {
    return this.facts.connId
  }

  get bufferedAmount (): number {
    return this.outbox.bufferedAmount
  }

  get send (): Senders<object> {
    this.senders ??= this.parts.sendersOf(this)
    return this.senders
  }

  abstract usage (): BudgetUsage[]

  flushed (): Promise<void> {
    return this.outbox.flushed()
  }

  join (key: GroupKey): boolean {
    const name = encodeGroupKey(key)
    if (!this.open) return false
    if (this.mayJoin(key)) this.parts.groups.join(name, this)
    else this.leaveNamed(name)
    return this.parts.groups.of(name).has(this)
  }

  leave (key: GroupKey): void {
    this.leaveNamed(encodeGroupKey(key))
  }

  leaveNamed (name: string): void {
    this.parts.groups.leave(name, this)
    this.outbox.forget(name)
  }

  /** Only true lets it in. */
  private mayJoin (key: GroupKey): boolean {
    const { mayJoin } = this.parts
    if (mayJoin === null) return true
    try {
      const verdict = mayJoin({ identity: this.identity, key, socket: this.face })
      if (verdict === true) return true
      if (verdict !== false) refuseAnswer(verdict, 'mayJoin: expected true or false')
    } catch (error) {
      this.handlerFailed('mayJoin', error)
    }
    const group = (): string => escapeForLog(typeof key === 'string' ? key : JSON.stringify(key))
    this.events.publish('join:refused', () => ({ group: group(), ...this.facts }))
    return false
  }

  protected override identityChanged (): void {
    this.penalties ??= new Penalties(this.parts.limits)
    this.penalties.identityChanged(this.home.now())
    for (const name of this.parts.groups.namesOf(this)) {
      if (!this.mayJoin(decodeGroupKey(name))) this.leaveNamed(name)
    }
  }

  group (key: GroupKey): Group<object> {
    return this.parts.groupOf(key)
  }

  close (code: number = CLOSES.normal.code, reason = ''): void {
    checkClose(code, reason)
    if (this.open) this.ws.close(code, reason)
  }

  /* ---- what it spends ---- */

  get budgetContext (): BudgetContext {
    const { identity, params, query, facts: { ip, route, connId } } = this
    return { identity, params: params as {}, query: query as {}, ip, route, socket: connId }
  }

  get addressKey (): string | null {
    return this.keys.address
  }

  /* ---- messages that are refused ---- */

  /** `name`: the type that was sent, where the contract has no such message. */
  refuse (
    code: ErrorCode, id: MessageId | null, type: string | null, detail: ErrorDetail = {}, name?: string
  ): void {
    const hint = this.parts.hints?.on(code, { type, ...detail, ...(name === undefined ? {} : { name }) })
    this.report(code, type, hint)
    this.penalties ??= new Penalties(this.parts.limits)
    const close = this.penalties.violation(code, this.home.now())
    if (close === null) this.outbox.send(this.parts.text.error(code, id, { ...detail, detail: hint }))
    else this.closeAs(close, 'policy')
  }

  /** A message that the route has no use for any more. Its client does what it was built for: that is no violation. */
  refuseGone (id: MessageId | null): void {
    this.report('unknown_type', null, undefined)
    this.outbox.send(this.parts.text.error('unknown_type', id))
  }

  /** A message that `budget` can't pay for; `wait` is in milliseconds. */
  flood (wait: number, budget: string, id: MessageId | null, type: string | null): void {
    const hint = this.parts.hints?.on('rate_limited', {
      type, short: this.usage().find(({ budget: name }) => name === budget),
    })
    this.report('rate_limited', type, hint, { budget })
    this.penalties ??= new Penalties(this.parts.limits)
    const verdict = this.penalties.flood(this.home.now())
    if (verdict === 'answer') {
      this.outbox.send(this.parts.text.error('rate_limited', id, { retryAfter: wait, budget, detail: hint }))
    } else if (verdict !== 'drop') this.closeAs(verdict, 'policy')
  }

  private report (code: ErrorCode, type: string | null, hint: string | undefined, more: object = {}): void {
    const said = hint === undefined ? more : { ...more, detail: hint }
    this.events.publish('message:refused', () => ({ code, type, ...said, ...this.facts }))
  }

  /* ---- the outbox's side ---- */

  slow (): void {
    if (!this.open) return
    this.events.publish('slow', () => ({ bufferedAmount: this.bufferedAmount, ...this.facts }))
    this.closeAs('slow_consumer', 'policy')
  }

  missed (type: string, messages: number): void {
    this.events.publish('dropped', () => ({ type, messages, ...this.facts }))
  }

  broken (error: unknown): void {
    this.handlerFailed('write', error)
    this.cutOff('network')
  }
}
