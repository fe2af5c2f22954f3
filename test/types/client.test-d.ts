import { expectAssignable, expectError, expectNotAssignable, expectType } from 'tsd'
import { attempt, checked, createClient, ClientError, eventsOf, once, urlOf, type Client, type ClientState, type MessageIterator, type Off, type StateChange } from '../../dist/esm/lib/client.js'
import type { chat, StubContract, ticker } from './contracts.js'

const client = createClient<typeof chat>({ url: urlOf<typeof chat>('wss://h/rooms/:room', { params: { room: 'lobby' }, query: { since: 1 } }) })

// What is outbound is heard, what is inbound is sent; nothing is annotated.
expectType<Off>(client.on.said(data => { expectType<{ from: string, text: string }>(data) }))
once(client).left(({ who, why }) => { expectType<string>(who); expectType<string | undefined>(why) })
expectType<boolean>(client.send.say({ text: 'x' }))
client.send.kick({ user: 'x' })
expectType<MessageIterator<{ from: string, text: string }>>(eventsOf(client).said({ signal: AbortSignal.abort(), buffer: 3 }))
for await (const { text } of eventsOf(client).said()) expectType<string>(text)

// Calls, and the typed union of what they declare and what any call can meet.
expectType<Promise<{ from: string, text: string }[]>>(client.calls.history({ limit: 1 }, { timeout: 1, signal: AbortSignal.abort() }))
expectType<Promise<null>>(client.calls.ping({}))
const answer = await attempt(client).history({ limit: 1 })
if (answer.ok) expectType<{ from: string, text: string }[]>(answer.data)
else {
  if (answer.error.code === 'too_far') expectType<number>(answer.error.data.oldest)
  else if (answer.error.code === 'timeout') expectType<undefined>(answer.error.data)
  expectNotAssignable<'nonsense'>(answer.error.code)
}

// The client itself.
expectType<ClientState>(client.state)
client.listen('state', change => expectType<StateChange>(change))
client.listen('error', error => { expectAssignable<ClientError>(error); expectType<number | undefined>(error.retryAfter) })
expectError(client.listen('said', () => {}))

// What can't be written.
expectError(client.on.say(() => {})) // inbound only
expectError(client.on.siad(() => {})) // misspelt
expectError(client.send.said({ from: '', text: '' })) // outbound only
expectError(client.send.say({ text: 1 }))
expectError(client.send.say({ text: '', extra: 1 }))
expectError(client.send.say())
expectError(client.calls.history({}))
expectError(client.calls.say({ text: '' }))
expectError(createClient<typeof chat>({}))
expectError(createClient<typeof chat>({ url: 'ws://h', prams: {} }))
declare const base: string
urlOf<typeof chat>(`${base}/rooms/:room`, { params: { room: 'x' } })
urlOf<typeof chat>(new URL('ws://h/rooms/x'), { query: { since: 1 } })
urlOf('ws://h/:x', { params: { x: '1' } })
urlOf<StubContract>('/stub', {})
expectError(urlOf<typeof chat>('/rooms/:rom', { params: { room: 'x' } })) // not the contract's
expectError(urlOf<typeof chat>('/room/:room', { params: { room: 'x' } }))
expectError(urlOf<typeof chat>('/rooms/:room', {})) // a name without a value
expectError(urlOf<typeof chat>('/rooms/:room', { params: { room: 'x' }, prams: {} }))
expectError(urlOf<typeof chat>('/rooms/:room', { params: { rom: 'x' } }))
expectError(urlOf<typeof chat>('/rooms/:room', { params: { room: 'x' }, query: { since: 'x' } }))
expectError(createClient<typeof chat>({ url: 'ws://h', offline: { sya: 'drop' } }))
expectError(createClient<typeof chat>({ url: 'ws://h', idempotent: ['say'] }))
createClient<typeof chat>({ url: urlOf<typeof chat>(() => new URL('ws://h'), { query: () => ({}) }), offline: { say: 'drop' }, idempotent: ['history'], codec: checked((type, data, kind) => kind === 'reply' || data !== type), auth: async ({ refused }) => refused ? 'a' : 'b' })

// A contract with only some parts, and a plain generated interface, are the same Client.
const prices = createClient<typeof ticker>({ url: urlOf<typeof ticker>('ws://h/ticker', { params: { anything: 'x' } }) })
prices.on.tick(({ price }) => expectType<number>(price))
expectError(prices.send.tick({ price: 1 }))
const stub = createClient<StubContract>({ url: 'ws://h' })
stub.send.hello({ name: 'x' })
stub.on.hi(({ to }) => expectType<string>(to))
expectType<Promise<number>>(stub.calls.sum([1, 2]))
expectError(stub.calls.sum(['x']))

// A client can be handed to code that asks for less.
expectAssignable<{ close (): void, readonly state: ClientState }>(client)
declare const named: Client<StubContract>
expectAssignable<Client<StubContract>>(stub)
expectType<Client<StubContract>>(named)
