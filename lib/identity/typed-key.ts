/** A string or a number as the key of a map, told apart by type: the identities 7 and '7' are two users. */
export function typedKey (value: string | number): string {
  return `${typeof value}:${value}`
}

/** Every key that a value of this text has. */
export function keysOfText (text: string): readonly string[] {
  return [typedKey(text), `number:${text}`]
}
