import { readFileSync } from 'node:fs'
import t from 'tap'
import { compileHosts } from '../../lib/gate/host.js'
import { compileOrigins, originsFromHosts } from '../../lib/gate/origin.js'

// Verdicts recorded from Django Channels' validators and Django's get_host(). Ours is the same, or stricter for a reason
// that docs/channels.md names. Never laxer.

interface Input {
  origin?: string | null
  origins?: string[]
  patterns?: string[]
  allowed_hosts?: string[]
  host?: string | null
  debug?: boolean
  x_forwarded_host?: string
  server_name?: string
}
interface Row { id: number, class: string, input: Input, verdict: { allow?: boolean, error?: unknown }, lax?: string[] }
type Verdict = 'allow' | 'refuse' | 'boot'

const rows = readFileSync(`${process.cwd()}/test/corpus/channels-vectors.jsonl`, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Row)

function judge (input: Input): Verdict {
  const development = input.debug ?? false
  let check: (value: string | undefined) => object | null
  let value: string | null | undefined
  try {
    if (input.host !== undefined) {
      check = compileHosts(input.allowed_hosts!, { optionName: 'allowedHosts', development }).check
      value = input.host
    } else {
      const patterns = input.patterns ?? originsFromHosts(input.allowed_hosts!, { development })
      check = compileOrigins(patterns, { optionName: 'origins', development, allowMissing: false, allowNull: false }).check
      // Node joins repeated Origin lines.
      value = input.origins ? input.origins.join(', ') : input.origin
    }
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== 'WSG_ERR_ORIGIN_PATTERN' && code !== 'WSG_ERR_HOST_PATTERN') throw error
    return 'boot'
  }
  return check(value ?? undefined) === null ? 'allow' : 'refuse'
}

const isWeb = (origin: string | null | undefined): boolean => /^https?:\/\//.test(origin ?? '')

/** Classes of the corpus that do not explain a refusal by themselves: there we allow as well. */
const explains = (label: string, input: Input): boolean => {
  if (label === 'L3-star') return !isWeb(input.origin)
  if (label === 'L12-host-list-as-origin-list') return input.allowed_hosts!.includes('*')
  if (label.startsWith('L1-')) return !(input.origin ?? '').startsWith('https://') && !input.debug
  return label !== 'H4-star' && label !== 'H5-trailing-dot'
}

/** S1: an entry that matches nothing in Channels, and here what its writer meant: https, the default port, subdomains only. */
const isStarLabel = ({ patterns = [], origin }: Input): boolean =>
  patterns.every(entry => /^(?:https:\/\/)?\*\./.test(entry)) && /^https:\/\/[\w.-]+\.example\.com$/.test(origin ?? '')

/** Ours beside the corpus' classes; docs/channels.md has a row for each. */
const EXTRA: { readonly [name: string]: (input: Input, ours: Verdict) => boolean } = {
  /** O1: an entry that could never match, or is not canonical, fails at boot instead of being ignored. */
  'O1-pattern-refused-at-boot': (_, ours) => ours === 'boot',
  /** O2: an IP address in a header has one spelling. */
  'O2-ip-not-canonical': ({ host }) => /^\[[0-9a-f:.]+\](?::\d+)?$/i.test(host ?? '') || /^[\d.]+\.(?::\d+)?$/.test(host ?? ''),
  /** O3: without a Host header nothing stands in for it. */
  'O3-host-missing': ({ host }) => host === null,
}

t.test('all recorded rows: equal or explicably stricter, never laxer', async t => {
  const counts = { equal: 0, stricter: 0, boot: 0, meant: 0 }
  const reasons = new Map<string, number>()
  for (const row of rows) {
    const ours = judge(row.input)
    const theirs = row.verdict.allow === true ? 'allow' : 'refuse'
    const text = `${row.id} ${JSON.stringify(row.input).slice(0, 160)}`
    if (ours === 'boot') counts.boot++
    if (theirs === 'refuse') {
      // H7: Django's pattern for a Host has no underscore, though browsers send it.
      const isUnderscore = /^[a-z0-9._-]*_[a-z0-9._-]*$/.test(row.input.host ?? '')
      const meant = isUnderscore || isStarLabel(row.input)
      t.ok(ours !== 'allow' || meant, `never laxer: ${text}`)
      if (ours === 'allow' && isStarLabel(row.input)) counts.meant++
      counts.equal++
    } else if (ours === 'allow') {
      t.pass(text)
      counts.equal++
    } else {
      const reason = (row.lax ?? []).find(label => explains(label, row.input)) ?? Object.keys(EXTRA).find(name => EXTRA[name]!(row.input, ours))
      t.ok(reason !== undefined, `stricter needs a documented reason: ${text} (${row.lax ?? 'no class'})`)
      reasons.set(reason ?? 'none', (reasons.get(reason ?? 'none') ?? 0) + 1)
      counts.stricter++
    }
  }
  t.equal(rows.length, 1061)
  t.equal(counts.meant, 4, 'the star of a label is the one form that means more here')
  t.comment(`rows ${rows.length}: same outcome ${counts.equal}, stricter ${counts.stricter}, laxer 0; pattern list refused at boot in ${counts.boot}`)
  for (const [reason, count] of [...reasons].sort()) t.comment(`  stricter for ${reason}: ${count}`)
})

t.test('what a browser sends and Channels rightly allows, we allow as well', async t => {
  const atBoot: number[] = []
  let seen = 0
  for (const row of rows) {
    if (row.verdict.allow !== true || row.lax !== undefined || row.input.host === null) continue
    const ours = judge(row.input)
    if (ours === 'boot') {
      atBoot.push(row.id)
      continue
    }
    t.equal(ours, 'allow', `${row.id} ${JSON.stringify(row.input)}`)
    seen++
  }
  t.same(atBoot, [621], 'O1: port 0 can not be listed')
  t.ok(seen > 15)
  t.comment(`${seen} rows allowed without reservation`)
})

t.test('every class of the corpus is explained in docs/channels.md', async t => {
  const page = readFileSync(`${process.cwd()}/docs/channels.md`, 'utf8')
  const labels = new Set(rows.flatMap(row => row.lax ?? []).map(label => label.replace(/-.*/, '')))
  for (const label of [...labels, ...Object.keys(EXTRA).map(name => name.replace(/-.*/, ''))]) t.match(page, new RegExp(`\\| ${label} \\|`), label)
  t.ok(labels.size >= 17)
})
