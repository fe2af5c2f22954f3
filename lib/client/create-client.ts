import type { AnyContract } from '../../types/wire.js'
import { CANCEL_TYPE, ERROR_TYPE, PING_TYPE } from '../protocol/envelope.js'
import { plain } from './codec.js'
import { createEmitter, type Listener } from './emitter.js'
import { ClientError } from './error.js'
import { createLink, type StateChange } from './link.js'
import { createOutbox, type Entry } from './outbox.js'
import type { AuthNotice } from './renewing.js'
import type { CallOptions, Client, ClientOptions } from './types.js'

/** One method per message type. */
interface Methods<A extends unknown[], R> { [type: string]: (...args: A) => R }

/** Messages whose refusal can still be told by their id. */
const REMEMBERED = 64

/**
 * A client of the contract `C`, which is a type only: `createClient<typeof chat>({ url })`. Nothing is connected before
 * the first use.
 */
export function createClient<C extends AnyContract> (options: ClientOptions<C>): Client<C> {
  const { auth, offline, idempotent, timeout: patience = 15_000, queue = 256, pace = {}, codec = plain } = options
  const { encode, decode } = codec
  const { add, emit } = createEmitter()
  const known = new Map<unknown, Entry>()
  let lastId = 0

  /** True for what does not admit us: an error that is about no message, a question who we are. */
  const receive = (frame: unknown): unknown => {
    try {
      const { type, id, data, error: wire } = decode(frame, known)
      if (type?.[0] === '$' && !wire) {
        const hear = auth?.[type as '$auth']
        if (hear) return hear(data as never, link.send, encode)
        // Only the question who we are has a deadline: without a token to send it is the end that it would come to.
        // Else it is the answer to our question, or of a later version of the protocol.
        return (data as AuthNotice | undefined)?.deadline && link.lost(4401)
      }
      const { type: about, sent, settle } = known.get(id) ?? {}
      const isError = type === ERROR_TYPE
      const error = wire && new ClientError(wire.code, { type: about, sent, ...wire })
      if (wire?.retryAfter) outbox.flush(link.retryAfter = wire.retryAfter)
      if (settle) settle(error, data)
      else if (!error) {
        if (type) emit(type, data)
      // Before we are admitted it is why we are not, and the close code tells that as well.
      } else if (!isError || link.state === 'open') emit('$error', error)
      return isError
    } catch (cause) {
      emit('$error', new ClientError('bad_message', { cause }))
    }
  }

  const link = createLink(options, encode(PING_TYPE), emit, receive)
  const outbox = createOutbox(queue, pace, link)

  /** What is sent, and known by its id until it has settled. */
  const enter = (type: string, sent: unknown, settle?: Entry['settle']): Entry => {
    const frame = encode(type, sent, ++lastId, !!settle)
    const entry = { type, sent, settle, frame, drop: offline?.[type as never] === 'drop' }
    known.set(lastId, entry)
    return entry
  }

  add('$state', (cause: StateChange) => {
    if (cause.state === 'open') return outbox.flush()
    const isClosed = cause.state === 'closed'
    outbox.keep(({ drop }) => !isClosed && !drop)
    for (const entry of known.values()) {
      const { type, isOut, settle } = entry
      if (settle && (isClosed || isOut)) {
        entry.isOut = false
        if (!idempotent?.includes(type as never) || !outbox.add(entry)) {
          settle(new ClientError(isClosed ? 'closed' : 'disconnected', { type, cause }))
        }
      }
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

  const call = (type: string, request: unknown, { timeout = patience, signal }: CallOptions = {}): Promise<unknown> => {
    const reply = new Promise<unknown>((resolve, reject) => {
      const giveUp = (code: 'aborted' | 'closed' | 'queue_full' | 'timeout'): void => {
        outbox.keep(one => one !== entry)
        if (entry.isOut) outbox.add({ frame: encode(CANCEL_TYPE, undefined, id, true), type, drop: true })
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
      else if (!outbox.add(entry)) giveUp(link.state === 'closed' ? 'closed' : 'queue_full')
    })
    // Nobody has to look at a call's end; what nobody looked at must not end a process.
    reply.catch(() => {})
    return reply
  }

  return {
    get state () { return link.state },
    on: methods(add),
    send: methods((type, data: unknown): boolean => {
      const entry = enter(type, data)
      if (!known.get(lastId - REMEMBERED)?.settle) known.delete(lastId - REMEMBERED)
      return outbox.add(entry)
    }),
    calls: methods(call),
    listen: (event: string, listener: Listener) => add(`$${event}`, listener),
    connect: link.connect,
    close: link.close,
  } as never
}
