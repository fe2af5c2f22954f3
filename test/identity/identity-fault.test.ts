import t from 'tap'
import { identityFault } from '../../lib/identity/identity-fault.js'

t.test('an identity has an id, and an end in milliseconds where it has one', async t => {
  const soon = Date.UTC(2100, 0)
  for (const good of [{ id: 0 }, { id: -1 }, { id: 'ada' }, { id: 1, expires: soon }, { id: 1, expires: new Date(soon) }, { id: 1, expires: Infinity }, { id: 1, expires: undefined }, { id: 1, roles: [] }, { id: 1, roles: ['admin', 'user'] }, { id: 1, roles: undefined }]) {
    t.equal(identityFault(good), null, JSON.stringify(good))
  }
  for (const none of [null, undefined, 7, 'ada', () => {}]) t.equal(identityFault(none), 'no object')
  for (const roles of ['admin', null, {}, 7, ['admin', 7], [['admin']], new Set(['admin'])]) t.equal(identityFault({ id: 1, roles }), 'one whose roles are no list of strings', String(roles))
  for (const id of [NaN, Infinity, '', null, undefined, {}]) t.equal(identityFault({ id }), 'an object without an id, which is a string or a number', String(id))
  for (const expires of [NaN, new Date(NaN), 'soon', '2100-01-01', null, {}]) t.equal(identityFault({ id: 1, expires }), 'one whose expires is no time')
  t.match(identityFault({ id: 1, expires: soon / 1000 }), /first years after 1970: it has to be in milliseconds/)
})
