import type { ContractModel, DefinitionModel } from '../../types/model.js'
import { DEFAULT_RATE } from '../contract/default-rate.js'
import { hasRequired, type Types, typesOf } from '../model/types-by-name.js'
import { callNotes, contractNotes, inboundNotes, type Notes, outboundNotes, sentences } from './notes.js'
import { PYTHON_CONNECTION } from './python-connection.js'
import { PYTHON_RUNTIME } from './python-runtime.js'
import { docstring, indented, pythonString, snakeCase } from './python-text.js'
import { pythonTypes } from './python-types.js'
import { PYTHON_WIRE } from './python-wire.js'
import { type GeneratedFile, stamp } from './stamp.js'

/** A client in Python 3.11: its types as TypedDicts, and a client for asyncio. One file; it needs `websockets` only. */
export function emitPython (model: ContractModel): readonly GeneratedFile[] {
  const body = [
    ...docstring(contractNotes(model)),
    '',
    ...IMPORTS,
    '',
    ...constants(model),
    ...pythonTypes(model.types),
    '',
    ...PYTHON_WIRE.trimEnd().split('\n'),
    '',
    ...PYTHON_RUNTIME.trimEnd().split('\n'),
    ...PYTHON_CONNECTION.trimEnd().split('\n'),
    '',
    '',
    ...clientOf(model),
    '',
  ].join('\n')
  return [{ path: `${snakeCase(model.name)}_client.py`, text: stamp('#', model, body) }]
}

const IMPORTS = [
  'from __future__ import annotations',
  '',
  'import asyncio',
  'import collections',
  'import dataclasses',
  'import inspect',
  'import json',
  'import logging',
  'import random',
  'import re',
  'import urllib.parse',
  'from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping',
  'from typing import Any, Generic, Literal, Never, NotRequired, TypeAlias, TypedDict, TypeVar, cast',
  '',
  'import websockets',
  'import websockets.exceptions',
]

function constants ({ envelope, fingerprint, outbound, closeCodes, route }: ContractModel): string[] {
  const optional = (text: string | null | undefined): string => typeof text === 'string' ? pythonString(text) : 'None'
  const { rate, burst } = route ?? DEFAULT_RATE
  return [
    `_FINGERPRINT = ${pythonString(fingerprint)}`,
    `_TYPE, _ID = ${pythonString(envelope.type)}, ${pythonString(envelope.id)}`,
    `_DATA: str | None = ${optional(envelope.data)}`,
    `_BINARY: str | None = ${optional(outbound.find(message => message.binary)?.type)}`,
    // A tenth below what the server allows: its clock is another.
    `_RATE, _BURST = ${rate * 0.9}, ${Math.max(1, Math.floor(burst * 0.9))}`,
    '_CLOSE_CODES: dict[int, tuple[str, bool]] = {',
    // 1013 has two names.
    ...closeCodes.filter(({ code }, index) => closeCodes[index + 1]?.code !== code).map(({ code, name, retryable }) =>
      `    ${code}: (${pythonString(name)}, ${retryable ? 'True' : 'False'}),`),
    '}',
  ]
}

function clientOf (model: ContractModel): string[] {
  const types = typesOf(model)
  const typeOf = (name: string): DefinitionModel => types.get(name)!
  return [
    `class ${model.typeName}Client(_Client):`,
    ...indented([
      ...docstring(sentences(`A client of the contract ${model.name}. Nothing is connected before the first use.`)),
      '',
      ...constructorOf(model, types),
      ...named(model.inbound, ({ type, payload, cost, ...rules }, name) => method(
        `def send_${name}(self, data: ${payload}) -> bool:`,
        inboundNotes({ type, payload, cost, ...rules }, typeOf(payload)),
        `return self._send(${pythonString(type)}, data, ${cost})`
      )),
      ...named(model.calls, (call, name) => method(
        `async def call_${name}(self, request: ${call.request}, timeout: float | None = None) -> ${call.reply}:`,
        callNotes(call),
        `return cast(${call.reply}, await self._call(${pythonString(call.type)}, request, timeout, ${call.cost}))`
      )),
      ...named(model.outbound, (message, name) => [
        ...method(
          `def on_${name}(self, listener: Callable[[${message.payload}], object]) -> Callable[[], None]:`,
          outboundNotes(message, typeOf(message.payload)),
          `return self._on(${pythonString(message.type)}, listener)`
        ),
        ...method(
          `def events_${name}(self) -> AsyncIterator[${message.payload}]:`,
          sentences('The same, for `async for`. Ends with the client.'),
          `return cast(AsyncIterator[${message.payload}], self._events(${pythonString(message.type)}))`
        ),
      ]),
    ]),
  ]
}

