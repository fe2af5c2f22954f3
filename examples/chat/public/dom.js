// Whatever came from people is written with textContent, never as HTML.

export const find = id => document.getElementById(id)

export function make (tag, className, content = '') {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = content
  return element
}

/** The first letter of a name, in a colour of its own. Says nothing that the name beside it does not. */
export function avatarOf ({ id, name }) {
  let hash = 0
  for (const char of id) hash = (hash * 13 + char.codePointAt(0)) % 1009
  const avatar = make('span', 'avatar', [...name][0])
  avatar.dataset.hue = hash % 6
  avatar.setAttribute('aria-hidden', 'true')
  return avatar
}

/** Text for screen readers only. */
export const unseen = content => make('span', 'unseen', content)

/** Replaces what a list shows. Who is at an element with a `data-key` by keyboard stays there. */
export function refill (list, items) {
  const { key } = list.contains(document.activeElement) ? document.activeElement.dataset : {}
  list.replaceChildren(...items)
  if (key !== undefined) [...list.querySelectorAll('[data-key]')].find(({ dataset }) => dataset.key === key)?.focus()
}
