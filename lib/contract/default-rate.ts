// Tested in test/model/report.test.ts.

/** Messages per second and socket, and how many are saved up, where an application says nothing else. */
export const DEFAULT_RATE = { rate: 100, burst: 200 }