function method (head: string, notes: Notes, body: string): string[] {
  return ['', head, ...indented([...docstring(notes), body])]
}

/** Gives each message a name of its own for methods: `a-b` and `a.b` are `a_b` and `a_b_2`. */
function named<M extends { readonly type: string }> (
  messages: readonly M[], write: (message: M, name: string) => readonly string[]
): string[] {
  const taken = new Set<string>()
  return messages.flatMap(message => {
    const base = snakeCase(message.type)
    let name = base
    for (let count = 2; taken.has(name); count++) name = `${base}_${count}`
    taken.add(name)
    return write(message, name)
  })
}

function constructorOf (model: ContractModel, types: Types): string[] {
  const argument = (name: string, type: string | undefined): string[] => {
    if (type === undefined) return []
    return hasRequired(types.get(type)!, types) ? [`${name}: ${type},`] : [`${name}: ${type} | None = None,`]
  }
  const given = (type: string | undefined, name: string): string => type === undefined ? 'None' : name
  return [
    'def __init__(',
    ...indented([
      'self,',
      'url: str | Callable[[], str | Awaitable[str]],',
      '*,',
      ...argument('params', model.params),
      ...argument('query', model.query),
      'auth: Callable[[bool], str | None | Awaitable[str | None]] | None = None,',
      'carrier: Literal["bearer", "ticket", "message"] = "bearer",',
      'headers: Mapping[str, str] | Callable[[], Mapping[str, str] | Awaitable[Mapping[str, str]]] | None = None,',
      'origin: str | None = None,',
      'retry: Callable[[int, str], bool | None] | None = None,',
      ...rule('offline', model.inbound, names => `Mapping[${names}, Literal["queue", "drop"]] | None = None`),
      ...rule('idempotent', model.calls, names => `Collection[${names}] = ()`),
      'check: Callable[[str, Any, Literal["message", "reply"]], bool] | None = None,',
      'timeout: float = 15,',
      'queue: int = 256,',
      'rate: float | None = None,',
      'burst: float | None = None,',
      'on_state: Callable[[str, int | None, str], object] | None = None,',
      'on_error: Callable[[Exception], object] | None = None,',
    ]),
    ') -> None:',
    ...indented([
      ...CONSTRUCTOR_NOTES,
      'super().__init__(',
      `    url, ${given(model.params, 'params')}, ${given(model.query, 'query')}, auth, carrier, headers, origin,`,
      `    retry, ${model.inbound[0] ? 'offline' : 'None'}, ${model.calls[0] ? 'idempotent' : '()'}, check,`,
      '    timeout, queue, rate, burst, on_state, on_error)',
    ]),
  ]
}

/** An option whose keys are messages, where there are any. */
function rule (
  name: string, messages: readonly { readonly type: string }[], write: (names: string) => string
): string[] {
  if (messages.length === 0) return []
  const names = messages.map(({ type }) => pythonString(type)).join(', ')
  return [`${name}: ${write(`Literal[${names}]`)},`]
}

const CONSTRUCTOR_NOTES = [
  '"""Options, as in docs/clients.md. Times are in seconds.',
  '',
  'url: where to connect, such as "wss://app.example.com/rooms/:room"; a function is asked before each attempt.',
  'auth: asked before each attempt; what it returns is offered as the subprotocol bearer.<token>. Its argument is True',
  '    when the server has just closed 4401: once, then the client ends. Asked again before the token ends: the next',
  '    one takes its place over the open connection.',
  'carrier: ticket offers ticket.<...> instead; message sends the token as the first message, where it may hold any',
  '    character.',
  'headers: of the handshake, a Cookie for example. origin: the Origin header, for servers that want one.',
  'retry: overrides the table of close codes; None leaves it to the table.',
  'offline: a message while there is no connection: it waits (queue, the default), or send returns False (drop).',
  'idempotent: calls that may be made twice: sent again when the connection broke before their reply. Others fail.',
  'check: looks at each message and reply; what does not fit is the error bad_message.',
  'timeout: of a call and of a handshake. queue: messages that wait at most; beyond that send returns False.',
  'rate, burst: messages per second, and at once after silence. Default: a tenth below what the server takes. Where it',
  '    has less for you, say so: what was refused is not sent again. The property pace is what counts at present.',
  'on_state: idle, connecting, open, waiting or closed, with close code and reason of what was lost.',
  'on_error: refusals that belong to no call, and what a listener raised; without it they go to the log.',
  '"""',
]
