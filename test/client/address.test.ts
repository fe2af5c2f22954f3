import t from 'tap'
import { addressOf, urlOf } from '../../lib/client/address.js'

t.test('names of the path are filled in, and http becomes ws', async t => {
  t.equal(addressOf('wss://app.example.com:8443/rooms/:room', { room: 'lobby' }), 'wss://app.example.com:8443/rooms/lobby')
  t.equal(addressOf('https://app.example.com/:a/x/:b', { a: 1, b: 'two' }), 'wss://app.example.com/1/x/two')
  t.equal(addressOf(new URL('http://localhost:3000/rooms/lobby')), 'ws://localhost:3000/rooms/lobby', 'a port is no name')
  t.equal(addressOf('wss://http.example.com/http/:a', { a: 'http' }, { to: 'http' }), 'wss://http.example.com/http/http?to=http', 'of the scheme only')
})

t.test('a value stays one segment of the path', async t => {
  t.equal(addressOf('ws://h/rooms/:room', { room: 'a/b?c#d é' }), 'ws://h/rooms/a%2Fb%3Fc%23d%20%C3%A9')
  t.equal(addressOf('ws://h/rooms/:room', { room: '...' }), 'ws://h/rooms/...')
  for (const room of ['', '.', '..', undefined, null]) {
    t.throws(() => addressOf('ws://h/rooms/:room', { room }), { code: 'connect_failed', message: /params\.room/ }, String(room))
  }
  t.throws(() => addressOf('ws://h/rooms/:room', {}), { code: 'connect_failed' })
})

t.test('the query is appended; what is undefined is left out, a list comes several times', async t => {
  t.equal(addressOf('ws://h/x?a=1', {}, { since: 7, q: 'a&b', none: undefined, tag: ['x', 'y'] }), 'ws://h/x?a=1&since=7&q=a%26b&tag=x&tag=y')
})

t.test('a relative address is of the page; without a page it is none', async t => {
  t.throws(() => addressOf('/rooms/lobby'), { code: 'ERR_INVALID_URL' })
  const page = globalThis as { location?: object }
  page.location = { href: 'https://app.example.com/chat?x#y' }
  t.teardown(() => { delete page.location })
  t.equal(addressOf('/rooms/:room', { room: 'lobby' }), 'wss://app.example.com/rooms/lobby')
})

t.test('a url with names asks for its parts at each attempt', async t => {
  let n = 0
  const url = urlOf(async () => `ws://h${n}/rooms/:room`, { params: { room: 'a b' }, query: () => ({ since: ++n }) })
  t.same([await url(), await url()], ['ws://h0/rooms/a%20b?since=1', 'ws://h1/rooms/a%20b?since=2'])
})

t.test('a name without a value is a fault of the program, told where it is made', async t => {
  for (const address of ['ws://h/rooms/:room', '/rooms/:room', new URL('ws://h/rooms/:room')]) {
    t.throws(() => urlOf(address as string, {}), { code: 'connect_failed', message: 'params.room' })
    t.throws(() => urlOf(address as string, { params: { rom: 'x' } }), { code: 'connect_failed', message: 'params.room' })
  }
  urlOf('/rooms/:room', { params: { room: 'x' } })
  // What a function gives is known with the first attempt.
  await t.rejects(urlOf(() => 'ws://h/rooms/:room', {})(), { code: 'connect_failed' })
})
