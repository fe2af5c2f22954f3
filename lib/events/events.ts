import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Channel } from 'node:diagnostics_channel'
import type { EventPayloads } from '../../types/events.js'

/** Name of an event; the channel's is `fastify-ws-guard:` and this. */
export type EventName = keyof EventPayloads

const PREFIX = 'fastify-ws-guard:'

/** Every channel; docs/events.md has a section for each. */
export const CHANNELS: { readonly [N in EventName]: Channel } = {
  refused: channel(`${PREFIX}refused`),
  opened: channel(`${PREFIX}opened`),
  closed: channel(`${PREFIX}closed`),
  'message:refused': channel(`${PREFIX}message:refused`),
  'message:handled': channel(`${PREFIX}message:handled`),
  'handler:failed': channel(`${PREFIX}handler:failed`),
  'handler:timeout': channel(`${PREFIX}handler:timeout`),
  slow: channel(`${PREFIX}slow`),
  dropped: channel(`${PREFIX}dropped`),
  'protocol:violated': channel(`${PREFIX}protocol:violated`),
  refreshed: channel(`${PREFIX}refreshed`),
  'join:refused': channel(`${PREFIX}join:refused`),
  'store:unavailable': channel(`${PREFIX}store:unavailable`),
  'store:available': channel(`${PREFIX}store:available`),
  'rate:unavailable': channel(`${PREFIX}rate:unavailable`),
  drained: channel(`${PREFIX}drained`),
}

/** What one instance of the plugin publishes. Nothing is built that nobody listens to. */
export class Events {
  /** The Fastify instance; a channel is one for the whole process. */
  readonly app: object

  constructor (app: object) {
    this.app = app
  }

  /** `build` is called only where somebody listens. */
  publish<N extends EventName> (name: N, build: () => EventPayloads[N]): void {
    const { [name]: one } = CHANNELS
    if (one.hasSubscribers) one.publish(build())
  }

  wanted (name: EventName): boolean {
    return CHANNELS[name].hasSubscribers
  }

  /** Listens to this instance's events of one name; what is returned ends it. */
  listen<N extends EventName> (name: N, listener: (event: EventPayloads[N]) => void): () => void {
    const own = (event: unknown): void => {
      // Whoever publishes on this channel is `publish` above.
      const payload = event as EventPayloads[N]
      if (payload.app === this.app) listener(payload)
    }
    subscribe(PREFIX + name, own)
    return () => { unsubscribe(PREFIX + name, own) }
  }
}
