import t from 'tap'
import { Names, pascalCase } from '../../lib/model/names.js'

t.test('pascalCase makes an ASCII identifier of any text', async t => {
  const cases: { readonly [text: string]: string } = {
    say: 'Say', 'message.posted': 'MessagePosted', 'chat-v2_x': 'ChatV2X', isOpen: 'IsOpen', '1st': 'N1st', '*/': 'N', '': 'N', käse: 'KUe4Se', '\u{1f600}': 'U1f600',
  }
  for (const [text, name] of Object.entries(cases)) t.equal(pascalCase(text), name, text)
})

t.test('a name is handed out once, and none that a language or the contract needs', async t => {
  const names = new Names('Chat')
  t.same(['Say', 'Say', 'Say', 'Say2'].map(wanted => names.take(wanted)), ['Say', 'Say2', 'Say3', 'Say22'])
  t.same(['Array', 'Client', 'TypedDict'].map(wanted => names.take(wanted)), ['ArrayType', 'ClientType', 'TypedDictType'])
  t.same(['Chat', 'ChatClient', 'ChatContract', 'ChatOptions', 'ChatParams'].map(wanted => names.take(wanted)),
    ['Chat2', 'ChatClient2', 'ChatContract2', 'ChatOptions2', 'ChatParams'])
})
