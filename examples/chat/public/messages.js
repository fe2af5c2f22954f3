// The messages of a room, and what happens in it.
import { avatarOf, find, make, unseen } from './dom.js'

const SHOWN = 300
const GROUPED_WITHIN = 5 * 60_000

const [list, empty, newest] = ['messages', 'empty', 'newest'].map(find)
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

let lastSaid

const isAtEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 40

function scrollToEnd () {
  list.scrollTop = list.scrollHeight
  newest.hidden = true
}

function append (item, isOwn) {
  const follow = isOwn || isAtEnd()
  list.append(item)
  while (list.childElementCount > SHOWN) list.firstChild.remove()
  empty.hidden = true
  if (follow) scrollToEnd()
  else newest.hidden = false
}

/** For moderators; the page's style hides it from others, and the server refuses them. */
function removeButton ({ id, from }) {
  const button = make('button', 'remove', 'Remove')
  button.type = 'button'
  button.dataset.remove = id
  button.append(unseen(` what ${from.name} said`))
  return button
}

export function showSaid (said, me) {
  // The history may hold what was also sent live.
  if (lastSaid !== undefined && said.id <= lastSaid.id) return
  const isOwn = said.from.id === me.id
  const isNext = lastSaid?.from.id === said.from.id && said.at - lastSaid.at < GROUPED_WITHIN && list.lastChild?.classList.contains('message')
  const item = make('li', `message${isOwn ? ' own' : ''}${isNext ? ' next' : ''}`)
  item.dataset.id = said.id
  const head = make('p', 'head')
  const time = make('time', '', clock.format(said.at))
  time.dateTime = new Date(said.at).toISOString()
  head.append(make('b', '', isOwn ? 'You' : said.from.name), ' ', time)
  const body = make('div', 'body')
  body.append(head, make('p', 'bubble', said.text))
  item.append(avatarOf(said.from), body, removeButton(said))
  lastSaid = said
  append(item, isOwn)
}

export function removeSaid (id) {
  const item = list.querySelector(`[data-id="${id}"]`)
  if (item?.contains(document.activeElement)) list.focus()
  item?.replaceWith(make('li', 'event', 'A moderator removed a message'))
}

export function showEvent (content) {
  append(make('li', 'event', content), false)
}

export function showHistory (all, me) {
  clear()
  for (const said of all) showSaid(said, me)
  empty.hidden = all.length > 0
  scrollToEnd()
}

export function clear () {
  list.replaceChildren()
  lastSaid = undefined
  empty.hidden = newest.hidden = true
}

/** `remove` is called with the id of a message that a moderator wants to be gone. */
export function listenToMessages (remove) {
  newest.addEventListener('click', () => {
    scrollToEnd()
    list.focus()
  })
  list.addEventListener('scroll', () => { if (isAtEnd()) newest.hidden = true })
  list.addEventListener('click', ({ target }) => {
    const button = target.closest('[data-remove]')
    if (button !== null) remove(Number(button.dataset.remove))
  })
}
