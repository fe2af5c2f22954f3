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
  const { offline, idempotent, queue = 256, pace = {}, codec = plain, ...connection } = options
  const { auth, timeout: patience = 15_000 } = connection
  let renewal: ReturnType<typeof setTimeout> | undefined
  const { encode, decode } = codec
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
      const error = wire && new ClientError(wire.code, { type: about, sent, ...wire })
      if (wire?.retryAfter) outbox.flush(link.retryAfter = wire.retryAfter)
      if (settle) settle(error, data)
      else if (!error) {
        if (type) emit(`$${type}`, data)
      // Before we are admitted it is why we are not, and the close code tells that as well.
      } else if (!isError || link.state === 'open') emit('error', error)
      return isError || (type === ('$auth' satisfies typeof AUTH_TYPE) && (data as AuthContext).deadline)
    } catch (cause) {
      emit('error', new ClientError('bad_message', { cause }))
    }
  }

  const link = createLink(connection, encode('$ping' satisfies typeof PING_TYPE), emit, receive)
  const outbox = createOutbox(queue, pace, link)
  const { waiting } = outbox

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
  add('$$auth', (notice: AuthContext) => { renewal = setTimeout(renew, notice.expiresIn! * 0.8 || 0, notice) })

  add('state', (cause: StateChange) => {
    if (cause.state === 'open') return outbox.flush()
    clearTimeout(renewal)
    const isClosed = cause.state === 'closed'
    for (const entry of waiting) if (isClosed || entry.drop) waiting.delete(entry)
    for (const entry of known.values()) {
      const { type, settle } = entry
      // What waits has not been sent. What was sent goes out again where that does no harm.
      if (!settle || waiting.has(entry) || (idempotent?.includes(type as never) && outbox.add(entry))) continue
      settle(new ClientError(isClosed ? 'closed' : 'disconnected', { type, cause }))
    }
  })

  /** Methods by message type: made when first asked for, then always the same. The first that is called connects. */
  const methods = <A extends unknown[], R> (make: (type: string, ...args: A) => R): Methods<A, R> =>
    // No contract has a message by a name that objects inherit.
    new Proxy({} as Methods<A, R>, {
      get (made, type: string) {
        return (made[type] ??= (...args) => {
          if (link.state === 'idle') link.connect()
          return make(type, ...args)
        })
      },
    })

  const call = (
    type: string, request: unknown, { timeout = patience, signal, ...rest }: CallOptions = {}
  ): Promise<unknown> => {
    refuseRest(rest)
    const reply = new Promise<unknown>((resolve, reject) => {
      const giveUp = (code: 'aborted' | 'closed' | 'queue_full' | 'timeout'): void => {
        if (!waiting.delete(entry)) {
          outbox.add({ frame: encode('$cancel' satisfies typeof CANCEL_TYPE, undefined, id, true), drop: true })
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
      if (signal?.aborted) {
        // As one that was not sent yet: the server has nothing to cancel.
        waiting.add(entry)
        abort()
      } else if (!outbox.add(entry)) giveUp(link.state === 'closed' ? 'closed' : 'queue_full')
    })
    // Nobody has to look at a call's end; what nobody looked at must not end a process.
    reply.catch(() => {})
    return reply
  }

  return {
    // Its state, connect and close.
    __proto__: link,
    on: methods((type, listener: Listener) => add(`$${type}`, listener)),
    send: methods((type, data: unknown): boolean => outbox.add(enter(type, data))),
    calls: methods(call),
    listen: add,
  } as never
}
