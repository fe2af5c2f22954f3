#!/usr/bin/env node
// Tested in test/codegen/cli.test.ts.
import { main } from './cli.js'

process.exitCode = await main(process.argv.slice(2), {
  print: line => { process.stdout.write(`${line}\n`) },
  complain: line => { process.stderr.write(`${line}\n`) },
})
// What a user's module left open must not keep the command; what was written goes out first.
setTimeout(() => process.exit(), 500).unref()
