// 'fastify-ws-guard/react': a client in React 18 or later.
// Tested in test/client/react.test.ts.
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
// By its own name, so that a page under development has the errors that say which option was meant.
import { createClient, urlOf } from 'fastify-ws-guard/client'
import type { AnyContract } from '../types/wire.js'
import type { UrlParts } from './client/address.js'
import type { Off } from './client/emitter.js'
import type { ClientError } from './client/error.js'
import type { ClientState } from './client/link.js'
import type { CallOptions, Client, ClientOptions } from './client/types.js'

interface Held<C> {
  readonly client: Client<C>
  leaving: ReturnType<typeof setTimeout> | undefined
}

/** What `useClient` takes: options of a client, and what its URL is made of. */
export interface UseClientOptions<C> extends ClientOptions<C>, UrlParts<C> {}

/** Options that are functions: the latest one is called, whichever render made it. */
const FUNCTIONS = ['url', 'query', 'auth', 'retry'] as const

/**
 * A client that lives as long as the component. Another `url`, `params` or `query` is another client; functions may
 * change with every render, other options are those of the first. Under StrictMode too it opens one socket, and leaves
 * none.
 */
export function useClient<C extends AnyContract> (options: UseClientOptions<C>): Client<C> {
  const latest = useRef(options)
  useEffect(() => { latest.current = options })
  const key = JSON.stringify([`${options.url}`, options.params, options.query])
  const held = useMemo(() => {
    const own: { [name: string]: unknown } = { ...latest.current }
    for (const name of FUNCTIONS) {
      if (typeof own[name] !== 'function') continue
      own[name] = (...args: never[]) => (latest.current[name] as (...args: never[]) => unknown)(...args)
    }
    const { url, params, query, ...rest } = own as never as UseClientOptions<C>
    const client = createClient<C>({ ...rest, url: urlOf<unknown>(url as string, { params, query } as object) })
    return { client, leaving: undefined } as Held<C>
  }, [key])
  useEffect(() => {
    clearTimeout(held.leaving)
    held.client.connect()
    // StrictMode takes a component away and puts it back at once: that is no reason to close.
    return () => { held.leaving = setTimeout(() => held.client.close()) }
  }, [held])
  return held.client
}

/** Renders anew whenever the connection changes. */
export function useClientState (client: Pick<Client<AnyContract>, 'state' | 'listen'>): ClientState {
  return useSyncExternalStore(
    useCallback((changed: () => void) => client.listen('state', changed), [client]),
    () => client.state,
    () => 'idle'
  )
}

/**
 * Hears a message while the component is there: `useEvent(client.on.said, data => …)`. The listener may be another one
 * with each render.
 */
export function useEvent<D> (subscribe: (listener: (data: D) => unknown) => Off, listener: (data: D) => unknown): void {
  const latest = useRef(listener)
  useEffect(() => { latest.current = listener })
  useEffect(() => subscribe(data => latest.current(data)), [subscribe])
}

/** A call, as a component sees it. */
export interface CallState<R> {
  /** Of the last call that succeeded. */
  readonly data: R | undefined
  /** Of the last call, if it failed. */
  readonly error: ClientError | undefined
  readonly isPending: boolean
  /** Makes the call again. */
  readonly reload: () => void
}

const NEW = { data: undefined, error: undefined, isPending: true }

/**
 * Makes a call when the component appears, and again when the request is another one:
 * `useCall(client.calls.history, { limit: 20 })`. What is overtaken is aborted and never shown.
 */
export function useCall<Q, R> (call: (request: Q, options?: CallOptions) => Promise<R>, request: Q): CallState<R> {
  const [round, setRound] = useState(0)
  const [state, setState] = useState<Omit<CallState<R>, 'reload'>>(NEW)
  const key = JSON.stringify(request)
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    setState(({ data }) => ({ data, error: undefined, isPending: true }))
    call(JSON.parse(key) as Q, { signal }).then(
      data => { if (!signal.aborted) setState({ data, error: undefined, isPending: false }) },
      (error: ClientError) => { if (!signal.aborted) setState(({ data }) => ({ data, error, isPending: false })) }
    )
    return () => controller.abort()
  }, [call, key, round])
  return { ...state, reload: useCallback(() => setRound(n => n + 1), []) }
}
