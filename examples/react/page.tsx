import { StrictMode, useState, type FormEvent } from 'react'
import { createRoot } from 'react-dom/client'
import { useCall, useClient, useClientState, useEvent } from 'fastify-ws-guard/react'
import type { board } from './board.contract.js'

function Board () {
  const client = useClient<typeof board>({ url: '/board' })
  const state = useClientState(client)
  const notes = useCall(client.calls.notes, {})
  // A note that is pinned while the first ones are fetched comes once, whichever way was faster.
  const [pinned, setPinned] = useState<{ id: number, text: string }[]>([])
  useEvent(client.on.pinned, note => setPinned(known => [...known, note]))
  const all = new Map([...notes.data ?? [], ...pinned].map(note => [note.id, note.text]))

  const [text, setText] = useState('')
  const pin = (event: FormEvent) => {
    event.preventDefault()
    if (client.send.pin({ text })) setText('')
  }

  return (
    <main>
      <p role='status'>{state}</p>
      {notes.error !== undefined && <button onClick={() => notes.reload()}>The notes did not come. Try again</button>}
      <ul>{[...all].map(([id, text]) => <li key={id}>{text}</li>)}</ul>
      <form onSubmit={pin}>
        <input aria-label='Note' required maxLength={120} value={text} onChange={event => setText(event.target.value)} />
        <button>Pin</button>
      </form>
    </main>
  )
}

function App () {
  const [isShown, setShown] = useState(true)
  return (
    <>
      {isShown && <Board />}
      <label><input type='checkbox' checked={isShown} onChange={() => setShown(!isShown)} /> Show the board</label>
    </>
  )
}

createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>)
