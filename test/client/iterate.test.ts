import t from 'tap'
import { createEmitter } from '../../lib/client/emitter.js'
import { iterate, type IterateOptions, type MessageIterator } from '../../lib/client/iterate.js'

interface Bench {
  readonly emit: (key: string, data?: unknown) => void
  readonly iterate: (key: string, options?: IterateOptions) => MessageIterator<never>
}

function bench (): Bench {
  const { add, emit } = createEmitter()
  return { emit, iterate: (key, options) => iterate(listener => add(key, listener), listener => add('$closed', listener), options) }
}

t.test('an iterator loses nothing that came before its first step', async t => {
  const { emit, iterate } = bench()
  const said = iterate('said')
  emit('said', 1)
  emit('said', 2)
  const heard: unknown[] = []
  for await (const data of said) {
    heard.push(data)
    if (data === 2) emit('said', 3)
    if (data === 3) break
  }
  t.same(heard, [1, 2, 3])
  emit('said', 4)
  t.same(await said.next(), { done: true, value: undefined })
})

t.test('its buffer is bounded: the oldest are dropped, and counted', async t => {
  const { emit, iterate } = bench()
  const said = iterate('said', { buffer: 3 })
  for (let n = 1; n <= 10; n++) emit('said', n)
  t.equal(said.dropped, 7)
  t.equal((await said.next()).value, 8)
})

t.test('it ends with its signal, and when the client is closed', async t => {
  const { emit, iterate } = bench()
  const controller = new AbortController()
  const byClose = iterate('said')
  const bySignal = iterate('said', { signal: controller.signal })
  const pending = bySignal.next()
  controller.abort()
  t.same(await pending, { done: true, value: undefined })
  emit('said', 1)
  emit('$closed')
  t.equal((await byClose.next()).value, 1, 'what has come is still delivered')
  t.equal((await byClose.next()).done, true)
  t.equal((await iterate('said', { signal: AbortSignal.abort() }).next()).done, true)
})
