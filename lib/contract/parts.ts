import type { WhenSlow } from '../../types/contract.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'

// What a contract is made of: types only. `S` is what stands for a schema, such as the tree it is read into.

/** What a schema is written for. */
export interface Use {
  /** Contract and message, for boot errors: `contract "chat", inbound "say"`. */
  readonly where: string
  /** `inbound` comes from a peer and must be bounded, path parameters and query as well; `outbound` is ours. */
  readonly direction: 'inbound' | 'outbound'
  /** What becomes of properties that the schema does not declare. Default `refuse`. */
  readonly unknown?: 'refuse' | 'drop'
  /** The whole payload may be a binary frame. Default false. */
  readonly binary?: boolean
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

export interface Message<S> {
  readonly type: string
  /** How it is called in boot errors. */
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
export interface Declaration<S> {
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
