import type { Identity } from './gate.js'

/** What a budget of the application's is decided by. */
export interface BudgetContext<I = Identity> {
  /** Null on a public route. */
  readonly identity: I | null
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  /** The client's address as `trustProxy` reads it. */
  readonly ip: string
  /** The route's URL as it was declared. */
  readonly route: string
  /** `socket.id`. */
  readonly socket: string
}

/** A budget that the sockets with one key share: a tenant's, an API key's, a plan's. */
export interface MessageBudget<I = Identity> {
  /** What the client is told, and usage is asked by: 1-32 characters of `a-z 0-9 _ -`. */
  readonly name: string
  /** Asked when a socket sends its first message, and when its identity is refreshed. Null: it is not counted here. */
  readonly key: (socket: BudgetContext<I>) => string | number | null
  /** Tokens per second, or a function that says them for this socket. */
  readonly rate: number | ((socket: BudgetContext<I>) => number)
  /** Tokens that can be saved up, or a function. */
  readonly burst: number | ((socket: BudgetContext<I>) => number)
}

/** Message limits per socket; docs/limits.md has the arithmetic. */
export interface MessageOptions {
  /** Tokens per second; a message takes one, or its `cost`. Default 100. */
  readonly rate?: number
  /** Messages at once: tokens saved up while a socket sends none. Default 200. */
  readonly burst?: number
  /** What all sockets of one identity may send together: so many times `rate` and `burst`. Default 2. */
  readonly perIdentity?: number
  /** What all sockets of one client address may send together: so many times `rate` and `burst`. Default 30. */
  readonly perAddress?: number
  /** Further budgets that sockets share. */
  readonly budgets?: readonly MessageBudget[]
  /**
   * Bytes of messages per second, four seconds' worth saved up. Beyond it reading pauses; nothing is lost. Default
   * 1048576.
   */
  readonly bytes?: number
  /**
   * Refused messages per 10 s that are answered; the next one closes: 4400 for the contract's, 1008 for others
   * (docs/protocol.md section 5). Default 5.
   */
  readonly errors?: number
  /** Handlers under way per socket; at this number reading pauses. Default 32. */
  readonly inFlight?: number
  /** Milliseconds a handler may take. Default 10000. */
  readonly handlerTimeout?: number
  /**
   * Bytes that may wait for a client. One that has more waiting and doesn't take as many within 5 s, or has eight
   * times as many waiting, is closed 1013. Default 1048576.
   */
  readonly sendBuffer?: number
}
