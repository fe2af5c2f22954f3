// What the server's codes mean (docs/protocol.md sections 5 and 6), in words for whoever chats.

const CLOSED = {
  1001: 'The server is restarting.',
  1013: 'The server has too much to do.',
  4400: 'This page sent what the server does not understand. Reload it.',
  4403: 'This room is for moderators, and you are not one of them. A moderator can change that.',
  4408: 'The server took too long.',
  4426: 'There is a newer version of this page. Reload it.',
  4429: 'You have too many connections, or sent too much.',
}

const REFUSED = {
  rate_limited: 'That was too fast. Try again in a moment.',
  forbidden: 'Only a moderator may do that.',
  timeout: 'The server took too long.',
  disconnected: 'The connection was lost.',
}

/** Why a connection was ended or refused; undefined where there is no more to say than that it was lost. */
export const whyClosed = code => CLOSED[code]

/** Why a message or a call was refused. */
export const whyRefused = ({ code, message }) => REFUSED[code] ?? `Not sent: ${message}.`
