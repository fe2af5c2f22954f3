import t from 'tap'
import { contractNotes, typeNotes } from '../../lib/codegen/notes.js'
import type { DefinitionModel } from '../../types/model.js'
import { handModel } from '../helpers/model.js'

t.test('limits of a type are said in words', async t => {
  const cases: readonly (readonly [DefinitionModel, string])[] = [
    [{ kind: 'boolean' }, ''],
    [{ kind: 'number', integer: false }, ''],
    [{ kind: 'number', integer: true, minimum: 1, maximum: 9, multipleOf: 2 }, 'Whole number, 1 to 9, a multiple of 2.'],
    [{ kind: 'number', integer: false, exclusiveMinimum: 0, exclusiveMaximum: 1 }, 'Above 0, below 1.'],
    [{ kind: 'string', minLength: 1, maxLength: 1 }, 'Exactly 1 character.'],
    [{ kind: 'string', minLength: 2, format: 'email' }, 'At least 2 characters, format `email`.'],
    [{ kind: 'string', pattern: { source: '^a$', flags: 'u' } }, 'Matches `/^a$/u`.'],
    [{ kind: 'string', maxLength: 9, text: { policy: 'line', clean: true } }, 'At most 9 characters, text policy `line` (the server cleans it).'],
    [{ kind: 'bytes', maxBytes: 1 }, 'At most 1 byte.'],
    [{ kind: 'array', items: { kind: 'string', maxLength: 2 }, minItems: 1, uniqueItems: true }, 'At least 1 item, none of them twice. Each item: at most 2 characters.'],
    [{ kind: 'object', properties: [], maxProperties: 3, extraNames: '^a' }, 'At most 3 properties, names match `^a`.'],
  ]
  for (const [type, text] of cases) t.same(typeNotes(type).text, text === '' ? [] : [text], JSON.stringify(type))
})

t.test('what the author wrote comes first: a description, else the title', async t => {
  t.same(typeNotes({ kind: 'string', maxLength: 2, title: 'A', description: 'B', deprecated: true, examples: ['x', { y: 1 }] }),
    { text: ['B', 'At most 2 characters.'], examples: ['"x"', '{"y":1}'], deprecated: true })
  t.same(typeNotes({ kind: 'string', title: 'A' }).text, ['A'])
})

t.test('the rate is told where an application is known', async t => {
  t.notMatch(contractNotes(handModel()).text.join(), 'per second')
  const route = { public: true, rate: 20, burst: 40, handlerTimeout: 10 }
  t.match(contractNotes(handModel({ route })).text.join(), 'A connection may send 20 messages per second, 40 saved up.')
  const budgets = [{ name: 'tenant', rate: 500, burst: 1000 }, { name: 'plan' }]
  t.match(contractNotes(handModel({ route: { ...route, budgets } })).text.join(), '40 saved up. All that share the budget `tenant` together: ' +
    '500 messages per second, 1000 saved up. All that share the budget `plan` together: as many messages per second as the server decides.')
})
