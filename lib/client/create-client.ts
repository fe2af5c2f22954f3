import type { AnyContract } from '../../types/wire.js'
import type { AUTH_TYPE, CANCEL_TYPE, ERROR_TYPE, PING_TYPE } from '../protocol/envelope.js'
import type { AuthContext } from './auth.js'
import { plain } from './codec.js'
import { createEmitter, type Listener } from './emitter.js'
import { ClientError } from './error.js'
import { createLink, type StateChange } from './link.js'
import { createOutbox, type Entry } from './outbox.js'
import { refuseRest } from './refuse-rest.js'
import type { CallOptions, Client, ClientOptions } from './types.js'

/** One method per message type. */
interface Methods<A extends unknown[], R> { [type: string]: (...args: A) => R }

/**
 * A client of the contract `C`, which is a type only: `createClient<typeof chat>({ url })`. Nothing is connected before
 * the first use.
 */
export function createClient<C extends AnyContract> (options: ClientOptions<C>): Client<C> {
  const {
    offline, idempotent, queue = 256, pace = {}, codec: { encode, decode } = plain, ...connection
  } = options
  const { auth, timeout: patience = 15_000 } = connection
  let renewal: ReturnType<typeof setTimeout> | undefined
  const { add, emit } = createEmitter()
  const known = new Map<unknown, Entry>()
  let lastId = 0

  /** Truthy for what does not admit us: an error that is about no message, a question who we are. */
  const receive = (frame: unknown): unknown => {
    try {
      const { type, id, data, error: wire } = decode(frame, known)
      // What has a type is no reply.
      const { type: about, sent, settle } = known.get(type ?? id) ?? {}
      const isError = type === ('$error' satisfies typeof ERROR_TYPE)
      // An own key `__proto__`, which JSON can have, would be assigned as the error's prototype.
      const error = wire && new ClientError(wire.code, { type: about, sent, ...wire, ['__proto__' as never]: 0 })
      // A day at most: a timer of more than 24.8 days would run at once.
      const wait = Math.min(wire?.retryAfter as number, 864e5)
      if (wait > 0) flush(link.retryAfter = wait)
      if (settle) settle(error, data)
      else if (!error) {
        if (type) emit('$' + type, data)
      // Before we are admitted it is why we are not, and the close code tells that as well.
      } else if (!isError || link.state === 'open') emit('error', error)
      return isError || (type === ('$auth' satisfies typeof AUTH_TYPE) && (data as AuthContext).deadline)
    } catch (cause) {
      emit('error', new ClientError('bad_message', { cause }))
    }
  }

  const link = createLink(connection, encode('$ping' satisfies typeof PING_TYPE), emit, receive)
  const { waiting, add: put, flush } = createOutbox(queue, pace, link)

  /** What is sent, and known by its id until it has settled. */
  const enter = (type: string, sent: unknown, settle?: Entry['settle']): Entry => {
    // So many are remembered, for a refusal that names them.
    if (!known.get(++lastId - 64)?.settle) known.delete(lastId - 64)
    const frame = encode(type, sent, lastId, !!settle)
    const entry = { type, sent, settle, frame, drop: offline?.[type as never] === 'drop' }
    known.set(lastId, entry)
    return entry
  }

  /** Sends the next token. Where there is none the server ends it. */
  const renew: (notice: AuthContext) => unknown = async notice => {
    try {
      link.send(encode('$auth' satisfies typeof AUTH_TYPE, { token: await auth?.(notice) }))
    } catch (cause) {
      emit('error', new ClientError('connect_failed', { cause }))
    }
  }

  // The first token is due at once, the next when four fifths of its time are over.
  // One timer at most: what the server says last counts.
  add('$$auth', (notice: AuthContext) => {
    clearTimeout(renewal)
    renewal = setTimeout(renew, Math.min(Math.max(notice.expiresIn! * 0.8, 1000) || 0, 864e5), notice)
  })

  add('state', (cause: StateChange) => {
    if (link.state === 'open') return flush()
    const isClosed = link.state === 'closed'
    clearTimeout(renewal)
    for (const entry of waiting) if (isClosed || entry.drop) waiting.delete(entry)
    for (const entry of known.values()) {
      const { type, settle } = entry
      // What waits has not been sent. What was sent goes out again where that does no harm.
      if (!settle || waiting.has(entry) || (idempotent?.includes(type as never) && put(entry))) continue
      settle(new ClientError(isClosed ? 'closed' : 'disconnected', { type, cause }))
    }
  })

  /** Methods by message type: made when first asked for, then always the same. The first that is called connects. */
  const methods = <A extends unknown[], R> (make: (type: string, ...args: A) => R): Methods<A, R> =>
    // No contract has a message by a name that objects inherit.
    new Proxy({} as Methods<A, R>, {
      get: (made, type: string) => (made[type] ??= (...args) => {
        if (link.state === 'idle') link.connect()
        return make(type, ...args)
      }),
    })

  const call = (
    type: string, request: unknown, { timeout = patience, signal, ...rest }: CallOptions = {}
  ): Promise<unknown> => {
    refuseRest(rest)
    const reply = new Promise<unknown>((resolve, reject) => {
      const giveUp = (code: 'aborted' | 'closed' | 'queue_full' | 'timeout'): void => {
        if (!waiting.delete(entry)) {
          put({ frame: encode('$cancel' satisfies typeof CANCEL_TYPE, undefined, id, true), drop: true })
        }
        entry.settle!(new ClientError(code, { type, cause: signal?.reason }))
      }
      const abort = (): void => giveUp('aborted')
      const entry = enter(type, request, (error, data) => {
        known.delete(id)
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        if (error) reject(error)
        else resolve(data)
      })
      const id = lastId
      const timer = setTimeout(giveUp, timeout, 'timeout')
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
      else if (!put(entry)) giveUp(link.state === 'closed' ? 'closed' : 'queue_full')
    })
    // Nobody has to look at a call's end; what nobody looked at must not end a process.
    reply.catch(() => {})
    return reply
  }

  return {
    // Its state, connect and close.
    __proto__: link,
    on: methods((type, listener: Listener) => add('$' + type, listener)),
    send: methods((type, data: unknown): boolean => put(enter(type, data))),
    calls: methods(call),
    listen: add,
  } as never
}
