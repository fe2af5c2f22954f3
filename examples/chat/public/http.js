/** Asks the server over plain HTTP; with a body it is a POST. Rejects with what the server says against it. */
export async function ask (path, body) {
  const answer = await fetch(path, body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (answer.status === 401) {
    toLogin()
    // This page is on its way out: nothing follows.
    return await new Promise(() => {})
  }
  const data = await answer.json()
  if (!answer.ok) throw new Error(data.message)
  return data
}

/** The login has ended, and the login page says so. */
export function toLogin () {
  location.assign('/login?ended')
}
