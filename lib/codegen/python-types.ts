// Tested in test/codegen/python.test.ts.

import type { DefinitionModel, NamedType, ObjectModel, TypeModel, ValuesModel } from '../../types/model.js'
import { typeNotes } from './notes.js'
import { comments, docstring, indented, isFieldName, pythonString } from './python-text.js'

/** Names that types are written with: no field of a class may hide one. */
const OWN_NAMES = ['Any', 'Literal', 'Never', 'NotRequired', 'bool', 'bytes', 'dict', 'float', 'int', 'list', 'str']

/** Declarations of all types, in the model's order. Values are as `json` reads them: dicts, lists, None. */
export function pythonTypes (types: readonly NamedType[]): string[] {
  const hidden = new Set([...OWN_NAMES, ...types.map(({ name }) => name)])
  return types.flatMap(({ name, type }) => ['', '', ...declaration(name, type, hidden)])
}

function declaration (name: string, type: DefinitionModel, hidden: ReadonlySet<string>): string[] {
  if (type.kind !== 'object' || type.extra !== undefined) {
    const written = type.kind === 'object' ? writeOpen(type) : type.kind === 'bytes' ? 'bytes' : write(type)
    return [`${name}: TypeAlias = ${quoted(written)}`, ...docstring(typeNotes(type))]
  }
  const field = (property: ObjectModel['properties'][number]): string =>
    property.required ? write(property.type) : `NotRequired[${write(property.type)}]`
  if (type.properties.every(property => isFieldName(property.name) && !hidden.has(property.name))) {
    const doc = docstring(typeNotes(type))
    const fields = type.properties.flatMap(property =>
      [`${property.name}: ${field(property)}`, ...docstring(typeNotes(property.type))])
    const body = [...doc, ...(doc.length > 0 && fields.length > 0 ? [''] : []), ...fields]
    return [`class ${name}(TypedDict):`, ...indented(body.length === 0 ? ['pass'] : body)]
  }
  // Fields that no class can have.
  return [
    `${name} = TypedDict("${name}", {`,
    ...indented(type.properties.flatMap(property => [
      ...comments(typeNotes(property.type)),
      `${pythonString(property.name)}: ${quoted(field(property))},`,
    ])),
    '})',
    ...docstring(typeNotes(type)),
  ]
}

/** A type that may name what comes later. mypy 2 takes a quoted None for no type. */
const quoted = (written: string): string => written === 'None' ? written : pythonString(written)

/** Python has no type for declared fields beside others: one type covers both. */
function writeOpen ({ extra, properties }: ObjectModel): string {
  const all = [...(extra === undefined ? [] : [extra]), ...properties.map(property => property.type)]
  return `dict[str, ${union(all.map(write))}]`
}

/** A type as it stands behind a colon; without line breaks. */
export function write (type: TypeModel): string {
  switch (type.kind) {
    case 'any': return 'Any'
    case 'boolean': return 'bool'
    case 'number': return type.integer ? 'int' : 'float'
    case 'string': return 'str'
    case 'values': return writeValues(type)
    case 'array': return `list[${write(type.items)}]`
    // What json reads is a list, whatever its items.
    case 'tuple': return `list[${union(type.items.map(write))}]`
    case 'union': return union(type.variants.map(write))
    case 'all': {
      const parts = type.parts.filter(part => part.kind !== 'not')
      const narrowest = parts.find(part => part.kind === 'values') ?? parts[0]
      return narrowest === undefined ? 'Any' : write(narrowest)
    }
    case 'ref': return type.name
  }
}

function union (written: readonly string[]): string {
  const distinct = [...new Set(written)]
  return distinct.includes('Any') ? 'Any' : distinct.join(' | ') || 'Never'
}

/** Literals, as far as Python has them: not for fractions. */
function writeValues ({ values }: ValuesModel): string {
  const literals = values.flatMap(value => {
    if (typeof value === 'string') return [pythonString(value)]
    if (typeof value === 'boolean') return [value ? 'True' : 'False']
    return Number.isSafeInteger(value) ? [String(value)] : []
  })
  const hasFraction = values.some(value => typeof value === 'number' && !Number.isSafeInteger(value))
  return union([
    ...(literals.length === 0 ? [] : [`Literal[${literals.join(', ')}]`]),
    ...(hasFraction ? ['float'] : []),
    ...(values.includes(null) ? ['None'] : []),
  ])
}
