export type { HtmlAdapter } from './contract/text/policy.js'
export type {
  SanitizeHtmlAdapterOptions, SanitizeHtmlFunction, SanitizeHtmlRules,
} from './contract/text/html-adapter.js'
export { sanitizeHtmlAdapter } from './contract/text/html-adapter.js'
