import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Clamd, eicar, startFakeClamd } from '../support/clamd.ts'
import { pdf } from '../support/files.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type TestPatient, type TestUser, type World } from '../support/world.ts'

let world: World
let clamd: Clamd
let org: string
let admin: TestUser
let patient: TestPatient
let machine: Machine

beforeAll(async () => {
  clamd = await startFakeClamd()
  world = await createWorld({ env: { CLAMD_URL: clamd.url } })
  org = await world.organization()
  admin = await world.user({ roles: { [org]: 'ADMIN' } })
  patient = await world.patient([org])
  machine = new Machine()
})
afterAll(async () => {
  machine.remove()
  await world.stop()
  await clamd.close()
})

const ward = (argv: readonly string[], token = admin.token) => machine.ward(argv, { url: world.url, token })
const place = (name: string, bytes: Uint8Array): string => {
  const path = join(machine.home, name)
  writeFileSync(path, bytes)
  return path
}
const upload = async (name: string, bytes: Uint8Array, ...more: string[]) => {
  const ran = await ward(['documents', 'upload', patient.id, place(name, bytes), '-o', 'json', ...more])
  expect(ran.code, ran.stderr).toBe(0)
  return { ...JSON.parse(ran.stdout), stderr: ran.stderr }
}
const scanned = (id: string, status: string) =>
  expect
    .poll(async () => (await admin.client.documents.get({ org_id: org, document_id: id })).scan_status)
    .toBe(status)
const processed = (id: string) =>
  expect
    .poll(
      async () => (await admin.client.documents.get({ org_id: org, document_id: id })).processing_status,
      {
        timeout: 20_000,
      },
    )
    .toBe('COMPLETED')

describe('ward documents', () => {
  test('uploads a file, shows it and its text, and downloads the same bytes', async () => {
    const bytes = await pdf('Total cholesterol 182')
    const document = await upload('report.pdf', bytes, '--description', 'Lipid panel')
    expect(document).toMatchObject({
      filename: 'report.pdf',
      description: 'Lipid panel',
      scan_status: 'PENDING',
    })
    expect(document.stderr).toContain(`ward documents show ${document.id}`)
    await processed(document.id)
    expect((await ward(['documents', 'show', document.id])).stdout).toMatch(/scan +CLEAN/)
    expect((await ward(['documents', 'show', document.id, '--text'])).stdout).toBe('Total cholesterol 182\n')
    expect((await ward(['documents', 'list', patient.id, '-o', 'csv'])).stdout).toContain(
      `${document.id},report.pdf,`,
    )
    const target = join(machine.home, 'got.pdf')
    const got = await ward(['documents', 'download', document.id, '--file', target])
    expect(got).toMatchObject({ code: 0, stdout: `${target}\n` })
    expect(readFileSync(target).equals(bytes)).toBe(true)
    expect(statSync(target).mode & 0o777).toBe(0o600)
    expect(readdirSync(machine.home).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('never replaces a file without --force', async () => {
    const { id } = await upload('a.txt', Buffer.from('new'))
    await scanned(id, 'CLEAN')
    const target = place('mine.txt', Buffer.from('old'))
    const refused = await ward(['documents', 'download', id, '--file', target])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--force replaces it') })
    expect(readFileSync(target, 'utf8')).toBe('old')
    expect((await ward(['documents', 'download', id, '--file', target, '--force'])).code).toBe(0)
    expect(readFileSync(target, 'utf8')).toBe('new')
  })

  test('tells what is infected, not scanned yet, missing or of no allowed kind', async () => {
    const infected = await upload('x.txt', eicar())
    await scanned(infected.id, 'INFECTED')
    const refused = await ward(['documents', 'download', infected.id])
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('quarantined') })
    expect((await ward(['documents', 'show', world.id()])).code).toBe(3)
    const program = await ward(['documents', 'upload', patient.id, place('x.exe', Buffer.from('MZ'))])
    expect(program).toMatchObject({ code: 2, stderr: expect.stringContaining('must end like one of') })
    expect((await ward(['documents', 'upload', patient.id, '/nowhere/x.txt'])).code).toBe(2)
    const disguised = place('x.pdf', Buffer.from('MZ'))
    expect((await ward(['documents', 'upload', patient.id, disguised])).code).toBe(2)
    expect((await ward(['documents', 'upload', world.id(), place('y.txt', Buffer.from('y'))])).code).toBe(3)
  })

  test('deletes', async () => {
    const { id } = await upload('gone.txt', Buffer.from('gone'))
    expect((await ward(['documents', 'delete', id])).code).toBe(0)
    expect((await ward(['documents', 'show', id])).code).toBe(3)
  })
})

describe('ward jobs', () => {
  test('lists what failed for good, and runs it again', async () => {
    const boss = await world.user({ superAdmin: true })
    const { rows } = await world.admin.query(
      `insert into jobs.job_common (name, state, retry_limit, retry_count, output, data)
       values ('document-scan', 'failed', 8, 8, '{"error": "Error ECONNREFUSED"}', $1) returning id`,
      [JSON.stringify({ document_id: world.id(), organization_id: org })],
    )
    const [{ id }] = rows
    const listed = await ward(['jobs', 'list', '-o', 'csv'], boss.token)
    expect(listed.stdout).toContain(`${id},document-scan,FAILED,9/9,Error ECONNREFUSED,`)
    const retried = await ward(['jobs', 'retry', id], boss.token)
    expect(retried).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('document-scan is tried again'),
    })
    expect((await ward(['jobs', 'retry', world.id()], boss.token)).code).toBe(3)
    expect((await ward(['jobs', 'list'])).code).toBe(4)
  })
})
