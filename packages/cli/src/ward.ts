import { EXIT } from './exit.ts'
import { main } from './main.ts'

const interrupt = new AbortController()
process.on('SIGINT', () => {
  // The first Ctrl-C ends the command in good order; a second one does not wait for that.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
  interrupt.abort()
})
// A reader that has seen enough (`| head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done)
    throw error
  })
}

main(process.argv.slice(2), {
  env: process.env,
  // A getter: opening stdin costs, and few commands read it.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
}).then((code) => {
  process.exitCode = code
})
