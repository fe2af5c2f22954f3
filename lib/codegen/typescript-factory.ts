import type { ContractModel } from '../../types/model.js'
import { DEFAULT_ENVELOPE } from '../protocol/envelope.js'
import { block, comment, literal } from './typescript-text.js'

/** What stands in or behind a contract's url. */
interface UrlTypes {
  /** Type of the values of its `:names`; null where it has none. */
  readonly params: string | null
  /** Type of its query string; null where the contract declares none. */
  readonly query: string | null
}

function urlTypesOf ({ url, params, query }: ContractModel): UrlTypes {
  const names = [...url.matchAll(/\/:(\w+)/g)].map(([, name]) => `readonly ${name}: string`)
  return { params: names.length === 0 ? null : params ?? `{ ${names.join(', ')} }`, query: query ?? null }
}

/** Arguments of `envelope()`, or null where the client's own codec will do. */
function envelopeArguments ({ envelope, inbound, outbound }: ContractModel): string | null {
  const binary = outbound.find(message => message.binary)?.type
  const entries = [
    ...(['type', 'data', 'id'] as const).filter(key => envelope[key] !== DEFAULT_ENVELOPE[key])
      .map(key => `${key}: ${literal(envelope[key])}`),
    ...(binary === undefined ? [] : [`binary: ${literal(binary)}`]),
  ]
  if (entries.length > 0) return `{ ${entries.join(', ')} }`
  return inbound.some(message => message.binary) ? '{}' : null
}

/** What a generated file takes from the client. */
export function importsOf (model: ContractModel): string[] {
  const { params, query } = urlTypesOf(model)
  const values = [
    ...(params === null ? [] : ['ClientError']),
    'createClient',
    ...(envelopeArguments(model) === null ? [] : ['envelope']),
    ...(params === null && query === null ? [] : ['urlOf']),
  ]
  const types = [
    ...(params === null ? [] : ['AddressSource']),
    'Client',
    'ClientOptions',
    ...(params === null ? [] : ['UrlParts']),
  ]
  return [
    `import { ${values.join(', ')} } from 'fastify-ws-guard/client'`,
    `import type { ${types.join(', ')} } from 'fastify-ws-guard/client'`,
  ]
}

/** The client's type, what it is made of, and the function that makes it. */
export function factoryOf (model: ContractModel): string[] {
  const { typeName } = model
  const contract = `${typeName}Contract`
  return [
    `/** A client of the contract ${contract}. */`,
    `export interface ${typeName}Client extends Client<${contract}> {}`,
    '',
    ...made(model),
  ]
}

function made (model: ContractModel): string[] {
  const { params, query } = urlTypesOf(model)
  if (params !== null) return withParams(model, params, query)
  return query === null ? bare(model) : withQuery(model, query)
}

const NOTE = '/** Makes a client. Nothing is connected before the first use. */'

function bare (model: ContractModel): string[] {
  const { typeName } = model
  return [
    NOTE,
    `export function create${typeName}Client (options: ClientOptions<${typeName}Contract>): ${typeName}Client {`,
    `  return createClient<${typeName}Contract>({ ${preset(model)}, ...options })`,
    '}',
  ]
}

function withQuery (model: ContractModel, query: string): string[] {
  const { typeName } = model
  return [
    `/** What \`create${typeName}Client\` takes. */`,
    `export interface ${typeName}Options extends ClientOptions<${typeName}Contract> ${block(queryMember(query))}`,
    '',
    NOTE,
    `export function create${typeName}Client ({ url, query, ...options }: ${typeName}Options): ${typeName}Client {`,
    ...filledIn(model, 'query'),
    '}',
  ]
}

/** A `string` may have names or not: then it is not the type that tells, but the program when it runs. */
function withParams (model: ContractModel, params: string, query: string | null): string[] {
  const { typeName, url } = model
  const contract = `${typeName}Contract`
  const options = `${typeName}Options`
  const parts = query === null ? 'params' : 'params, query'
  const text = [`With names, as in \`${url}\`, and \`params\` beside it; or whole, without.`]
  const members = block([
    ...comment({ text, examples: [], deprecated: false }),
    'readonly url: U',
    ...(query === null ? [] : queryMember(query)),
  ])
  return [
    `/** What \`create${typeName}Client\` takes. */`,
    `export type ${options}<U extends AddressSource = AddressSource> = ` +
      `ClientOptions<${contract}> & ${members} & (`,
    `  U extends \`\${string}/:\${string}\` ? { readonly params: ${params} }`,
    `    : string extends U ? { readonly params?: ${params} } : { readonly params?: never }`,
    ')',
    '',
    '/**',
    ' * Makes a client. Nothing is connected before the first use. Throws where `params` are missing, or stand beside',
    ' * a whole url.',
    ' */',
    `export function create${typeName}Client<const U extends AddressSource> (`,
    `  options: ${options}<U>`,
    `): ${typeName}Client`,
    `export function create${typeName}Client (`,
    `  { url, ${parts}, ...options }: ClientOptions<${contract}> & UrlParts<${contract}>`,
    `): ${typeName}Client {`,
    "  const hasNames = typeof url === 'string' && /\\/:\\w/.test(url)",
    '  if (hasNames !== (params !== undefined)) {',
    "    const message = 'params: expected beside a url with names, and nowhere else'",
    "    throw new ClientError(hasNames ? 'connect_failed' : 'unknown_option', { message })",
    '  }',
    ...filledIn(model, parts),
    '}',
  ]
}

const queryMember = (query: string): string[] => [
  '/** The query string; a function is asked before each attempt. */',
  `readonly query?: ${query} | (() => ${query})`,
]

function filledIn (model: ContractModel, parts: string): string[] {
  const contract = `${model.typeName}Contract`
  return [
    `  const address = urlOf<${contract}>(typeof url === 'function' ? url : () => url, { ${parts} })`,
    `  return createClient<${contract}>({ ${preset(model)}, ...options, url: address })`,
  ]
}

/** Options that follow from the contract. */
function preset (model: ContractModel): string {
  const codec = envelopeArguments(model)
  const fingerprint = `fingerprint: ${literal(model.fingerprint)}`
  return codec === null ? fingerprint : `${fingerprint}, codec: envelope(${codec})`
}
