import { createClient } from 'fastify-ws-guard/client'
import type { chat } from './contracts.js'

// A page with a misspelt option, which TypeScript would not take (test/explained-client.test.ts).

try {
  createClient<typeof chat>({ url: '/', ...{ quue: 3 } })
} catch (error) {
  console.log((error as Error).message)
}
