/** Characters of a text that are read at most. */
const READ = 4096
/** What a token, its pieces and its encodings are made of; the parts of a JWT are pieces. */
const RUN = /[-~+/=%\w]{8,}/g
/** Characters that a form has at least: what is shorter is found in any text. */
const SHORTEST = 4

/**
 * A text without a token: not as it is, not URL-encoded, not in base64 (also in the midst of something else, as
 * `Basic` has it), and no piece of eight characters or more of any of these.
 */
export function withoutToken (text: string, token: string): string {
  const forms = formsOf(token)
  let rest = text.slice(0, READ)
  for (const form of forms) rest = rest.replaceAll(form, '…')
  return rest.replace(RUN, run => forms.some(form => form.includes(run)) ? '…' : run)
}

function formsOf (token: string): string[] {
  const bytes = Buffer.from(token)
  const base64 = [0, 1, 2].map(before => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // Characters that hold bits of a neighbour as well differ by what that is.
    return encoded.slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6))
  })
  const plain = [token, ...base64]
  const encoded = plain.flatMap(one => [encodeURIComponent(one), new URLSearchParams([['', one]]).toString().slice(1)])
  const lower = encoded.map(one => one.replace(/%../g, hex => hex.toLowerCase()))
  const url = base64.map(one => one.replaceAll('+', '-').replaceAll('/', '_'))
  return [token, ...[...base64, ...encoded, ...lower, ...url].filter(({ length }) => length >= SHORTEST)]
}
