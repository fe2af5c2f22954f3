import type { WhenSlow } from '../../types/contract.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'

// What a contract is made of: types only.

/** A schema as it was written, and what it is called in boot errors: `contract "chat", inbound "say"`. */
export interface DeclaredSchema {
  readonly where: string
  readonly schema: unknown
}

export interface Rules {
  /** Null: nobody needs any. */
  readonly roles: readonly string[] | null
  /** Null: derived from what its texts can cost. */
  readonly cost: number | null
  /** Milliseconds; null: the plugin's. */
  readonly deadline: number | null
  readonly unknownProperties: 'refuse' | 'drop'
  /** Of outbound messages. */
  readonly whenSlow: WhenSlow
  readonly description: string | null
}

/** A message. `S` is what stands for a schema: as it was written, or read into a tree. */
export interface Message<S> {
  readonly type: string
  readonly where: string
  readonly rules: Rules
  readonly payload: S
}

/** A message that gets one reply; `payload` is its request. */
export interface Call<S> extends Message<S> {
  readonly reply: S
  readonly errors: ReadonlyMap<string, S>
}

/** A contract without surprises: every key is known, every rule is of its type, every name can be used. */
export interface Declaration<S = DeclaredSchema> {
  /** How the contract is called in boot errors. */
  readonly label: string
  readonly name: string
  readonly url: string
  readonly description: string | null
  readonly envelope: EnvelopeKeys
  readonly params: S | null
  readonly query: S | null
  readonly inbound: readonly Message<S>[]
  readonly outbound: readonly Message<S>[]
  readonly calls: readonly Call<S>[]
}
