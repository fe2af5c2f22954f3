import { type BootLog, warnAtBoot } from '../log/boot-warning.js'

/**
 * Told at boot when a self-check finds that the inside of another package is not what this room takes it for. `inside`
 * is the name of its file here and of its section in docs/foreign.md; `effect` says what no longer works.
 */
export function warnChanged (log: BootLog, inside: string, effect: string): void {
  const record = { code: 'WSG_WARN_FOREIGN_CHANGED', inside }
  warnAtBoot(log, record, 'the inside of another package has changed ' +
    `(docs/foreign.md, ${inside}): ${effect}`)
}
