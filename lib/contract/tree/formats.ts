import { FormatRegistry } from '@sinclair/typebox'
import { fullFormats } from 'ajv-formats/dist/formats.js'

// Tested in test/contract/formats.test.ts.

// TypeBox 0.34 knows no format by itself. The tests are those of ajv-formats: Fastify brings that package already (no
// byte more to install), and a format means the same on an HTTP route and on a socket. Only formats that stayed linear
// under attack strings are taken. Left out on purpose: `url` (super-linear: 29 ms at 4 KB; the `url` text policy is the
// better check), `regex` (compiles what a peer sent), `byte` (its m flag accepts any line of several), `iso-time` and
// `iso-date-time` (no time zone), `password` and `binary` (accept anything), and the formats of numbers.
const NAMES = [
  'date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference',
  'uri-template', 'uuid',
  'json-pointer', 'json-pointer-uri-fragment', 'relative-json-pointer',
] as const

// ajv-formats takes more than RFC 3339 and RFC 4122 say: any white space for the T, no colon in the offset,
// "urn:uuid:".
const STRICTER: { readonly [name: string]: RegExp } = {
  time: /^[^+-]+(?:z|[+-]\d\d:\d\d)$/i,
  'date-time': /^.{10}t[^+-]+(?:z|[+-]\d\d:\d\d)$/i,
  uuid: /^[0-9a-f]/i,
}

type Test = (value: string) => boolean

function testOf (name: typeof NAMES[number]): Test {
  const format: unknown = fullFormats[name]
  const found = typeof format === 'object' && format !== null && 'validate' in format ? format.validate : format
  const base: Test = found instanceof RegExp ? value => found.test(value) : found as Test
  const stricter = STRICTER[name]
  return stricter === undefined ? base : value => stricter.test(value) && base(value)
}

/**
 * Puts the formats into TypeBox's registry, which is one per process. What is registered already stays: the
 * application's own meaning of a name wins, whether it comes before or (through `FormatRegistry.Set`) after.
 * Idempotent.
 */
export function registerFormats (): void {
  for (const name of NAMES) {
    if (!FormatRegistry.Has(name)) FormatRegistry.Set(name, testOf(name))
  }
}
