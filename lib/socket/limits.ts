import type { MessageOptions } from '../../types/message-options.js'

/** Message limits of a route; every number is needed. */
export type SocketLimits = Required<Omit<MessageOptions, 'budgets'>> & Pick<MessageOptions, 'budgets'>
