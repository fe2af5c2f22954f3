import cookie, { Signer } from '@fastify/cookie'
import session from '@fastify/session'

const SECRET = 's'.repeat(40)

const HOUR = 3_600_000

/** Id of the session with that number. */
export const sessionId = n => `session-${n}`

const signer = new Signer(SECRET)

/** The Cookie header of that session, as a login would have set it. */
export const sessionCookie = n => `sessionId=${encodeURIComponent(signer.sign(sessionId(n)))}`

/** Sessions in memory, in this Map. */
export async function registerSessions (app, sessions) {
  await app.register(cookie)
  await app.register(session, {
    secret: SECRET,
    store: new session.MemoryStore(sessions),
    saveUninitialized: false,
    cookie: { secure: false, sameSite: 'lax', maxAge: HOUR },
  })
}

/** Stores the session with that number, as a login would have. */
export function addSession (sessions, n, user) {
  const cookie = { path: '/', httpOnly: true, secure: false, sameSite: 'lax', originalMaxAge: HOUR, expires: new Date(Date.now() + HOUR) }
  sessions.set(sessionId(n), { cookie, user })
}
