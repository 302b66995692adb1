#!/usr/bin/env node
// What npm links as `ward`. The bundle is built by `npm ci` (the root's prepare script).
'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')

const bundle = join(__dirname, '..', 'dist', 'ward.cjs')
if (existsSync(bundle)) require(bundle)
else {
  process.stderr.write('ward: it is not built yet. In the root of the repository run: npm run build\n')
  process.exitCode = 1
}
