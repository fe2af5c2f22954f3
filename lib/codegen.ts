// 'fastify-ws-guard/codegen': the model of a contract and what is generated from it. For build scripts; ES modules
// only.
export { emitClients, generate } from './codegen/generate.js'
export { loadModels } from './codegen/load-models.js'
export { readModel } from './codegen/model.js'
export { emitPython } from './codegen/python.js'
export { emitTypeScript } from './codegen/typescript.js'
export type { Difference } from './codegen/files.js'
export type { Generated, GenerateOptions } from './codegen/generate.js'
export type { ReadModelOptions } from './codegen/model.js'
export type { GeneratedFile } from './codegen/stamp.js'
export type * from '../types/model.js'
