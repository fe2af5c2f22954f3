import { execFileSync } from 'node:child_process'

/** Ends the program where the shell allows fewer open files than so many sockets need. */
export function needOpenFiles (sockets) {
  const files = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  if (files === 'unlimited' || Number(files) >= sockets + 100) return
  console.error(`${sockets} sockets need as many open files; this shell allows ${files}: run "ulimit -n ${sockets + 100}" first`)
  process.exit(1)
}
