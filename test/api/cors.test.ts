import { expect, test } from 'vitest'
import { createWorld } from '../support/world.ts'

test('a browser of a named origin may use every method of the contract; others get no leave', async () => {
  const world = await createWorld({ env: { CORS_ORIGINS: 'https://app.example' } })
  const ask = (origin: string, method: string) =>
    fetch(`${world.url}/api/blobs`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type',
      },
    })
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await ask('https://app.example', method)
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(answer.headers.get('access-control-allow-methods')).toContain(method)
  }
  expect((await ask('https://evil.example', 'PUT')).headers.get('access-control-allow-origin')).toBeNull()
  await world.stop()
})
