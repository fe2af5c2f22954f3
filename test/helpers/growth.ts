const TIMES = 16

/** Microseconds of CPU that one call of `run` takes: other processes and a slow machine change both sizes alike. */
async function cost (run: () => unknown): Promise<number> {
  const start = process.cpuUsage()
  for (let calls = 1; ; calls++) {
    const result = run()
    if (result instanceof Promise) await result
    const { user, system } = process.cpuUsage(start)
    if (user + system > 500) return (user + system) / calls
  }
}

/**
 * How much more `run` takes for one unit of an input of `size` than of one sixteen times smaller: 1 is linear, 16 is
 * quadratic, and near 0 does not depend on the size. The least of five rounds each.
 */
export async function growth<T> (size: number, build: (size: number) => T | Promise<T>, run: (input: T) => unknown): Promise<number> {
  const [little, much] = [await build(Math.ceil(size / TIMES)), await build(size)]
  let [small, large] = [Infinity, Infinity]
  for (let round = 0; round < 5; round++) {
    small = Math.min(small, await cost(() => run(little)))
    large = Math.min(large, await cost(() => run(much)))
  }
  return large / small / TIMES
}

/**
 * Asserts that a synchronous or asynchronous `run` takes time in proportion to its input, or less. What disturbs one
 * measurement (a collection of garbage, a busy machine) does not disturb three; work that grows faster shows in each.
 */
export async function isLinear<T> (t: { ok (value: boolean, message: string): unknown }, what: string, size: number, build: (size: number) => T, run: (input: T) => unknown): Promise<void> {
  let times = Infinity
  for (let tries = 0; tries < 3 && times >= 4; tries++) times = Math.min(times, await growth(size, build, run))
  t.ok(times < 4, `${what}: a unit of ${size} takes ${times.toFixed(2)} times one of ${Math.ceil(size / TIMES)}`)
}
