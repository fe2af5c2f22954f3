import { type BootLog, warnAtBoot } from '../log/boot-warning.js'
import { WSG_ERR_OPTION_UNSAFE } from '../errors/coded.js'
import type { UpgradeListeners } from '../foreign/upgrade-listeners.js'

const ADVICE = 'say which paths are its own, e.g. otherUpgrades: [\'/socket.io/\'], or otherUpgrades: [] where it ' +
  'is to get none'

/**
 * Throws WSG_ERR_OPTION_UNSAFE where somebody else listens for upgrades on the same server and no option speaks of it.
 */
export function refuseStrangers (listeners: UpgradeListeners, otherUpgrades: readonly string[] | null): void {
  const [first, ...others] = listeners.strangers()
  if (first === undefined || otherUpgrades !== null) return
  const more = others.length === 0 ? '' : ` and ${others.join(', ')}`
  throw new WSG_ERR_OPTION_UNSAFE('options.otherUpgrades: expected a list, because another listener for upgrades is ' +
    `on this server: got ${first}${more}, whose sockets pass no check of the guard; ${ADVICE}`)
}

/** Warns of each listener that is added after boot without the option: it is called for no handshake. */
export function warnOfStrangers (
  listeners: UpgradeListeners, otherUpgrades: readonly string[] | null, log: BootLog
): void {
  if (otherUpgrades !== null) return
  listeners.watch(listener => {
    const record = { code: 'WSG_WARN_OTHER_UPGRADES', listener }
    warnAtBoot(log, record, 'another listener for upgrades was added and gets none ' +
      `of them: ${listener}; ${ADVICE}`)
  })
}
