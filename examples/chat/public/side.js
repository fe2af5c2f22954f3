// The lists of rooms and of people.
import { avatarOf, find, make, refill, unseen } from './dom.js'

const [rooms, people, count] = ['rooms', 'people', 'count'].map(find)

export const isModerator = ({ roles }) => roles.includes('moderator')

export function showRooms (all, current) {
  refill(rooms, all.map(({ id, title, isPrivate }) => {
    const link = make('a', 'room-link')
    const sign = make('span', isPrivate ? 'sign lock' : 'sign', isPrivate ? '' : '#')
    sign.setAttribute('aria-hidden', 'true')
    link.append(sign, make('span', '', title))
    if (isPrivate) link.append(unseen(' (for moderators)'))
    // Whether one may enter the server says.
    link.href = `#${id}`
    link.dataset.key = id
    if (id === current.id) link.setAttribute('aria-current', 'page')
    const item = make('li', '')
    item.append(link)
    return item
  }))
}

export function showPeople (all, me) {
  const sorted = [...all].sort((a, b) => a.name.localeCompare(b.name))
  count.textContent = sorted.length === 0 ? '' : sorted.length
  people.replaceChildren(...sorted.map(person => {
    const item = make('li', 'person')
    item.append(avatarOf(person), make('span', 'name', person.id === me.id ? `${person.name} (you)` : person.name))
    if (isModerator(person)) item.append(make('span', 'role', 'moderator'))
    return item
  }))
}
