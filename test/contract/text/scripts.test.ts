import t from 'tap'
import { isSingleScript } from '../../../lib/contract/text/scripts.js'

t.test('one script or one writing system, by Script_Extensions', async t => {
  for (const good of ['', '1_-', 'admin', 'дмитрий', '山田たろうサーバー', '김철수漢', '漢ㄅㄆ', 'मराठी\u0964', '\u0964বাংলা', 'م\u0640ح\u0661']) t.equal(isSingleScript(good), true, good)
  for (const bad of ['раypal', 'ad\u30fcmin', 'ad\u0640min', 'たろう김', 'ㄅたろう', 'a\u0966', 'я\u0661', 'aя1']) t.equal(isSingleScript(bad), false, bad)
})

t.test('scripts outside of UAX #31, table 5, are not accepted', async t => {
  for (const bad of ['ᎪᏴ', '\u{10330}', 'ⲁⲃ']) t.equal(isSingleScript(bad), false, bad)
})
