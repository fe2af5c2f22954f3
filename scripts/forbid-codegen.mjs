// For --import: the library and TypeBox find code generation forbidden, as under --disallow-code-generation-from-strings.
// Others may still generate code: Fastify's router does, so that nothing with Fastify in it runs under that flag.
// Who calls is read from the stack. Direct `eval` is not covered; lint forbids it.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url))).replaceAll('\\', '/')
const LIBRARY = /^\/(?:build[^/]*|dist\/(?:esm|cjs))\/lib\//
const TYPEBOX = '/node_modules/@sinclair/typebox/'
const Native = globalThis.Function

/** Whether the function that called `trap` stands in a forbidden file. */
function isForbidden (trap) {
  const { prepareStackTrace, stackTraceLimit } = Error
  const at = {}
  try {
    Error.stackTraceLimit = 1
    Error.prepareStackTrace = (_, [caller]) => caller?.getFileName() ?? ''
    Error.captureStackTrace(at, trap)
    const name = at.stack
    const file = (name.startsWith('file:') ? fileURLToPath(name) : name).replaceAll('\\', '/')
    return file.includes(TYPEBOX) || (file.startsWith(root) && LIBRARY.test(file.slice(root.length)))
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  }
}

// Of each kind of function: `Function`, and those that only `(async () => {}).constructor` and its like reach.
for (const { constructor } of [() => {}, async () => {}, function * () {}, async function * () {}]) {
  const traps = {
    apply (target, receiver, args) {
      if (isForbidden(traps.apply)) throw new EvalError('Code generation from strings disallowed for this caller')
      return Reflect.apply(target, receiver, args)
    },
    construct (target, args, newTarget) {
      if (isForbidden(traps.construct)) throw new EvalError('Code generation from strings disallowed for this caller')
      return Reflect.construct(target, args, newTarget)
    },
  }
  const guarded = new Proxy(constructor, traps)
  Object.defineProperty(constructor.prototype, 'constructor', { value: guarded })
  if (constructor === Native) globalThis.Function = guarded
}
