#!/usr/bin/env node
// Plain JavaScript that any Node can read, to say what is wrong when it cannot run the rest.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) await import('../src/main.ts')
else {
  process.stderr.write(
    `ward-server needs Node 22.18 or newer, and this is ${process.versions.node}: run it as "npx ward-server" or "npm start", which use the project's own Node.\n`,
  )
  process.exitCode = 1
}
