// The panel "Try to break in". Each attempt is a real one, and what is shown is what the server answered.
import { find, make } from './dom.js'
import { ask } from './http.js'

const LOBBY = new URL('/rooms/lobby', location.href.replace(/^http/, 'ws'))
const PATIENCE = 10_000
const FLOOD = 600
const SCRIPT = "<script>document.title = 'Broken in'</script>"

/** Opens a connection, sends, and listens until `isAnswer`, or until the server closes. */
async function talk ({ protocols = [], messages = [], isAnswer = () => false }) {
  return await new Promise(resolve => {
    const socket = new WebSocket(LOBBY, protocols)
    const heard = []
    const end = closed => {
      clearTimeout(timer)
      socket.close()
      resolve({ heard, closed })
    }
    const timer = setTimeout(end, PATIENCE)
    socket.onopen = () => { for (const message of messages) socket.send(JSON.stringify(message)) }
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data)
      heard.push(message)
      if (isAnswer(message)) end()
    }
    socket.onclose = ({ code, reason }) => end({ code, reason })
  })
}

const show = ({ heard, closed }, isShown) => [
  ...heard.filter(isShown).map(message => JSON.stringify(message)),
  ...closed === undefined ? [] : [`closed ${closed.code} ${closed.reason}`],
].join('\n')

/** By name: whether the server held, what it answered, and what that means. */
const ATTEMPTS = {
  async origin () {
    const { status, body } = await ask('/break-in/foreign-origin', {})
    return {
      isHeld: status === 403,
      answer: `HTTP ${status}\n${body}`,
      meaning: 'Refused before there was a connection. Your cookie went along and did not help: the server looks at the website it comes from first.',
    }
  },
  async flood () {
    const messages = Array.from({ length: FLOOD }, (_, id) => ({ type: 'history', id, data: { limit: 1 } }))
    const result = await talk({ messages })
    const served = result.heard.filter(({ id, data }) => id !== undefined && data !== undefined).length
    const refusal = result.heard.find(({ error }) => error?.code === 'rate_limited')
    return {
      isHeld: result.closed?.code === 4429,
      answer: show(result, message => message === refusal),
      meaning: `${served} of ${FLOOD} were answered. Then the budget was used up: the server refused, said when it listens again, and as the flood went on it hung up. Nobody else notices.`,
    }
  },
  async message () {
    const messages = [{ type: 'say', data: { text: 42, isAdmin: true } }]
    const result = await talk({ messages, isAnswer: ({ error }) => error !== undefined })
    const isRefusal = ({ error }) => error?.code === 'invalid_message'
    return {
      isHeld: result.heard.some(isRefusal),
      answer: show(result, isRefusal),
      meaning: "Refused before the chat's own code saw any of it: the contract says that a text is text, and knows no isAdmin. The answer names the place, and never repeats what was sent.",
    }
  },
  async script () {
    const isOwn = ({ type, data }) => type === 'said' && data.text === SCRIPT
    const result = await talk({ messages: [{ type: 'say', data: { text: SCRIPT } }], isAnswer: isOwn })
    return {
      isHeld: result.heard.some(isOwn) && document.title !== 'Broken in',
      answer: show(result, isOwn),
      meaning: 'Delivered as what it is: text. It stands in the Lobby, and nothing of it ran. The page writes messages as text and never as HTML, and the header Content-Security-Policy allows no script in the page itself.',
    }
  },
  async stale () {
    const result = await talk({ protocols: ['wsg.v1', 'cf-0000000000000000'] })
    return {
      isHeld: result.closed?.code === 4426,
      answer: show(result, ({ error }) => error !== undefined),
      meaning: 'Refused at once, and told why: the server no longer has that contract. A page that was open during an update asks its reader to reload, instead of failing halfway.',
    }
  },
}

async function attempt (button) {
  const output = button.closest('li').querySelector('output')
  button.disabled = true
  output.replaceChildren('Trying…')
  try {
    const { isHeld, answer, meaning } = await ATTEMPTS[button.dataset.attempt]()
    output.replaceChildren(
      make('b', isHeld ? 'held' : 'broken', isHeld ? 'The server held. ' : 'That should not have happened. '),
      make('span', '', isHeld ? meaning : 'The server did not answer as it should.'),
      make('pre', '', answer)
    )
  } catch (error) {
    output.replaceChildren(`It could not be tried: ${error.message}.`)
  }
  button.disabled = false
  button.focus()
}

export function listenToBreakIn () {
  const dialog = find('break-in')
  find('open-break-in').addEventListener('click', () => dialog.showModal())
  for (const button of dialog.querySelectorAll('[data-attempt]')) button.addEventListener('click', () => attempt(button))
}
