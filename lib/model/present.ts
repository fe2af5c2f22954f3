// Tested in test/model/model.test.ts and test/codegen/json-schema.test.ts.

/** Members that are there: what is undefined is left out. */
export function present<T extends object> (members: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}
