import { checkKeys } from '../../errors/check-keys.js'
import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import { compileTextPolicy, type HtmlAdapter } from './policy.js'
import type { WsText } from './spec.js'

// Tested in test/contract/text/ajv.test.ts.

/** Where ajv found a string. */
interface Found {
  readonly parentData: { [key: string | number]: unknown }
  readonly parentDataProperty: string | number
}

/** What is used of ajv, which Fastify brings. */
interface Keywords {
  readonly addKeyword: (definition: {
    readonly keyword: 'wsText'
    readonly type: 'string'
    readonly schemaType: 'object'
    readonly modifying: true
    readonly error: { readonly message: string }
    readonly compile: (wsText: WsText) => (value: string, found?: Found) => boolean
  }) => unknown
  readonly addVocabulary: (keywords: string[]) => unknown
}

/**
 * A plugin of Fastify's ajv: `text()` and its kind in the schemas of HTTP routes, with the verdicts of a socket,
 * repairs of `clean` included. `Fastify({ ajv: { plugins: [ajvTextPolicies] } })`; its option `htmlAdapter` is for
 * `html()`. Throws WSG_ERR_CONTRACT for an unknown option; a malformed policy is an error when its route is declared.
 */
export function ajvTextPolicies<A extends Keywords> (ajv: A, options: unknown = {}): A {
  checkKeys(options as object, ['htmlAdapter'], 'ajvTextPolicies', WSG_ERR_CONTRACT)
  const { htmlAdapter } = options as { readonly htmlAdapter?: HtmlAdapter }
  ajv.addVocabulary(['unboundedOnPurpose', 'patternProvenSafe'])
  ajv.addKeyword({
    keyword: 'wsText',
    type: 'string',
    schemaType: 'object',
    modifying: true,
    error: { message: 'must be text of the declared kind' },
    compile: (wsText: WsText) => {
      const policy = compileTextPolicy(wsText, htmlAdapter && { html: htmlAdapter })
      return (value, found) => {
        const kept = policy(value)
        if (kept === undefined) return false
        if (kept !== value && found !== undefined) found.parentData[found.parentDataProperty] = kept
        return true
      }
    },
  })
  return ajv
}
