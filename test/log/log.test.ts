import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'

const folder = inject('database').logFolder
const files = readdirSync(folder)
const lines = (suffix: string): string[] =>
  files
    .filter((name) => name.endsWith(suffix))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')

// Run alone there is nothing to read.
const suite = test.skipIf(files.length === 0)

// Every secret is looked for in everything that was logged.
const timeout = 180_000

suite('what the servers of the whole suite logged contains no seeded PHI and no secret', { timeout }, () => {
  const log = lines('.log')
  const secrets = [...new Set(lines('.phi'))]
  expect(log.length).toBeGreaterThan(0)
  expect(secrets.length).toBeGreaterThan(0)
  // What differs in every line is the server's own; without it most lines are the same, and read once.
  const own = /"(?:time":"[\dTZ:.-]+"|request_id":"[\da-f-]{36}"|ms":[\d.]+),?/g
  const text = [...new Set(log.map((line) => line.replace(own, '')))].join('\n')
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  expect(text).not.toMatch(
    /eyJ[\w-]{10,}\.[\w-]{10,}\.|otpauth:|\$argon2|"(password|refresh_token|access_token)"/,
  )
})

suite('every line of it is JSON with a time and a level', { timeout }, () => {
  for (const line of lines('.log'))
    expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), level: expect.any(Number) })
})
