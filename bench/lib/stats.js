/** Middle of a list of numbers. */
export function median (values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** `min / median / max` of a list, with so many digits. */
export function spread (values, digits = 2) {
  return `${Math.min(...values).toFixed(digits)} / ${median(values).toFixed(digits)} / ${Math.max(...values).toFixed(digits)}`
}

/** Pairwise quotients of two lists measured in turn. */
export const ratios = (a, b) => a.map((value, index) => value / b[index])

/** Prints rows as a table with aligned columns. */
export function table (head, rows) {
  const all = [head, ...rows].map(row => row.map(String))
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column].length)))
  for (const row of all) console.log(row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  '))
}
