// 'fastify-ws-guard/contract': what a contract file needs, in the server and in the browser. No server code.
export { defineContract } from './define.js'
export { html, identifier, line, text, url } from './text/builders.js'
export { identifierKey } from './text/identifier.js'
export { csvCell, escapeHtml, jsonForScript } from './text/escape.js'
export type { HtmlOptions, IdentifierOptions, TextOptions, TText, UrlOptions } from './text/builders.js'
export type { TextPolicyName, WsText } from './text/spec.js'
export type { AnyContract, CallSpec, ContractSpec, EnvelopeOptions, MessageRules, MessageSpec, Wire } from '../../types/contract.js'
