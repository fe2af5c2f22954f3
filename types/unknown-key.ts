// What the compiler says of a key that nobody reads. A name that is off by one is told; nothing here is evaluated for
// keys that are right.

/** Each text that is left when one character of `S` is taken out. */
type Cuts<S extends string, Head extends string = ''> =
  S extends `${infer First}${infer Rest}` ? `${Head}${Rest}` | Cuts<Rest, `${Head}${First}`> : never

/**
 * Names at most one character added, left out, changed or swapped away from `K`: both come to the same with one cut.
 */
type Near<K extends string, Name> =
  Name extends string ? [Extract<K | Cuts<K>, Name | Cuts<Name>>] extends [never] ? never : Name : never

type Hint<Name extends string> = [Name] extends [never] ? '' : ` Did you mean '${Name}'?`

/** The sentence; of `Names`, those near to `K` are told. `Where`: ` in 'chat'`, or nothing. */
type Unknown<K, Names, Where extends string = ''> =
  `'${K & string}' does not exist${Where}.${Hint<Near<K & string, Names>>}`

/**
 * Nothing where `V` has no key but `Names`. Else a member that is not there, because the compiler then begins with its
 * name, which is the sentence.
 */
export type NoOther<V, Names, Where extends string = ''> =
  [keyof V] extends [Names]
    ? unknown
    : { readonly [K in Exclude<keyof V, Names> as Unknown<K, Names, Where>]: never }
