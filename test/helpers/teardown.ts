/** The part of a tap test that helpers use. */
export interface Teardown {
  teardown (fn: () => unknown): unknown
}
