#!/usr/bin/env node
// The bundle is built by `npm ci` (the root's prepare script); this file is what npm links as `ward`.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const bundle = fileURLToPath(new URL('../dist/ward.cjs', import.meta.url))
if (existsSync(bundle)) createRequire(import.meta.url)(bundle)
else {
  process.stderr.write('ward: it is not built yet. In the root of the repository run: npm run build\n')
  process.exitCode = 1
}
