import type { FastifyInstance } from 'fastify'

/** What a fake instance has logged: the records of warnings. */
export type WarningLog = object[]

/** An instance that has `members` only, and a log: for probes of an inside that is not there. */
export function fakeInstance (members: object): { instance: FastifyInstance, log: WarningLog } {
  const log: WarningLog = []
  return { instance: { ...members, log: { warn: (record: object) => { log.push(record) } } } as unknown as FastifyInstance, log }
}

/** The insides that a self-check has found to be changed. */
export function changedInsides (log: WarningLog): string[] {
  return log.filter(record => (record as { code?: string }).code === 'WSG_WARN_FOREIGN_CHANGED').map(record => (record as { inside: string }).inside)
}
