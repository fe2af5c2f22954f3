import t from 'tap'
import { createHash } from 'node:crypto'
import { emitPython } from '../../lib/codegen/python.js'
import type { ContractModel, DefinitionModel, TypeModel } from '../../types/model.js'
import { handModel } from '../helpers/model.js'

// What the types take is tested in python-values.test.ts, what the client does in python-client.test.ts; here is how they read.

function emit (model: ContractModel): string {
  const [file, ...others] = emitPython(model)
  t.same(others, [], 'one file')
  return file!.text
}

/** The declaration of a type `T`. */
function declared (type: DefinitionModel): string {
  const text = emit(handModel({}, [{ name: 'T', type }, { name: 'Other', type: { kind: 'object', properties: [] } }]))
  return /^(?:class T\(|T: |T = )[^]*?(?=\n\n\n)/m.exec(text)![0]
}

const object = (...properties: readonly (readonly [string, TypeModel, boolean?])[]): DefinitionModel =>
  ({ kind: 'object', properties: properties.map(([name, type, required = true]) => ({ name, type, required })) })

t.test('an object is a TypedDict with its notes', async t => {
  t.equal(declared({ ...object(['text', { kind: 'string', maxLength: 5 }], ['at', { kind: 'number', integer: true }, false]), description: 'What was "said".' }),
    `class T(TypedDict):
    """What was "said"."""

    text: str
    """At most 5 characters."""
    at: NotRequired[int]
    """Whole number."""`)
})

t.test('names that no field of a class can have, and those that would hide a type', async t => {
  for (const name of ['x y', 'class', '__x', 'list', 'Other', 'é', '']) {
    t.equal(declared(object([name, { kind: 'boolean' }])), `T = TypedDict("T", {\n    "${name}": "bool",\n})`)
  }
  t.match(declared(object(['_x', { kind: 'boolean' }])), /^class T\(TypedDict\):\n {4}_x: bool$/)
})

t.test('types as they stand behind a colon', async t => {
  const cases: readonly (readonly [DefinitionModel, string])[] = [
    [{ kind: 'any' }, 'Any'],
    [{ kind: 'bytes' }, 'bytes'],
    [{ kind: 'number', integer: false }, 'float'],
    [{ kind: 'values', values: [] }, 'Never'],
    [{ kind: 'values', values: [1, true, 1.5, null] }, 'Literal[1, True] | float | None'],
    [{ kind: 'array', items: { kind: 'ref', name: 'Other' } }, 'list[Other]'],
    [{ kind: 'tuple', items: [{ kind: 'boolean' }, { kind: 'string' }, { kind: 'string' }] }, 'list[bool | str]'],
    [{ kind: 'union', variants: [{ kind: 'string' }, { kind: 'any' }] }, 'Any'],
    [{ kind: 'all', parts: [{ kind: 'not', type: { kind: 'values', values: ['x'] } }, { kind: 'string' }] }, 'str'],
    [{ kind: 'object', properties: [{ name: 'a', required: true, type: { kind: 'boolean' } }], extra: { kind: 'string' } }, 'dict[str, str | bool]'],
  ]
  for (const [type, text] of cases) t.equal(declared(type), `T: TypeAlias = "${text}"`)
  t.equal(declared({ kind: 'values', values: [null] }), 'T: TypeAlias = None', 'mypy 2 takes a quoted one for no type')
})

t.test('text of an author ends nothing and hides nothing', async t => {
  const text = declared({ ...object(['x', { kind: 'string' }]), description: 'a """ b \\ c\u202e\u0000\u2028d', examples: ['"""'] })
  t.match(text, '"""a \\"\\"\\" b \\\\ c\n    d\n')
  t.match(declared({ kind: 'values', values: ['"\\\n\u202e\u{e0001}\ud800😀é'] }), '\\\\u202e\\\\U000e0001\\\\ud800😀é')
})

t.test('methods are named by messages, each once', async t => {
  const message = { payload: 'T', binary: false, roles: ['admin'], cost: 2.5, unknownProperties: 'refuse' } as const
  const types = [{ name: 'T', type: object() }] as const
  const text = emit(handModel({
    inbound: [{ ...message, type: 'a-b' }, { ...message, type: 'a.b' }, { ...message, type: 'messagePosted' }, { ...message, type: 'é' }],
    outbound: [{ type: 'class', payload: 'T', binary: false }],
  }, types))
  t.same([...text.matchAll(/^ {4}def (send_\w+|on_\w+|events_\w+)/gm)].map(match => match[1]),
    ['send_a_b', 'send_a_b_2', 'send_message_posted', 'send_ue9', 'on_class', 'events_class'])
  t.match(text, 'return self._send("a-b", data, 2.5)')
  t.match(text, 'Needs the role `admin`. Takes 2.5 tokens of the rate.')
})

t.test('close codes, pace and envelope are those of the model; parameters are asked for when they are needed', async t => {
  const text = emit(handModel({
    name: 'Chat.v2',
    envelope: { type: 'event', data: null, id: 'id' },
    params: 'P',
    query: 'Q',
    route: { public: true, rate: 100, burst: 5, handlerTimeout: 1000 },
  }, [{ name: 'P', type: object(['room', { kind: 'string' }]) }, { name: 'Q', type: object(['since', { kind: 'string' }, false]) }]))
  t.match(text, '_TYPE, _ID = "event", "id"\n_DATA: str | None = None\n')
  t.match(text, '_RATE, _BURST = 90, 4\n')
  t.match(text, '    1001: ("shutdown", True),\n    4401: ("unauthenticated", False),\n')
  t.match(text, '        params: P,\n        query: Q | None = None,\n')
  t.equal(emitPython(handModel({ name: 'Chat.v2' }))[0]!.path, 'chat_v2_client.py')
})

t.test('the last line is a hash of all others', async t => {
  const [, body, hash] = /^([^]*\n)# sha256-([0-9a-f]{16}) of all lines before\n$/.exec(emit(handModel()))!
  t.equal(createHash('sha256').update(body!).digest('hex').slice(0, 16), hash)
})
