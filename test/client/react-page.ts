// Bundled and loaded by test/client/react.test.ts; not a test of its own.
import { createElement as h, StrictMode, useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { useCall, useClient, useClientState, useEvent } from '../../lib/react.js'
import type { chat } from './contracts.js'

interface Props { readonly room: string, readonly prefix: string }

function Room ({ room, prefix }: Props): ReactNode {
  const client = useClient<typeof chat>({ url: '/rooms/:room', params: { room } })
  const state = useClientState(client)
  const [lines, setLines] = useState<string[]>([])
  useEvent(client.on.said, ({ text }) => setLines(known => [...known, prefix + text]))
  const history = useCall(client.calls.history, { limit: 10 })
  const failing = useCall(client.calls.history, { limit: 100 })
  return h('div', null,
    h('i', { id: 'state' }, state),
    h('p', { id: 'lines' }, lines.join(' ')),
    h('p', { id: 'history' }, history.isPending ? 'pending' : history.data?.map(({ text }) => text).join(' ')),
    h('p', { id: 'error' }, failing.error?.code),
    h('button', { id: 'reload', onClick: history.reload }),
    h('button', { id: 'say', onClick: () => { client.send.say({ text: 'hello' }) } }))
}

function App (): ReactNode {
  const [shown, setShown] = useState<Props | null>({ room: 'lobby', prefix: '' })
  Object.assign(globalThis, { show: setShown })
  return shown === null ? h('b', null, 'gone') : h(Room, shown)
}

const page = globalThis as never as { document: { getElementById (id: string): never } }
createRoot(page.document.getElementById('root')).render(h(StrictMode, null, h(App)))
