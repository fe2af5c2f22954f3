// A board where everyone on this machine pins notes; its page is a React application. In production a bundler writes the
// page before the server starts; here esbuild does it at the start.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import Fastify from 'fastify'
import guard from 'fastify-ws-guard'
import { board } from './board.contract.js'

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Board</title><link rel="icon" href="data:,">
<div id="root"></div><script type="module" src="/page.js"></script></html>
`

const entry = fileURLToPath(new URL('page.js', import.meta.url))
const bundle = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm' })

const app = Fastify()
await app.register(guard, { development: true })

app.get('/', async (_request, reply) => reply.type('text/html').send(PAGE))
app.get('/page.js', async (_request, reply) => reply.type('text/javascript').send(bundle.outputFiles[0]!.text))

const notes: { id: number, text: string }[] = []
app.wsRoute(board, {
  public: true,
  onOpen (socket) { socket.join('all') },
  on: {
    pin ({ text }, socket) {
      const note = { id: (notes.at(-1)?.id ?? 0) + 1, text }
      notes.push(note)
      if (notes.length > 50) notes.shift()
      socket.group('all').send.pinned(note)
    },
  },
  calls: { notes: () => notes },
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000) })
console.log(`The board hangs at http://localhost:${process.env['PORT'] ?? 3000}`)
