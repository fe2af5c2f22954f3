import type { AnyContract } from '../../types/wire.js'
import { CANCEL_TYPE, ERROR_TYPE, PING_TYPE } from '../protocol/envelope.js'
import { addressOf } from './address.js'
import { type Decoded, plain } from './codec.js'
import { createEmitter, type Listener } from './emitter.js'
import { ClientError } from './error.js'
import { createLink, type StateChange } from './link.js'
import { createOutbox, type Entry } from './outbox.js'
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
  const { params, query, offline, idempotent, check, codec = plain } = options
  const { timeout: patience = 15_000, queue = 256, pace = {} } = options
  const { encode, decode } = codec
  const { add, emit, iterate } = createEmitter()
  const known = new Map<unknown, Entry>()
  let lastId = 0

  const link = createLink(
    options,
    url => addressOf(url, params as object, typeof query === 'function' ? (query as () => object)() : query as object),
    encode(PING_TYPE),
    emit,
    frame => {
      try {
        return receive(decode(frame))
      } catch (cause) {
        emit('$error', new ClientError('bad_message', { cause }))
        return false
      }
    }
  )
  const outbox = createOutbox(queue, pace, link)

  const receive = ({ type, id, data, error: wire }: Decoded): boolean => {
    // The answer to our question, or of a later version of the protocol.
    if (type?.[0] === '$' && !wire) return false
    const entry = known.get(id)
    const { type: about = type, sent, settle } = entry ?? {}
    let error: ClientError | undefined
    if (wire) {
      error = new ClientError(wire.code, { ...wire, type: entry?.type, sent })
      if (wire.retryAfter) outbox.flush(link.retryAfter = wire.retryAfter)
    } else if (about && check?.(about, data, type ? 'message' : 'reply') === false) {
      error = new ClientError('bad_message', { type: about })
    }
    if (settle) settle(error, data)
    else if (!error) {
      if (type) emit(type, data)
    } else if (link.state === 'open') {
      // Before we are admitted it is why we are not, and the close code tells that as well.
      emit('$error', error)
    }
    return type === ERROR_TYPE
  }

  add('$state', ({ state }: StateChange) => {
    if (state === 'open') return outbox.flush()
    if (state === 'connecting') return
    const isClosed = state === 'closed'
    outbox.keep(({ drop }) => !isClosed && !drop)
    for (const entry of known.values()) {
      if (entry.settle && (isClosed || entry.isOut)) {
        entry.isOut = false
        if (isClosed || !idempotent?.includes(entry.type as never) || !outbox.add(entry)) {
          entry.settle(new ClientError(isClosed ? 'closed' : 'disconnected', { type: entry.type }))
        }
      }
    }
  })

  /** Methods by message type: made when first asked for, then always the same. The first that is called connects. */
  const methods = <A extends unknown[], R> (make: (type: string, ...args: A) => R): Methods<A, R> =>
    new Proxy(Object.create(null) as Methods<A, R>, {
      get (made, type: string) {
        made[type] ??= (...args) => {
          if (link.state === 'idle') link.connect()
          return make(type, ...args)
        }
        return made[type]
      },
    })

  const calls = methods((type, request: unknown, { timeout = patience, signal }: CallOptions = {}) => {
    const id = ++lastId
    const reply = new Promise<unknown>((resolve, reject) => {
      const giveUp = (code: 'aborted' | 'closed' | 'queue_full' | 'timeout'): void => {
        outbox.keep(one => one !== entry)
        if (entry.isOut) outbox.add({ frame: encode(CANCEL_TYPE, undefined, id, true), type, drop: true })
        entry.settle!(new ClientError(code, { type, cause: signal?.reason }))
      }
      const abort = (): void => giveUp('aborted')
      const timer = setTimeout(giveUp, timeout, 'timeout')
      const entry: Entry = {
        frame: encode(type, request, id, true),
        type,
        sent: request,
        settle (error, data) {
          known.delete(id)
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
          if (error) reject(error)
          else resolve(data)
        },
      }
      known.set(id, entry)
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
      else if (link.state === 'closed') giveUp('closed')
      else if (!outbox.add(entry)) giveUp('queue_full')
    })
    // Nobody has to look at a call's end; what nobody looked at must not end a process.
    reply.catch(() => {})
    return reply
  })

  return {
    get state () { return link.state },
    on: methods(add),
    once: methods((type, listener: Listener) => {
      const off = add(type, data => {
        off()
        return listener(data)
      })
      return off
    }),
    events: methods(iterate),
    send: methods((type, data: unknown): boolean => {
      if (link.state === 'closed') return false
      const entry = { frame: encode(type, data, ++lastId), type, sent: data, drop: offline?.[type as never] === 'drop' }
      known.set(lastId, entry)
      if (!known.get(lastId - REMEMBERED)?.settle) known.delete(lastId - REMEMBERED)
      return outbox.add(entry)
    }),
    calls,
    attempt: methods((type, request: unknown, options?: CallOptions) =>
      calls[type]!(request, options).then(data => ({ ok: true, data }), error => ({ ok: false, error }))),
    listen: (event: string, listener: Listener) => add(`$${event}`, listener),
    connect: link.connect,
    close: link.close,
  } as never
}
