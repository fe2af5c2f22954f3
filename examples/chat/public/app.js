// The chat page. Whatever came from people is written with textContent, never as HTML.
import { attempt, createClient, urlOf } from './client/client.js'

const SHOWN = 300
const GROUPED_WITHIN = 5 * 60_000
const STATES = { idle: 'Connecting…', connecting: 'Connecting…', open: 'Connected', waiting: 'Reconnecting…', closed: 'Disconnected' }

const find = id => document.getElementById(id)
const [state, roomList, peopleList, count, title, about, messages, empty, newest, notice, composer, text, send] =
  ['state', 'rooms', 'people', 'count', 'title', 'about', 'messages', 'empty', 'newest', 'notice', 'composer', 'text', 'send'].map(find)
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

let me
let room
let client
let lastSaid
const people = new Map()

function make (tag, className, content = '') {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = content
  return element
}

function dress (avatar, { id, name }) {
  let hash = 0
  for (const char of id) hash = (hash * 13 + char.codePointAt(0)) % 1009
  avatar.dataset.hue = hash % 6
  avatar.textContent = [...name][0]
  avatar.setAttribute('aria-hidden', 'true')
  return avatar
}

function showNotice (content) {
  notice.textContent = content
  notice.hidden = content === ''
}

function showState (name) {
  state.textContent = STATES[name]
  state.dataset.state = name
  document.body.dataset.state = name
  send.disabled = name !== 'open'
  text.disabled = name === 'closed'
}

function showRooms () {
  roomList.replaceChildren(...me.rooms.map(({ id, title, isPrivate, mayEnter }) => {
    const item = make('li', '')
    const link = make('a', 'room-link')
    link.append(make('span', isPrivate ? 'sign lock' : 'sign', isPrivate ? '' : '#'), make('span', '', title))
    link.firstChild.setAttribute('aria-hidden', 'true')
    if (isPrivate) link.append(make('span', 'unseen', ' (private)'))
    if (mayEnter) link.href = `#${id}`
    else {
      link.setAttribute('aria-disabled', 'true')
      link.setAttribute('role', 'link')
      link.title = 'You are not a member of this room'
    }
    if (id === room?.id) link.setAttribute('aria-current', 'page')
    item.append(link)
    return item
  }))
}

function showPeople () {
  const sorted = [...people.values()].sort((a, b) => a.name.localeCompare(b.name))
  count.textContent = sorted.length === 0 ? '' : sorted.length
  peopleList.replaceChildren(...sorted.map(person => {
    const item = make('li', 'person')
    item.append(dress(make('span', 'avatar'), person), make('span', '', person.id === me.id ? `${person.name} (you)` : person.name))
    return item
  }))
}

const isAtEnd = () => messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40

function scrollToEnd () {
  messages.scrollTop = messages.scrollHeight
  newest.hidden = true
}

function append (item, isOwn) {
  const follow = isOwn || isAtEnd()
  messages.append(item)
  while (messages.childElementCount > SHOWN) messages.firstChild.remove()
  empty.hidden = true
  if (follow) scrollToEnd()
  else newest.hidden = false
}

function showSaid (said) {
  // The history may hold what was also sent live.
  if (lastSaid !== undefined && said.id <= lastSaid.id) return
  const isOwn = said.from.id === me.id
  const isNext = lastSaid?.from.id === said.from.id && said.at - lastSaid.at < GROUPED_WITHIN && !messages.lastChild?.classList.contains('event')
  const item = make('li', `message${isOwn ? ' own' : ''}${isNext ? ' next' : ''}`)
  const head = make('p', 'head')
  const time = make('time', '', clock.format(said.at))
  time.dateTime = new Date(said.at).toISOString()
  head.append(make('b', '', isOwn ? 'You' : said.from.name), ' ', time)
  const body = make('div', 'body')
  body.append(head, make('p', 'bubble', said.text))
  item.append(dress(make('span', 'avatar'), said.from), body)
  lastSaid = said
  append(item, isOwn)
}

const showEvent = content => append(make('li', 'event', content), false)

/** Live messages that wait until the older ones are shown; null when they don't have to. */
let held = null

async function loadHistory (own) {
  held = []
  const answer = await attempt(own).history({ limit: 50 })
  if (client !== own) return
  if (answer.ok) {
    messages.replaceChildren()
    lastSaid = undefined
    answer.data.forEach(showSaid)
  } else if (own.state === 'open') {
    showNotice(`The history could not be loaded (${answer.error.message}).`)
  }
  held.forEach(showSaid)
  held = null
  empty.hidden = messages.childElementCount > 0
  scrollToEnd()
}

/** What the room says, until another one is entered. */
function listen (own) {
  own.on.said(said => held === null ? showSaid(said) : held.push(said))
  own.on.people(list => {
    people.clear()
    for (const person of list) people.set(person.id, person)
    showPeople()
  })
  own.on.joined(person => {
    if (!people.has(person.id)) showEvent(`${person.name} joined`)
    people.set(person.id, person)
    showPeople()
  })
  own.on.left(person => {
    people.delete(person.id)
    showEvent(`${person.name} left`)
    showPeople()
  })
  own.listen('state', ({ state }) => {
    if (client !== own) return
    showState(state)
    if (state === 'open') void loadHistory(own)
  })
  own.listen('error', ({ code, message, sent }) => {
    showNotice(code === 'rate_limited' ? 'That was too fast. Try again in a moment.' : `Not sent: ${message}.`)
    if (sent?.text !== undefined && text.value === '') text.value = sent.text
  })
  own.listen('unauthenticated', toLogin)
  own.listen('closed', ({ code }) => {
    if (client !== own || code === 4401) return
    showNotice(code === 4403 ? 'You are no longer a member of this room.' : 'The server ended the connection. Reload the page to try again.')
  })
}

function toLogin () {
  location.assign('/login')
}

function enter () {
  const wanted = location.hash.slice(1)
  const next = me.rooms.find(({ id }) => id === wanted) ?? me.rooms.find(({ mayEnter }) => mayEnter)
  const before = client
  client = undefined
  before?.close()
  held = null
  room = next
  lastSaid = undefined
  people.clear()
  messages.replaceChildren()
  empty.hidden = newest.hidden = true
  title.textContent = room.title
  about.textContent = room.about
  document.title = `${room.title} · Guarded chat`
  showRooms()
  showPeople()
  if (!room.mayEnter) {
    showState('closed')
    showNotice('You are not a member of this room.')
    return
  }
  showNotice('')
  client = createClient({ url: urlOf('/rooms/:room', { params: { room: room.id } }) })
  listen(client)
}

function grow () {
  text.style.height = 'auto'
  text.style.height = `${Math.min(text.scrollHeight, 140)}px`
}

composer.addEventListener('submit', event => {
  event.preventDefault()
  const content = text.value.trim()
  if (content === '' || client?.state !== 'open') return
  showNotice('')
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
newest.addEventListener('click', scrollToEnd)
messages.addEventListener('scroll', () => { if (isAtEnd()) newest.hidden = true })
addEventListener('hashchange', enter)
// Back to this page out of the browser's cache, after a logout: it has to prove itself again.
addEventListener('pageshow', event => { if (event.persisted) location.reload() })

const answer = await fetch('/me')
if (answer.ok) {
  me = await answer.json()
  find('my-name').textContent = me.name
  dress(find('my-avatar'), me)
  enter()
} else {
  toLogin()
}
