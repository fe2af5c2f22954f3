// 'fastify-ws-guard/testing': typed clients in memory, for tests of an application.
export { connect } from './testing/connect.js'
export { ClientError } from './client/error.js'
export { attempt, eventsOf } from './client/views.js'
export type { ConnectOptions, NextOptions, TestClient, Unread, WaitOptions } from './testing/types.js'
