import type { ContractModel, NamedType } from '../../types/model.js'

/** A model written by hand, for emitters: what is not given is as small as can be. */
export function handModel (part: Partial<ContractModel> = {}, types: readonly NamedType[] = []): ContractModel {
  return {
    model: 1,
    name: 'chat',
    typeName: 'Chat',
    url: '/chat',
    fingerprint: 'cf-0123456789abcdef',
    envelope: { type: 'type', data: 'data', id: 'id' },
    inbound: [],
    outbound: [],
    calls: [],
    types,
    limits: { maxPayload: 1024, depth: 3, nodes: 1024 },
    closeCodes: [{ code: 1001, name: 'shutdown', retryable: true }, { code: 4401, name: 'unauthenticated', retryable: false }],
    errorCodes: ['internal'],
    ...part,
  }
}
