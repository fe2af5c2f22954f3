import type { Client } from '../client/types.js'
import { ClientError } from '../client/error.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { CLOSES, ERRORS } from '../protocol/codes.js'
import type { WireError } from '../protocol/envelope.js'
import type { NextOptions, Unread, WaitOptions } from './types.js'
import { createWaiting } from './waiting.js'

// Tested in test/testing/connect.test.ts.

interface End {
  readonly code: number
  readonly reason: string
}

/** What has come to a test's client, and how its connection ended: all that can be waited for. */
export class Arrivals<C> {
  readonly unread: Unread<C>[] = []
  /** Why the handshake was refused. */
  refusal: Error | WireError | undefined
  readonly #errors: ClientError[] = []
  readonly #waiting = createWaiting()
  readonly #patience: number
  #end: End | undefined
  #isGone = false

  /** `patience`: milliseconds, where a wait does not say its own. */
  constructor (patience: number) {
    this.#patience = patience
  }

  /** Takes what the client receives of these messages, and what it says of itself. */
  listen (client: Client<C>, types: readonly string[]): void {
    const { changed } = this.#waiting
    const on = client.on as object as { readonly [type: string]: (listener: (data: never) => void) => void }
    for (const type of types) {
      on[type]!(data => {
        this.unread.push({ type, data } as never)
        changed()
      })
    }
    client.listen('error', error => {
      this.#errors.push(error)
      changed()
    })
    client.listen('state', ({ state, code = 1006, reason = '' }) => {
      if (state === 'closed') this.#end = { code, reason }
      changed()
    })
  }

  /** The connection is gone, whoever ended it. */
  gone (): void {
    this.#isGone = true
    this.#waiting.changed()
  }

  /** Resolves once the client is admitted; rejects with why it is not. */
  async admitted (client: Client<C>): Promise<void> {
    await this.#until(() => {
      if (client.state === 'open') return { found: true }
      if (this.refusal instanceof Error) throw this.refusal
      if (this.#end && this.refusal) throw new ClientError(this.refusal.code, this.refusal)
      // Who waits for a token is told by the close code alone.
      const { message } = ERRORS.unauthenticated
      if (this.#end?.code === CLOSES.unauthenticated.code) throw new ClientError('unauthenticated', { message })
      this.#refuseEnd('it was admitted')
      return undefined
    }, this.#patience, timeout => `not admitted within ${timeout} ms`)
  }

  async next (type: string, options: NextOptions<unknown> = {}): Promise<unknown> {
    checkKeys(options, ['where', 'timeout'], `next.${type}: options`, WSG_ERR_OPTION)
    const { where = () => true, timeout = this.#patience } = options
    return await this.#until(() => {
      const at = this.unread.findIndex(message => message.type === type && where(message.data))
      if (at >= 0) return { found: this.unread.splice(at, 1)[0]!.data }
      this.#refuseEnd(type)
      return undefined
    }, timeout, () => `no ${type} within ${timeout} ms; ${this.#arrived()}`)
  }

  async error (options: WaitOptions = {}): Promise<ClientError> {
    return await this.#until(() => {
      if (this.#errors.length > 0) return { found: this.#errors.shift()! }
      this.#refuseEnd('an error')
      return undefined
    }, this.#patienceOf(options, 'error'), timeout => `no error within ${timeout} ms`)
  }

  async closed (options: WaitOptions = {}): Promise<End> {
    return await this.#until(() => this.#end && { found: this.#end }, this.#patienceOf(options, 'closed'),
      timeout => `not closed within ${timeout} ms; ${this.#arrived()}`)
  }

  /** Resolves once the connection is gone. */
  async left (): Promise<void> {
    await this.#until(() => this.#isGone ? { found: true } : undefined, this.#patience,
      timeout => `not gone within ${timeout} ms`)
  }

  #until<T> (
    find: () => { readonly found: T } | undefined, timeout: number, missing: (timeout: number) => string
  ): Promise<T> {
    return this.#waiting.until(find, timeout, () => missing(timeout))
  }

  #patienceOf (options: WaitOptions, name: string): number {
    checkKeys(options, ['timeout'], `${name}: options`, WSG_ERR_OPTION)
    return options.timeout ?? this.#patience
  }

  #refuseEnd (what: string): void {
    if (this.#end === undefined) return
    const { code, reason } = this.#end
    throw new ClientError('closed', { message: `closed ${code} ${reason}`.trim() + ` before ${what}` })
  }

  #arrived (): string {
    const refused = this.#errors.map(({ code, type }) => type === undefined ? code : `${code} (${type})`).join(', ')
    const unread = this.unread.map(({ type }) => String(type)).join(', ') || 'none'
    return `unread: ${unread}${refused && `; errors: ${refused}`}`
  }
}
