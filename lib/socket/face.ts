import type { BudgetUsage, Group, GroupKey, GuardedSocket, Senders } from '../../types/socket.js'

/** What handlers get: what is declared of a socket, and no way to the rest. */
export class Face implements GuardedSocket {
  readonly #inner: GuardedSocket

  constructor (inner: GuardedSocket) {
    this.#inner = inner
  }

  get id (): string { return this.#inner.id }
  get identity (): GuardedSocket['identity'] { return this.#inner.identity }
  get params (): GuardedSocket['params'] { return this.#inner.params }
  get query (): GuardedSocket['query'] { return this.#inner.query }
  get state (): unknown { return this.#inner.state }
  get open (): boolean { return this.#inner.open }
  get bufferedAmount (): number { return this.#inner.bufferedAmount }
  get send (): Senders<object> { return this.#inner.send }
  flushed (): Promise<void> { return this.#inner.flushed() }
  usage (): BudgetUsage[] { return this.#inner.usage() }
  join (key: GroupKey): boolean { return this.#inner.join(key) }
  leave (key: GroupKey): void { this.#inner.leave(key) }
  group (key: GroupKey): Group<object> { return this.#inner.group(key) }
  close (code?: number, reason?: string): void { this.#inner.close(code, reason) }
}
