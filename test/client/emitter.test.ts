import t from 'tap'
import { createEmitter } from '../../lib/client/emitter.js'

/** What goes to the console while `run` is under way. */
async function logged (run: () => unknown): Promise<unknown[]> {
  const lines: unknown[] = []
  const { error } = console
  console.error = (...args: unknown[]) => { lines.push(...args) }
  try {
    await run()
    await new Promise(resolve => setImmediate(resolve))
  } finally {
    console.error = error
  }
  return lines
}

t.test('listeners hear their own messages until they are taken off', async t => {
  const { add, emit } = createEmitter()
  const heard: unknown[] = []
  const listener = (data: never): unknown => heard.push(data)
  const off = add('said', listener)
  add('said', listener)
  emit('said', 1)
  emit('left', 2)
  off()
  off()
  emit('said', 3)
  t.same(heard, [1])
})

t.test('a listener that takes another one off, or adds one, disturbs nobody', async t => {
  const { add, emit } = createEmitter()
  const heard: string[] = []
  add('said', () => { offSecond(); add('said', () => heard.push('late')) })
  const offSecond = add('said', () => heard.push('second'))
  emit('said')
  t.same(heard, ['second'])
  emit('said')
  t.same(heard, ['second', 'late'])
})

t.test('names of prototypes are names like others', async t => {
  const { add, emit } = createEmitter()
  const heard: unknown[] = []
  emit('__proto__', 1)
  emit('constructor', 1)
  add('__proto__', data => heard.push(data))
  emit('__proto__', 2)
  t.same(heard, [2])
})

t.test('what a listener throws or rejects with goes to the console, and stops no other', async t => {
  const { add, emit } = createEmitter()
  const heard: unknown[] = []
  add('said', () => { throw new Error('at once') })
  add('said', async () => { throw new Error('later') })
  add('said', data => heard.push(data))
  const lines = await logged(() => emit('said', 1))
  t.same(heard, [1])
  t.same(lines.map(line => (line as Error).message), ['at once', 'later'])
})

t.test('an error that nobody listens for goes to the console', async t => {
  const { add, emit } = createEmitter()
  t.same(await logged(() => emit('error', 'x')), ['x'])
  add('error', () => {})
  t.same(await logged(() => emit('error', 'x')), [])
})
