import { readFileSync } from 'node:fs'
import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { compileContract, type CompileOptions } from '../../lib/contract/compile.js'
import type { CompiledInbound, ContractSpec, MessageRules } from '../../types/contract.js'

/** A contract with this one inbound message, `m`. */
export function oneMessage (payload: TSchema, rules: MessageRules = {}): ContractSpec {
  return { name: 'test', url: '/test', inbound: { m: { payload, ...rules } } }
}

/** The message `m`, compiled. */
export function compileMessage (payload: TSchema, options: CompileOptions = {}, rules: MessageRules = {}): CompiledInbound {
  return compileContract(oneMessage(payload, rules), options).inbound.get('m')!
}

/** TypeBox's own verdict on the schema as it was written. */
export function typeBoxCheck (schema: TSchema): (value: unknown) => boolean {
  const compiled = TypeCompiler.Compile(schema)
  return value => compiled.Check(value)
}

const TERM = /\+?'((?:[^'\\]|\\[\\n])*)'(\.repeat\(n\))?/y

/** The function of a corpus' recipe, `n=>'a'.repeat(n)+'!'`, read rather than run. */
export function attackOf (recipe: string): (n: number) => string {
  if (!recipe.startsWith('n=>')) throw new Error(`no recipe: ${recipe}`)
  const terms: { readonly text: string, readonly repeated: boolean }[] = []
  for (TERM.lastIndex = 3; TERM.lastIndex < recipe.length;) {
    const term = TERM.exec(recipe)
    if (term === null) throw new Error(`no recipe: ${recipe}`)
    terms.push({ text: JSON.parse(`"${term[1]!.replaceAll('"', '\\"')}"`) as string, repeated: term[2] !== undefined })
  }
  return n => terms.map(({ text, repeated }) => repeated ? text.repeat(n) : text).join('')
}

export function readCorpus<T> (file: string): T {
  return JSON.parse(readFileSync(`${process.cwd()}/test/corpus/${file}`, 'utf8')) as T
}
