/**
 * True for promises and whatever else `await` would wait for: what application code returns is asked this, so that
 * nothing waits where there is nothing to wait for. May throw when `then` is a getter that does.
 */
export function isThenable<T> (value: T | PromiseLike<T>): value is PromiseLike<T> {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { readonly then?: unknown }).then === 'function'
}
