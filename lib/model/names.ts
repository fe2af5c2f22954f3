/**
 * Names that a generated file needs for something else: what TypeScript and Python have built in, and what our files
 * import. Types of these names get `Type` behind them, in all languages the same.
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...['AddressSource', 'Array', 'Boolean', 'Client', 'ClientError', 'ClientOptions', 'Date', 'Error', 'Function'],
  ...['Infinity', 'Map', 'NaN', 'Number', 'UrlParts'],
  ...['Object', 'Omit', 'Partial', 'Pick', 'Promise', 'Readonly', 'Record', 'Required', 'Set', 'String', 'Symbol'],
  ...['Uint8Array', 'WebSocket', 'Any', 'AsyncIterator', 'Awaitable', 'Callable', 'ClassVar', 'Dict', 'Enum'],
  ...['Exception', 'False', 'Final', 'Generic', 'Iterable', 'List', 'Literal', 'Mapping', 'None', 'NotRequired'],
  ...['Optional', 'Protocol', 'Sequence', 'True', 'Tuple', 'Type', 'TypeAlias', 'TypedDict', 'TypeVar', 'Union'],
])

/** Endings of the names that generated files make of a contract's own. */
const ENDINGS = ['', 'Contract', 'Client', 'Options']

/** `message.posted` and `message-posted` are `MessagePosted`; what is not ASCII is written as its number. */
export function pascalCase (text: string): string {
  const ascii = text.replace(/[^\x20-\x7e]/gu, char => ` U${char.codePointAt(0)!.toString(16)} `)
  const parts = ascii.split(/[^A-Za-z0-9]+/).filter(part => part !== '')
  const name = parts.map(part => part[0]!.toUpperCase() + part.slice(1)).join('')
  return /^[A-Z]/.test(name) ? name : `N${name}`
}

/** Hands out names for types: each one once, and none that is taken by the languages or the contract itself. */
export class Names {
  readonly #taken = new Set<string>()

  constructor (contract: string) {
    for (const ending of ENDINGS) this.#taken.add(contract + ending)
  }

  /** `wanted` in PascalCase, or the first of `wanted2`, `wanted3`, … that is free. */
  take (wanted: string): string {
    const base = RESERVED.has(wanted) ? `${wanted}Type` : wanted
    let name = base
    for (let count = 2; this.#taken.has(name); count++) name = `${base}${count}`
    this.#taken.add(name)
    return name
  }
}
