import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Trailer } from '../../packages/cli/src/commands/audit/export.ts'
import { sealAudit } from '../../packages/server/src/audit/seals.ts'
import { createPool } from '../../packages/server/src/db/pool.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let home: Machine

beforeAll(async () => {
  world = await createWorld()
  const org = await world.organization()
  const admin = await world.user({ roles: { [org]: 'ADMIN' } })
  for (let round = 0; round < 5; round++) await admin.client.patients.list({ org_id: org })
  home = new Machine()
  home.keep({ url: world.url, access_token: admin.token, organization_id: org })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

describe('ward audit', () => {
  test('export writes a file that is whole, and NDJSON to stdout', async () => {
    const file = join(home.home, 'audit.csv')
    const { url } = world
    const ran = await home.ward(['audit', 'export', '--file', file, '--action', 'LIST'], { url })
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '5 rows, whole.\n' })
    expect(readFileSync(file, 'utf8').split('\r\n')).toHaveLength(8)
    expect(existsSync(`${file}.part`)).toBe(false)
    const { stdout } = await home.ward(['audit', 'export', '--action', 'LIST', '-o', 'ndjson'], { url })
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ end: true, rows: 5 })
  })

  test('export that broke off, or was changed, is not taken for whole', () => {
    const rows = '{"id":"1"}\n{"id":"2"}\n'
    const sha256 = 'f2a0fba1ea7ba9ba7e0a8fd5bdc4fa07dd5d58c7b4f52a7d8dc38ad0ebc8d8c7'
    for (const text of [rows, '', '{"id":"1"}\n', `${rows}{"end":true,"rows":2,"sha256":"${sha256}"}\n`]) {
      const trailer = new Trailer()
      for (const letter of text) trailer.take(letter)
      expect(() => trailer.check()).toThrow(/not whole/)
    }
  })

  test('verify says whether the trail is intact, and a kept seal finds a rewritten one', async () => {
    const { url } = world
    const pool = createPool(world.appUrl, 1, () => {})
    try {
      const sealed = async () => {
        await sealAudit(pool, world.clock.now())
        return (await world.admin.query('select number from audit_seals')).rowCount
      }
      await expect.poll(sealed, { timeout: 15_000 }).toBeGreaterThan(0)
    } finally {
      await pool.end()
    }
    const file = join(home.home, 'seal.json')
    expect(await home.ward(['audit', 'seal', 'export', '--file', file], { url })).toMatchObject({ code: 0 })
    const good = await home.ward(['audit', 'verify', '--seal', file, '-o', 'json'], { url })
    expect(good.code).toBe(0)
    expect(JSON.parse(good.stdout)).toMatchObject({ intact: true })
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), hash: 'a'.repeat(64) }))
    const bad = await home.ward(['audit', 'verify', '--seal', file], { url })
    expect(bad.code).toBe(1)
    expect(bad.stdout).toContain('ANCHOR_MISMATCH')
  })
})
