import { createHmac, createSign, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'

/** Signed tokens as an attacker writes them: by hand, whatever a library would say. */
export interface Forge {
  /** What the server verifies with, as PEM and as a JWK. */
  readonly publicPem: string
  readonly publicJwk: JsonWebKey & { readonly kid: string, readonly alg: string }
  readonly privatePem: string
  /** A good token, with what is to be different; undefined leaves a member out. */
  token (claims?: object, header?: object, key?: KeyObject): string
  /** The same with a signature that `sign` makes of its text. */
  signed (sign: (text: string) => string, claims?: object, header?: object): string
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Seconds since the epoch, from now. */
export const inSeconds = (seconds: number): number => Math.floor(later(0) / 1000) + seconds

/** Milliseconds since the epoch, so many milliseconds from now. */
export const later = (milliseconds: number): number => new Date(Date.now() + milliseconds).getTime()

export const hmac = (key: string) => (text: string): string => createHmac('sha256', key).update(text).digest('base64url')

export function forge (): Forge {
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = 'key-1'
  const signed: Forge['signed'] = (sign, claims = {}, header = {}) => {
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid, ...header })}.${part({ sub: 'ada', iss: 'https://issuer.example', exp: inSeconds(3600), ...claims })}`
    return `${text}.${sign(text)}`
  }
  return {
    publicPem: own.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicJwk: { ...own.publicKey.export({ format: 'jwk' }) as JsonWebKey, kid, alg: 'RS256' },
    signed,
    token: (claims, header, key = own.privateKey) => signed(text => createSign('sha256').update(text).sign(key).toString('base64url'), claims, header),
  }
}

/** Tokens that nobody may get in with, by what is wrong with them. */
export function forgeries (f: Forge): { readonly [name: string]: string } {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = stranger.publicKey.export({ format: 'jwk' })
  const good = f.token()
  const [head, , signature] = good.split('.') as [string, string, string]
  return {
    'alg none': f.signed(() => '', {}, { alg: 'none' }),
    'alg nOnE': f.signed(() => '', {}, { alg: 'nOnE' }),
    'no alg at all': f.signed(() => signature, {}, { alg: undefined }),
    'its signature cut off': good.slice(0, good.lastIndexOf('.') + 1),
    'other claims under the same signature': `${head}.${part({ sub: 'root', exp: inSeconds(3600) })}.${signature}`,
    'RS to HS: the public key as a secret': f.signed(hmac(f.publicPem), {}, { alg: 'HS256' }),
    'signed by a stranger': f.token({}, {}, stranger.privateKey),
    'signed by a stranger, with its own key': f.token({}, { jwk, jku: 'https://evil.example/jwks', kid: undefined }, stranger.privateKey),
    'kid that is a path': f.signed(hmac(''), {}, { alg: 'HS256', kid: '../../../dev/null' }),
    'kid that is a query': f.token({}, { kid: "x' UNION SELECT 'secret" }, stranger.privateKey),
    'kid __proto__': f.token({}, { kid: '__proto__' }, stranger.privateKey),
    'crit that nobody knows': f.token({}, { crit: ['b64', 'exp-check'], b64: false, 'exp-check': false }),
    'nbf in the future': f.token({ nbf: inSeconds(32) }),
    'no exp': f.token({ exp: undefined }),
    'exp that is a text': f.token({ exp: 'never' }),
    'exp 31 s ago': f.token({ exp: inSeconds(-31) }),
    'a psychic signature': f.signed(() => 'A'.repeat(86), {}, { alg: 'ES256' }),
    'another issuer': f.token({ iss: 'https://evil.example' }),
  }
}
