import { afterAll, beforeAll, expect, test } from 'vitest'
import { contract } from '../support/contract.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

test('the server serves the contract that it was made of, with itself as the server', async () => {
  const response = await world.fetch('/openapi.json')
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const servers = [{ url: '/', description: 'This server.' }]
  expect(await response.json()).toEqual({ ...contract, servers })
})

test('the docs are whole: every file that the page names is served here, and nothing is fetched from elsewhere', async () => {
  const page = await (await world.fetch('/docs')).text()
  const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
  expect(files.length).toBeGreaterThanOrEqual(3)
  for (const file of files) {
    expect(file).toMatch(/^\/docs\//)
    const response = await world.fetch(file)
    expect(response.status, file).toBe(200)
    expect((await response.text()).length, file).toBeGreaterThan(50)
  }
  const { headers } = await world.fetch('/docs')
  expect(headers.get('content-security-policy')).toContain("default-src 'self'")
})
