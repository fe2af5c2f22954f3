// Tested in test/contract/declaration.test.ts.

/**
 * A contract can't be compiled safely: names the contract, the message, the path, and what to write instead. Apart from
 * the other coded errors because @fastify/error needs node:util, and contracts are checked in browsers too.
 */
export class WSG_ERR_CONTRACT extends TypeError {
  readonly code = 'WSG_ERR_CONTRACT'
  readonly statusCode = 500
  override readonly name = 'ContractError'
  /** The page that says what to do. */
  readonly help = 'https://github.com/fastify-ws-guard/fastify-ws-guard/blob/main/docs/contract.md'
}

/** Throws WSG_ERR_CONTRACT. `path` is a JSON pointer into the data. */
export function failContract (where: string, path: string, problem: string): never {
  throw new WSG_ERR_CONTRACT(`${where}${path === '' ? '' : `, ${path.slice(0, 128)}`}: ${problem}`)
}
