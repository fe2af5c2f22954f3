// Tested in test/codegen/cli.test.ts.

import { parseArgs } from 'node:util'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { didYouMean } from '../errors/nearest.js'

/** Options of a command, as `parseArgs` of Node.js takes them. */
interface Options { readonly [name: string]: { readonly type: 'string' | 'boolean' } }

interface Shape<O extends Options> { readonly args: string[], readonly options: O, readonly allowPositionals: true }

/**
 * `parseArgs`, whose errors are ours: WSG_ERR_GENERATE for an option that the command has not (with the nearest right
 * name), that comes twice, or that has no value or one too many.
 */
export function readCommandLine<const O extends Options> (
  command: string, args: string[], options: O
): ReturnType<typeof parseArgs<Shape<O>>> {
  const shape: Shape<O> = { args, options, allowPositionals: true }
  const { tokens } = parseArgs({ ...shape, strict: false, tokens: true })
  const names = Object.keys(options).map(name => `--${name}`)
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const known = Object.hasOwn(options, name) ? options[name] : undefined
    if (known === undefined) {
      const expected = names.length === 0 ? 'no option' : `options ${names.join(', ')}`
      refuse(command, expected, `${rawName}${didYouMean(rawName, names)}`)
    }
    if (seen.has(name)) refuse(command, `${rawName} once`, 'it twice')
    seen.add(name)
    if (known.type === 'boolean' && value !== undefined) refuse(command, `${rawName} without a value`, value)
    // The next option is no value: one that begins so is written behind `=`.
    if (known.type === 'string' && (!value || (!inlineValue && value.startsWith('-')))) {
      refuse(command, `a value behind ${rawName}`, value || 'nothing')
    }
  }
  return parseArgs(shape)
}

function refuse (command: string, expected: string, got: string): never {
  throw new WSG_ERR_GENERATE(`${command}: expected ${expected}, got ${got}`)
}
