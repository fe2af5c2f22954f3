/** Names of a schema's options, nested ones dotted (`connections.perAddress`), the objects that hold them included. */
export function optionNames (schema: unknown, prefix = ''): string[] {
  // What is handed over as it is has members, but they are no options.
  if (typeof schema !== 'object' || schema === null || 'expected' in schema) return []
  const names: string[] = []
  for (const [name, option] of Object.entries(member(schema, 'properties') ?? {})) {
    names.push(prefix + name, ...optionNames(option, `${prefix}${name}.`))
  }
  for (const keyword of ['anyOf', 'allOf']) {
    for (const branch of Object.values(member(schema, keyword) ?? {})) names.push(...optionNames(branch, prefix))
  }
  return [...new Set(names)]
}

/** Options with a plain default in the schema, as text. */
export function optionDefaults (schema: unknown, prefix = ''): Map<string, string> {
  const defaults = new Map<string, string>()
  if (typeof schema !== 'object' || schema === null) return defaults
  for (const [name, option] of Object.entries(member(schema, 'properties') ?? {})) {
    const value: unknown = Object.entries(option as object).find(([key]) => key === 'default')?.[1]
    if (/^(number|boolean|string)$/.test(typeof value)) defaults.set(prefix + name, String(value))
    for (const [inner, text] of optionDefaults(option, `${prefix}${name}.`)) defaults.set(inner, text)
  }
  for (const branch of Object.values(member(schema, 'anyOf') ?? {})) {
    for (const [inner, text] of optionDefaults(branch, prefix)) defaults.set(inner, text)
  }
  return defaults
}

function member (value: object, key: string): object | null {
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1]
  return typeof found === 'object' ? found : null
}
