// The dialog behind one's own name: the devices that are logged in, and who is a moderator.
import { find, make, refill } from './dom.js'
import { ask } from './http.js'
import { isModerator } from './side.js'

const [dialog, devices, others, moderators, members, result] =
  ['account', 'devices', 'others', 'moderators', 'members', 'account-result'].map(find)
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

async function showDevices () {
  const all = await ask('/devices')
  devices.replaceChildren(...all.map(({ name, since, isThis }) => {
    const item = make('li', 'device')
    item.append(make('b', '', isThis ? `${name} (this one)` : name), make('span', '', `since ${clock.format(since)}`))
    return item
  }))
  others.disabled = all.length < 2
}

async function showMembers (me) {
  moderators.hidden = !isModerator(me)
  if (moderators.hidden) return
  const all = await ask('/members')
  refill(members, all.filter(({ id }) => id !== me.id).map(member => {
    const label = make('label', '')
    const box = make('input', '')
    box.type = 'checkbox'
    box.checked = isModerator(member)
    box.dataset.key = member.id
    box.addEventListener('change', () => attempt(async () => {
      const { sockets } = await ask(`/members/${encodeURIComponent(member.id)}/role`, { isModerator: box.checked })
        .finally(() => showMembers(me))
      return `${member.name} is ${box.checked ? 'a' : 'no longer a'} moderator, as of now (open connections: ${sockets}).`
    }))
    label.append(box, member.name)
    const item = make('li', '')
    item.append(label)
    return item
  }))
}

/** Says what came of it. */
async function attempt (action) {
  try {
    result.textContent = await action()
  } catch (error) {
    result.textContent = `${error.message}.`
  }
}

export function listenToAccount (me) {
  find('me').addEventListener('click', () => {
    result.textContent = ''
    dialog.showModal()
    void attempt(async () => {
      await Promise.all([showDevices(), showMembers(me)])
      return ''
    })
  })
  others.addEventListener('click', () => attempt(async () => {
    const { ended } = await ask('/devices/log-out-others', {})
    await showDevices()
    return `Logged out: ${ended}. Their open pages have ended as well.`
  }))
}
