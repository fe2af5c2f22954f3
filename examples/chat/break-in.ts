import { request as httpRequest } from 'node:http'
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** What a handshake was answered. */
interface Answer {
  readonly status: number
  readonly body: string
}

/** Where the attempt says that it comes from. */
const FOREIGN = 'https://evil.example'

/**
 * Tries to open the lobby's WebSocket as the page of another website would, with the member's own cookie. A browser
 * writes the Origin itself, so the page can't try it: the server does, from the outside, over a connection of its own.
 * For the panel "Try to break in"; in development only.
 */
export async function breakInRoutes (app: FastifyInstance, { port, host }: { readonly port: number, readonly host: string }): Promise<void> {
  app.post('/break-in/foreign-origin', async ({ headers }): Promise<Answer> => await new Promise((resolve, reject) => {
    const attempt = httpRequest({
      port,
      host,
      path: '/rooms/lobby',
      headers: {
        host: headers.host,
        cookie: headers.cookie ?? '',
        origin: FOREIGN,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    })
    attempt.on('response', response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => { body += chunk }).on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    attempt.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, body: '' })
    })
    attempt.on('error', reject)
    attempt.end()
  }))
}
