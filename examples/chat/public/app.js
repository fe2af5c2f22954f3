// The chat page: one client for the room that is shown.
import { listenToAccount } from './account.js'
import { listenToBreakIn } from './break-in.js'
import { attempt, createClient, urlOf } from './client/client.js'
import { avatarOf, find } from './dom.js'
import { ask, toLogin } from './http.js'
import { clear, listenToMessages, removeSaid, showEvent, showHistory, showSaid } from './messages.js'
import { isModerator, showPeople, showRooms } from './side.js'
import { whyClosed, whyRefused } from './words.js'

const STATES = { idle: 'Connecting…', connecting: 'Connecting…', open: 'Connected', waiting: 'Reconnecting…', closed: 'Disconnected' }

const [state, title, about, messages, notice, composer, text, send] =
  ['state', 'title', 'about', 'messages', 'notice', 'composer', 'text', 'send'].map(find)

const me = await ask('/me')
let room
let client
const people = new Map()

function showNotice (content = '') {
  notice.textContent = content
  notice.hidden = content === ''
}

function showState (name) {
  state.textContent = STATES[name]
  document.body.dataset.state = name
  send.disabled = name !== 'open'
  text.readOnly = name === 'closed'
}

/** Who I am by now: roles change while the page is open. */
function showMe ({ roles }) {
  me.roles = roles
  document.body.classList.toggle('moderator', isModerator(me))
}

function listPeople (list) {
  people.clear()
  for (const person of list) people.set(person.id, person)
  if (people.has(me.id)) showMe(people.get(me.id))
  showPeople(people.values(), me)
}

/** Live messages that wait until the older ones are shown; null when they don't have to. */
let held = null

async function loadHistory (own) {
  held = []
  messages.ariaBusy = 'true'
  const answer = await attempt(own).history({ limit: 50 })
  if (client !== own) return
  if (answer.ok) showHistory(answer.data, me)
  else if (own.state === 'open') showNotice(`The history could not be loaded. ${whyRefused(answer.error)}`)
  for (const said of held) showSaid(said, me)
  held = null
  messages.ariaBusy = 'false'
}

/** What the room says, until another one is entered. */
function listen (own) {
  own.on.said(said => held === null ? showSaid(said, me) : held.push(said))
  own.on.removed(({ id }) => removeSaid(id))
  own.on.people(listPeople)
  own.on.joined(person => {
    if (!people.has(person.id)) showEvent(`${person.name} joined`)
    listPeople([...people.values(), person])
  })
  own.on.left(person => {
    showEvent(`${person.name} left`)
    listPeople([...people.values()].filter(({ id }) => id !== person.id))
  })
  own.listen('error', error => {
    showNotice(whyRefused(error))
    if (error.sent?.text !== undefined && text.value === '') text.value = error.sent.text
  })
  own.listen('state', ({ state, code, delay }) => {
    if (client !== own) return
    showState(state)
    if (state === 'open') {
      showNotice()
      void loadHistory(own)
    }
    const why = whyClosed(code)
    if (state === 'waiting' && why !== undefined) showNotice(`${why} Trying again in ${Math.ceil(delay / 1000)} s.`)
  })
  own.listen('unauthenticated', toLogin)
  own.listen('closed', async ({ code }) => {
    if (client !== own || code === 4401) return
    listPeople([])
    showNotice(whyClosed(code) ?? 'The server ended the connection. Reload the page to try again.')
    if (code !== 4403) return
    clear()
    showMe(await ask('/me'))
  })
}

function leave () {
  const before = client
  client = undefined
  before?.close()
  held = null
}

function enter () {
  const wanted = location.hash.slice(1)
  leave()
  room = me.rooms.find(({ id }) => id === wanted) ?? me.rooms[0]
  title.textContent = room.title
  about.textContent = room.about
  document.title = `${room.title} · Guarded chat`
  showNotice()
  clear()
  listPeople([])
  showRooms(me.rooms, room)
  client = createClient({ url: urlOf('/rooms/:room', { params: { room: room.id } }) })
  listen(client)
  client.connect()
}

function grow () {
  text.style.height = 'auto'
  text.style.height = `${Math.min(text.scrollHeight, 140)}px`
}

composer.addEventListener('submit', event => {
  event.preventDefault()
  const content = text.value.trim()
  if (content === '' || client?.state !== 'open') return
  showNotice()
  client.send.say({ text: content })
  text.value = ''
  grow()
  text.focus()
})
text.addEventListener('input', grow)
text.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  composer.requestSubmit()
})
addEventListener('hashchange', enter)
// Else the end of the socket would be news, and lead to the login page before the answer does.
find('logout').addEventListener('submit', leave)
// Back to this page out of the browser's cache, after a logout: it has to prove itself again.
addEventListener('pageshow', event => { if (event.persisted) location.reload() })

find('my-name').textContent = me.name
find('my-name').before(avatarOf(me))
showMe(me)
listenToAccount(me)
listenToBreakIn()
listenToMessages(id => { client.send.remove({ id }) })
enter()
