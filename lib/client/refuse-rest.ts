import { ClientError } from './error.js'

/**
 * Nothing that is handed in is passed over: throws for what is left of options when those that are known were taken
 * out. Which name was meant is said where bytes don't count (lib/explained-client.ts).
 */
export function refuseRest (rest: object): void {
  const [message] = Object.keys(rest)
  if (message) throw new ClientError('unknown_option', { message })
}
