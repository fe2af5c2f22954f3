import { Signer } from '@fastify/cookie'

export const SECRET = 's'.repeat(40)

/** Id of the session with that number. */
export const sessionId = n => `session-${n}`

const signer = new Signer(SECRET)

/** The Cookie header of that session, as a login would have set it. */
export const sessionCookie = n => `sessionId=${encodeURIComponent(signer.sign(sessionId(n)))}`
