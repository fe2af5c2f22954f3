// 'fastify-ws-guard/contract': what a contract file needs, in the server and in the browser. No server code.
export { adaptContract, defineContract } from './contract/define.js'
export { html, identifier, line, text, url } from './contract/text/builders.js'
export { identifierKey } from './contract/text/identifier.js'
export { csvCell, escapeHtml, jsonForScript } from './contract/text/escape.js'
export type { HtmlOptions, IdentifierOptions, TextOptions, TText, UrlOptions } from './contract/text/builders.js'
export type { TextPolicyName, WsText } from './contract/text/spec.js'
export type {
  AnyContract, CallSpec, ContractSpec, EnvelopeOptions, MessageRules, MessageSpec, OutboundSpec, WhenSlow, Wire,
} from '../types/contract.js'
export type { ContractAdapters, ContractVersion } from '../types/versions.js'
