import type { SessionReader } from '../../types/gate.js'

/**
 * Reads a session as it is stored now; null: it is gone. Rejects where the store fails. Stores call back more than once
 * when the callback throws, answer by a promise as well, or throw.
 */
export function readSession (reader: SessionReader, id: string): Promise<object | null> {
  return new Promise((resolve, reject) => {
    const answer: unknown = reader.get(id, (error, session) => {
      if (!error) resolve(session ?? null)
      // Of a store of files; @fastify/session takes it for no session as well.
      else if ((error as { readonly code?: unknown }).code === 'ENOENT') resolve(null)
      else reject(error)
    })
    if (answer instanceof Promise) answer.catch(reject)
  })
}
