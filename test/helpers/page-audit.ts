import type { Page } from 'playwright-core'

// What of WCAG 2.2 can be measured in a page as it is shown now. Each returns one line for every fault.

/** Runs in the page: elements that are seen, and a name for them. An open dialog covers all else. */
const COMMON = `
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
  const isSeen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    getComputedStyle(element).clipPath === 'none' && element.closest('.unseen') === null
  const nameOf = element => element.tagName.toLowerCase() + (element.id && '#' + element.id) + ' ' + JSON.stringify(element.textContent.trim().slice(0, 30))
  const seen = selector => [...top.querySelectorAll(selector)].filter(isSeen)
`

async function run (page: Page, code: string): Promise<string[]> {
  return await page.evaluate(`(() => { ${COMMON} ${code} })()`)
}

/** Text whose contrast with what is behind it is under 4.5 (1.4.3). What is disabled is exempt. */
export async function contrastFaults (page: Page): Promise<string[]> {
  return await run(page, `
    const channels = color => color.match(/[\\d.]+/g).map(Number)
    const luminance = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map(value => value / 255).map(value => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
      return .2126 * x + .7152 * y + .0722 * z
    }
    const behind = element => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = channels(getComputedStyle(at).backgroundColor)
        if (color.length === 3 || color[3] === 1) return color
      }
      return [255, 255, 255]
    }
    const hasText = element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim() !== '')
    return seen('*').filter(element => hasText(element) && element.closest(':disabled') === null).flatMap(element => {
      const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a)
      const ratio = (a + .05) / (b + .05)
      return ratio < 4.5 ? [nameOf(element) + ': ' + ratio.toFixed(2)] : []
    })`)
}

/** What makes the page, or the dialog that is open, wider than the window (1.4.10); what scrolls by itself may. */
export async function widthFaults (page: Page): Promise<string[]> {
  return await run(page, `
    const width = document.documentElement.clientWidth
    const faults = [document.documentElement, top].filter(element => element.scrollWidth > element.clientWidth).map(element =>
      nameOf(element) + ': ' + element.scrollWidth + ' wide in ' + element.clientWidth)
    const scrolls = element => element !== null && element !== top && (getComputedStyle(element).overflowX === 'auto' || scrolls(element.parentElement))
    for (const element of seen('*')) {
      const { left, right } = element.getBoundingClientRect()
      if ((left < 0 || right > width) && !scrolls(element.parentElement)) faults.push(nameOf(element) + ': from ' + left + ' to ' + right)
    }
    return faults`)
}

/** What is pressed and smaller than 24 by 24 pixels (2.5.8). */
export async function targetFaults (page: Page): Promise<string[]> {
  return await run(page, `
    return seen('button, a, textarea, input').flatMap(element => {
      const { width, height } = (element.closest('label') ?? element).getBoundingClientRect()
      return width < 24 || height < 24 ? [nameOf(element) + ': ' + width + ' by ' + height] : []
    })`)
}

/** What can be used and has no name, or no role (4.1.2), as screen readers are told. */
export async function namelessFaults (page: Page): Promise<string[]> {
  const told = await page.locator('body').ariaSnapshot()
  return told.split('\n').filter(line => /^\s*- (button|link|textbox|checkbox|dialog|log|navigation|region|group)(?! "| \w)/.test(line))
}
