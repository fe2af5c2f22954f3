import type { ContractModel, RulesModel } from '../../types/model.js'
import { step } from '../contract/tree/context.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_GENERATE } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { present } from '../model/present.js'
import { type Frame, type Frames, framesOf } from './frames.js'
import { type Json, type RefTo, schemaOf, schemasOf } from './schema-of.js'

/** What a document says beside its contracts. */
export interface AsyncApiOptions {
  /** Default: the contract's name. */
  readonly title?: string
  /** Version of the API. Default `1.0.0`. */
  readonly version?: string
  /** Where it is: `wss://app.example.com`. Default: no server is listed. */
  readonly server?: string
  /**
   * Security schemes as AsyncAPI writes them, by name; any one of them lets a client in. Default: the cookie
   * `sessionId` and a bearer token. Routes that are known to be public have none.
   */
  readonly securitySchemes?: { readonly [name: string]: Json }
}

const KEYS = ['title', 'version', 'server', 'securitySchemes']

const SCHEMES: { readonly [name: string]: Json } = {
  session: {
    type: 'httpApiKey',
    in: 'cookie',
    // What @fastify/session calls it where `cookieName` says nothing.
    name: 'sessionId',
    description: "The session's cookie. The Origin header is checked with it.",
  },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'In the Authorization header, or as the subprotocol `bearer.<token>`.',
  },
}

/**
 * An AsyncAPI 3.0 document of contracts, as plain JSON. It says what the server does: it receives what is inbound. The
 * same contracts give the same document. Throws WSG_ERR_GENERATE for an option that is unknown, or no URL.
 */
export function asyncApi (models: ContractModel | readonly ContractModel[], options: AsyncApiOptions = {}): Json {
  checkKeys(options, KEYS, 'asyncApi: options', WSG_ERR_GENERATE)
  const all = Array.isArray(models) ? models as readonly ContractModel[] : [models as ContractModel]
  const { title = all.map(model => model.name).join(', '), version = '1.0.0', server } = options
  const schemes = options.securitySchemes ?? SCHEMES
  const parts = all.map(model => partOf(model, all.length > 1 ? `${model.typeName}.` : '', Object.keys(schemes)))
  const merged = (name: keyof Part): Json => Object.assign({}, ...parts.map(part => part[name])) as Json
  const needsSecurity = all.some(model => model.route?.public !== true)
  return present({
    asyncapi: '3.0.0',
    info: present({ title, version, description: all.length === 1 ? all[0]!.description : undefined }),
    defaultContentType: 'application/json',
    servers: server === undefined ? undefined : { main: serverOf(server) },
    channels: merged('channels'),
    operations: merged('operations'),
    components: present({
      schemas: merged('schemas'),
      messages: merged('messages'),
      securitySchemes: needsSecurity && Object.keys(schemes).length > 0 ? schemes : undefined,
    }),
  })
}

function serverOf (address: string): Json {
  if (!URL.canParse(address)) {
    throw new WSG_ERR_GENERATE(`asyncApi: options.server: expected wss://host, got ${got(address)}`)
  }
  const { host, protocol, pathname } = new URL(address)
  return present({
    host,
    protocol: protocol.replace('http', 'ws').replace(':', ''),
    pathname: pathname === '/' ? undefined : pathname,
  })
}

interface Part {
  readonly channels: Json
  readonly operations: Json
  readonly schemas: Json
  readonly messages: Json
}

/** What one contract adds. `prefix` keeps the names of several apart. */
function partOf (model: ContractModel, prefix: string, schemes: readonly string[]): Part {
  const refTo: RefTo = name => `#/components/schemas/${prefix}${name}`
  const frames = framesOf(model, refTo)
  const prefixed = (entries: Iterable<readonly [string, Json]>): Json =>
    Object.fromEntries([...entries].map(([name, value]) => [prefix + name, value]))
  const text = frames.all.filter(frame => !frame.isBinary)
  return {
    channels: { [model.typeName]: channelOf(model, frames, prefix, refTo) },
    operations: prefixed(operationsOf(model, frames, schemes)),
    schemas: prefixed([
      ...Object.entries(schemasOf(model, refTo)),
      ...text.map(({ name, schema }) => [name, schema] as const),
    ]),
    messages: prefixed(frames.all.map(frame => [frame.name, messageOf(model, frame, frames, refTo)] as const)),
  }
}

/** Fastify's `/rooms/:room(^\\d+$)` as `/rooms/{room}`. */
const addressOf = (url: string): string => url.replace(/:(\w+)(?:\([^)]*\))?\??/g, '{$1}')

