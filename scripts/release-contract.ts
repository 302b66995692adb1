/**
 * The contract as it was last released, and what has happened to it since.
 *
 *   node scripts/release-contract.ts           keeps the present contract as the released one (when a release is made)
 *   node scripts/release-contract.ts --check   fails on what breaks clients of the released one
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { breakingChanges } from './breaking.ts'

const released = join(import.meta.dirname, '../openapi/released.json')
const present = join(import.meta.dirname, '../packages/server/src/generated/openapi.json')

// Words bind nobody.
const prose = new Set(['description', 'summary', 'examples', 'example', 'title', 'tags'])

function bare(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((item) => bare(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      // A property may well be called title.
      .filter(([key]) => isNames || !prose.has(key))
      .map(([key, part]) => [key, bare(part, !isNames && key === 'properties')]),
  )
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

if (process.argv.includes('--check')) {
  const broken = breakingChanges(read(released), read(present))
  if (broken.length > 0) {
    console.error(
      `The contract breaks clients of the last release:\n${broken.map((one) => `  ${one}`).join('\n')}`,
    )
    process.exit(1)
  }
} else writeFileSync(released, `${JSON.stringify(bare(read(present)))}\n`)
