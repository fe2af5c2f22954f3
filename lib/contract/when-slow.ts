/** Is it one of the rules that `whenSlow` can be? Which property `latest` names, only the compiler can judge. */
export function isWhenSlow (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === 'close' || value === 'drop'
  const { latest } = value as { readonly latest?: unknown }
  return Object.keys(value).join() === 'latest' && typeof latest === 'string'
}