function channelOf (model: ContractModel, frames: Frames, prefix: string, refTo: RefTo): Json {
  const address = addressOf(model.url)
  const parameters = [...address.matchAll(/\{(\w+)\}/g)].map(match => match[1]!)
  return present({
    address,
    title: model.name,
    description: model.description,
    messages: Object.fromEntries(frames.all.map(({ name }) =>
      [name, { $ref: `#/components/messages/${prefix}${name}` }])),
    parameters: parameters.length === 0
      ? undefined
      : Object.fromEntries(parameters.map(name => [name, parameterOf(model, name, refTo)])),
    bindings: {
      ws: present({
        method: 'GET',
        query: model.query === undefined ? undefined : plainObject(model, model.query, refTo),
        bindingVersion: '0.1.0',
      }),
    },
    'x-subprotocols': ['wsg.v1', model.fingerprint],
    'x-fingerprint': model.fingerprint,
    'x-envelope': model.envelope,
    'x-limits': model.limits,
    'x-rate': model.route === undefined ? undefined : { perSecond: model.route.rate, burst: model.route.burst },
    'x-budgets': model.route?.budgets?.map(({ name, rate, burst }) => present({ name, perSecond: rate, burst })),
    'x-close-codes': model.closeCodes,
    'x-error-codes': model.errorCodes,
  })
}

/** The binding wants a schema of its own with `type` and `properties`. */
function plainObject (model: ContractModel, name: string, refTo: RefTo): Json {
  return schemaOf(model.types.find(type => type.name === name)!.type, refTo)
}

function parameterOf (model: ContractModel, name: string, refTo: RefTo): Json {
  const params = model.types.find(type => type.name === model.params)?.type
  const type = params?.kind === 'object' ? params.properties.find(property => property.name === name)?.type : undefined
  if (type === undefined) return {}
  const values = type.kind === 'values' ? type.values.filter(value => typeof value === 'string') : []
  return present({
    description: type.description ?? type.title,
    enum: values.length === 0 ? undefined : values,
    'x-schema': schemaOf(type, refTo),
  })
}

function messageOf (model: ContractModel, frame: Frame, frames: Frames, refTo: RefTo): Json {
  const told = [...frames.inbound, ...frames.outbound].find(([, one]) => one === frame)?.[0] ??
    frames.calls.find(({ request }) => request === frame)?.call
  const isOfCall = frames.calls.some(({ request, reply, error }) => [request, reply, error].includes(frame))
  return present({
    name: told?.type ?? frame.name,
    title: frame.name,
    summary: told?.description,
    contentType: frame.isBinary ? 'application/octet-stream' : 'application/json',
    payload: frame.isBinary ? frame.schema : { $ref: refTo(frame.name) },
    correlationId: isOfCall ? { location: `$message.payload#${step('', model.envelope.id)}` } : undefined,
    'x-when-slow': told !== undefined && 'whenSlow' in told ? told.whenSlow : undefined,
  })
}

/** Operations by name. The server receives what is inbound, sends what is outbound, and replies to calls. */
function operationsOf (model: ContractModel, frames: Frames, schemes: readonly string[]): (readonly [string, Json])[] {
  const channel = { $ref: `#/channels/${model.typeName}` }
  const messages = (...all: readonly Frame[]): readonly Json[] =>
    all.map(({ name }) => ({ $ref: `#/channels/${model.typeName}/messages/${name}` }))
  const security = model.route?.public === true || schemes.length === 0
    ? undefined
    : schemes.map(name => ({ $ref: `#/components/securitySchemes/${name}` }))
  const receive = (frame: Frame, rules: Json = {}): Json =>
    present({ action: 'receive', channel, messages: messages(frame), security, ...rules })
  const send = (...all: readonly Frame[]): Json => ({ action: 'send', channel, messages: messages(...all) })
  return [
    ...frames.inbound.map(([message, frame]) => [`receive${frame.name}`, receive(frame, rulesOf(message))] as const),
    ...frames.calls.map(({ call, request, reply, error }) => [`answer${request.name}`, {
      ...receive(request, rulesOf(call)),
      reply: { channel, messages: messages(reply, error) },
    }] as const),
    ...frames.outbound.map(([message, frame]) =>
      [`send${frame.name}`, present({ ...send(frame), summary: message.description })] as const),
    ['answerPing', { ...receive(frames.own.ping), reply: { channel, messages: messages(frames.own.pong) } }],
    ['receiveCancel', receive(frames.own.cancel)],
    ['sendError', send(frames.own.error)],
  ]
}

function rulesOf ({ description, roles, cost, deadline, maxBytes, unknownProperties }: RulesModel): Json {
  return present({
    summary: description,
    'x-roles': roles.length === 0 ? undefined : roles,
    'x-cost': cost,
    'x-deadline': deadline,
    'x-max-bytes': maxBytes,
    'x-unknown-properties': unknownProperties,
  })
}
