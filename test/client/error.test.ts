import t from 'tap'
import { ClientError, type LocalCode } from '../../lib/client/error.js'
import { readText } from '../helpers/sources.js'

t.test('an error has its code, its text and what is known', async t => {
  const cause = new Error('why')
  const error = new ClientError('timeout', { type: 'history', cause, retryAfter: 5 })
  t.ok(error instanceof Error)
  t.match(error, { name: 'ClientError', message: 'timeout', code: 'timeout', type: 'history', cause, retryAfter: 5 })
  t.equal(new ClientError('full', { message: 'No seat left' }).message, 'No seat left')
  t.match(String(error), /ClientError: timeout/)
})

t.test('the page has a row for each code of this side', async t => {
  const codes: { readonly [code in LocalCode]: true } = {
    aborted: true, bad_message: true, closed: true, connect_failed: true, disconnected: true, queue_full: true, timeout: true, unknown_option: true,
  }
  const table = /\| code \| when \|\n.*\n((?:\|.*\n)+)/.exec(readText('docs/clients.md'))?.[1] ?? ''
  t.same(table.split('\n').flatMap(row => /^\| `(\w+)`/.exec(row)?.[1] ?? []).sort(), Object.keys(codes).sort())
})
