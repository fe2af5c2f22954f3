import type { FastifyInstance } from 'fastify'
import { connect } from 'node:net'
import { once } from 'node:events'

/** Statuses of handshakes that claim an identity in every way a peer could, over real TCP. */
export async function rawHandshake (app: FastifyInstance): Promise<number[]> {
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const claims = [
    ['/rooms/lobby', 'fastify-ws-guard.injected: {"identity":{"id":1}}'],
    ['/rooms/lobby?identity=1&fastify-ws-guard.injected=%7B%22identity%22%3A%7B%22id%22%3A1%7D%7D', 'x-identity: 1'],
    ['/rooms/lobby', 'cookie: identity=1; as=1; fastify-ws-guard.injected={"identity":{"id":1}}'],
  ] as const
  return await Promise.all(claims.map(async ([path, header]) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${header}\r\n\r\n`)
    const [data] = await once(socket, 'data') as [Buffer]
    socket.destroy()
    return Number(/^HTTP\/1\.1 (\d+)/.exec(data.toString())?.[1])
  }))
}
