import { expectError, expectType } from 'tsd'
import type { FastifyInstance } from 'fastify'
import type { AnyIdentity, AuthStrategy, Identity, RevokeTarget, Whom } from '../../dist/esm/lib/index.js'

declare const app: FastifyInstance
const { revoke, refresh } = app.wsGuard

expectType<number>(revoke({ identity: 7 }))
expectType<number>(revoke({ session: 'id' }))
expectType<number>(revoke({
  where: socket => {
    expectType<Whom>(socket)
    return socket.route === '/chat' && socket.session !== null
  }
}))
expectError(revoke({}))
expectError(revoke({ identity: null }))
expectError(revoke({ session: 7 }))
// A promise would be true for everybody.
expectError(revoke({ where: async () => true }))
expectError<RevokeTarget>({ identitty: 7 })

expectError(refresh({ roles: ['admin'] }))
expectError(refresh(7))

// Decided per socket, at once, and with the same id.
expectType<number>(refresh(7, (identity, socket) => {
  expectType<Identity>(identity)
  expectType<Whom>(socket)
  return socket.credential === 'token' ? null : { ...identity, roles: ['user'] }
}))
expectError(refresh(7, async identity => identity))
expectError(refresh(7, () => undefined))
expectError(refresh(7, () => ({ roles: ['admin'] })))
expectError(refresh({ id: 7 }, identity => identity))

const ends: AnyIdentity[] = [{ id: 1, expires: 1_900_000_000_000 }, { id: 1, expires: new Date(0) }]
expectError<AnyIdentity>({ id: 1, expires: '2030-01-01' })
void ends

/** A strategy that reads a session of its own says so. */
const strategy: AuthStrategy<AnyIdentity> = {
  name: 'own',
  needs: { credential: 'cookie', session: false },
  authenticate ({ provenBy }) {
    provenBy({
      kind: 'own',
      session: { id: 'x', store: { get (_id, done) { done(null, {}) } }, expires: null, source: { expiryOf: () => null, identify: () => null } },
    })
    return { id: 1 }
  },
}
void strategy
