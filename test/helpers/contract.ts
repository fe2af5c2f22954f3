import { readFileSync } from 'node:fs'
import type { TSchema } from '@sinclair/typebox'
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

/** Generated and interpreted: every rule must hold for both. */
export const BOTH: readonly { readonly name: string, readonly interpreted: boolean }[] = [
  { name: 'generated', interpreted: false },
  { name: 'interpreted', interpreted: true },
]

export function readCorpus<T> (file: string): T {
  return JSON.parse(readFileSync(`${process.cwd()}/test/corpus/${file}`, 'utf8')) as T
}
