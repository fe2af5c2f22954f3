import { readText } from './sources.js'

/** A row of a table in docs/contract-types.md: whether the type may come from a peer, and from us. */
export interface TypeRow { readonly type: string, readonly peer: string | undefined, readonly ours: string | undefined }

/** Rows of both tables, or of those of typebox 1.x. */
export function typeRows (library: 'sinclair' | 'typebox 1.x'): TypeRow[] {
  return readText('docs/contract-types.md').split('\n## typebox 1.x')[library === 'sinclair' ? 0 : 1]!.split('\n')
    .map(line => /^\| (`[A-Z][^|]*) \| (supported|refused) \| (supported|refused) \|/.exec(line))
    .filter(row => row !== null)
    .flatMap(row => [...row[1]!.matchAll(/`(\w+)`/g)].map(([, type]) => ({ type: type!, peer: row[2], ours: row[3] })))
}
