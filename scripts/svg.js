// What pictures of the docs are made of: SVG as text, readable in light and dark. scripts/pictures.js and bench/plot.js draw with it.

const STYLE = `
  text { font: 14px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; fill: #1f2328 }
  .ground { fill: #ffffff }
  .box { fill: #f6f8fa; stroke: #8c959f }
  .ours { fill: #ddf4ff; stroke: #0969da }
  .bar { fill: #8c959f }
  .mine { fill: #0969da }
  .line { fill: none; stroke: #59636e; stroke-width: 1.5 }
  .head { fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .b { font-weight: 600 }
  .t { font-size: 17px; font-weight: 600 }
  .s { font-size: 12.5px }
  .soft { fill: #59636e }
  .no { fill: #b3261e }
  .yes { fill: #116329 }
  .mid { text-anchor: middle }
  .end { text-anchor: end }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .ground { fill: #0d1117 }
    .box { fill: #151b23; stroke: #656c76 }
    .ours { fill: #12263f; stroke: #4493f8 }
    .bar { fill: #656c76 }
    .mine { fill: #4493f8 }
    .line { stroke: #9198a1 }
    .head { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .soft { fill: #9198a1 }
    .no { fill: #ff9b93 }
    .yes { fill: #56d364 }
  }`

/** Text as XML may hold it. */
const escaped = text => text.replace(/[&<>"]/g, sign => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign])

export const text = (x, y, words, classes = '') => `<text x="${x}" y="${y}"${classes === '' ? '' : ` class="${classes}"`}>${escaped(words)}</text>`

export const rect = (x, y, width, height, classes) => `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" class="${classes}"/>`

/** A line through points, without a head. */
export const line = (...points) => `<polyline class="line" points="${points.map(point => point.join(',')).join(' ')}"/>`

/** A line through points that ends in an arrow's head. */
export function arrow (...points) {
  const [[fromX, fromY], [x, y]] = points.slice(-2)
  const angle = Math.round(Math.atan2(y - fromY, x - fromX) * 180 / Math.PI)
  return `${line(...points)}<path class="head" transform="translate(${x} ${y}) rotate(${angle})" d="M0 0-9-5v10z"/>`
}

/** A whole picture. Title and description are what a screen reader says. */
export function picture ({ width, height, title, description }, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${STYLE}
</style>
<rect class="ground" width="${width}" height="${height}"/>
${parts.flat(Infinity).join('\n')}
</svg>
`
}
