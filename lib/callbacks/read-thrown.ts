/** What `read` makes of something that was thrown. That may be anything, or throw when it is read: `unreadable`. */
export function readThrown<T> (read: () => T, unreadable: T): T {
  try {
    return read()
  } catch {
    return unreadable
  }
}
