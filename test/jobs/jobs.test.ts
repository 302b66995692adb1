import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyRingJson } from '../../packages/server/src/security/keys.ts'
import { type Run, temporaryFolder, until, wardServer } from '../embedded/process.ts'
import { type Clamd, type Manner, startFakeClamd } from '../support/clamd.ts'
import { published } from '../support/outbox.ts'
import { codeOf } from '../support/problems.ts'
import { statementsOf } from '../support/statements.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

const SLOW = 120_000

interface Place {
  world: World
  org: string
  staff: TestUser
  patientId: string
}

async function newPlace(env: Record<string, string>): Promise<Place> {
  const world = await createWorld({ env })
  const org = await world.organization()
  const staff = await world.user({ roles: { [org]: 'STAFF' } })
  return { world, org, staff, patientId: (await world.patient([org])).id }
}

/** A document whose scan is queued. */
async function upload({ org, staff, patientId }: Place): Promise<string> {
  const bytes = Buffer.from('All is well.')
  const { url, headers, document_id } = await staff.client.documents.createUpload({
    org_id: org,
    patient_id: patientId,
    filename: 'note.txt',
    content_type: 'text/plain',
    size_bytes: bytes.length,
  })
  expect((await fetch(url, { method: 'PUT', body: bytes, headers })).ok).toBe(true)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await staff.client.documents.completeUpload({ org_id: org, document_id, sha256 })
  return document_id
}

const statusOf = async ({ org, staff }: Place, document_id: string) =>
  (await staff.client.documents.get({ org_id: org, document_id })).scan_status

async function jobOf({ world }: Place, documentId: string) {
  const { rows } = await world.admin.query<{ id: string; state: string; retry_count: number }>(
    `select id, state, retry_count from jobs.job_common where name = 'document-scan' and data ->> 'document_id' = $1`,
    [documentId],
  )
  return rows[0]
}

describe('jobs that failed for good', () => {
  let place: Place
  let clamd: Clamd
  let manner: Manner = 'hangs up'
  let root: TestUser
  beforeAll(async () => {
    clamd = await startFakeClamd(() => manner)
    place = await newPlace({ CLAMD_URL: clamd.url })
    root = await place.world.user({ superAdmin: true })
  })
  afterAll(async () => {
    await place.world.stop()
    await clamd.close()
  })

  /** A scan that has used up its attempts. */
  async function failed(): Promise<{ documentId: string; jobId: string }> {
    const documentId = await upload(place)
    await place.world.admin.query(
      `update jobs.job_common set retry_limit = retry_count, start_after = now()
       where name = 'document-scan' and data ->> 'document_id' = $1`,
      [documentId],
    )
    await expect.poll(async () => (await jobOf(place, documentId))?.state, { timeout: 15_000 }).toBe('failed')
    return { documentId, jobId: (await jobOf(place, documentId))?.id ?? '' }
  }

  test('are listed with what kind of error it was, and nothing of what they are about; run again, they work', async () => {
    manner = 'hangs up'
    const { documentId, jobId } = await failed()
    expect(await statusOf(place, documentId)).toBe('FAILED')
    expect((await published(place.world, documentId)).map(({ data }) => data.scan_status)).toEqual(['FAILED'])
    const { items } = await root.client.jobs.list()
    const job = items.find(({ id }) => id === jobId)
    expect(job).toMatchObject({ queue: 'document-scan', state: 'FAILED', next_attempt_at: null })
    expect(job?.last_error).toMatch(/^Error( E\w+)?$/)
    expect(job?.attempts).toBe(job?.max_attempts)
    expect(JSON.stringify(items)).not.toContain(documentId)

    manner = 'scans'
    const again = await root.client.jobs.retry({ job_id: jobId })
    expect(again.state).toBe('RETRYING')
    expect(again.max_attempts).toBe((job?.max_attempts ?? 0) + 1)
    await expect.poll(() => statusOf(place, documentId)).toBe('CLEAN')
    await expect.poll(async () => (await jobOf(place, documentId))?.state).toBe('completed')
    expect(await codeOf(root.client.jobs.retry({ job_id: jobId }))).toBe('INVALID_TRANSITION')
    const rows = await place.world.auditRows({ operation: 'retryJob' })
    expect(rows[0]).toMatchObject({ action_type: 'RETRY', resource_type: 'JOB', resource_id: jobId })
  })

  test('are run again once, though ten ask for it', async () => {
    manner = 'hangs up'
    const { jobId } = await failed()
    const codes = await Promise.all(
      Array.from({ length: 10 }, () => codeOf(root.client.jobs.retry({ job_id: jobId }))),
    )
    expect(codes.toSorted()).toEqual([...Array(9).fill('INVALID_TRANSITION'), 'passed'])
  })

  test('are nobody’s but a super-admin’s to see', async () => {
    const { world, org, staff } = place
    const admin = await world.user({ roles: { [org]: 'ADMIN' } })
    const agent = await world.user({ supportAgent: true })
    for (const who of [staff, admin, agent]) {
      expect(await codeOf(who.client.jobs.list())).toBe('FORBIDDEN')
      expect(await codeOf(who.client.jobs.retry({ job_id: world.id() }))).toBe('FORBIDDEN')
    }
    expect(await codeOf(root.client.jobs.retry({ job_id: world.id() }))).toBe('NOT_FOUND')
  })

  test('the list takes a state and a queue, in pages that fit together, by the same statements', async () => {
    const { world } = place
    const insert = (count: number) =>
      world.admin.query(
        `insert into jobs.job_common (name, state, created_on, output)
         select 'password-reset', 'failed', now() - make_interval(secs => n / 3), '{"error": "Error"}'
         from generate_series(1, $1) as n`,
        [count],
      )
    await insert(1)
    const list = (input = {}) =>
      root.client.jobs.list({ queue: 'password-reset', include_total: true, ...input })
    const few = await statementsOf(() => list(), 'platform')
    await insert(49)
    expect(await statementsOf(() => list(), 'platform')).toHaveLength(few.length)
    const ids: string[] = []
    for await (const { id, state, queue } of list({ limit: 7 })) {
      ids.push(id)
      expect([state, queue]).toEqual(['FAILED', 'password-reset'])
    }
    expect(new Set(ids).size).toBe(50)
    expect((await list()).total).toBe(50)
    expect((await list({ state: 'WAITING' })).items).toEqual([])
    const all = await root.client.jobs.list({ state: 'ALL', limit: 100 })
    expect(all.items.map(({ created_at }) => created_at)).toEqual(
      all.items
        .map(({ created_at }) => created_at)
        .toSorted()
        .toReversed(),
    )
    expect(await codeOf(list({ cursor: 'forged.cursor' }))).toBe('INVALID_CURSOR')
  })
})

describe('a worker apart', () => {
  /** `ward-server worker` beside a server that runs no jobs. */
  async function worker({ world }: Place, clamdUrl: string): Promise<Run> {
    const keys = join(await temporaryFolder(), 'keys.json')
    await writeFile(keys, keyRingJson(world.keys), { mode: 0o600 })
    const env = {
      DATABASE_URL: world.appUrl,
      WARDLINE_KEYS_FILE: keys,
      BLOBS_FOLDER: world.config.blobs.folder ?? '',
      CLAMD_URL: clamdUrl,
    }
    const run = wardServer(['worker'], { env })
    await until(() => run.output().includes('works on its jobs'), 'the worker works')
    return run
  }

  test('does what the servers leave to it', { timeout: SLOW }, async () => {
    const clamd = await startFakeClamd()
    const place = await newPlace({ JOBS: 'off', CLAMD_URL: clamd.url })
    const documentId = await upload(place)
    expect((await jobOf(place, documentId))?.state).toBe('created')
    const run = await worker(place, clamd.url)
    await expect.poll(() => statusOf(place, documentId)).toBe('CLEAN')
    run.child.kill('SIGTERM')
    expect((await run.exit).code).toBe(0)
    await place.world.stop()
    await clamd.close()
  })

  test('that is told to stop gives back what it cannot finish', { timeout: SLOW }, async () => {
    let manner: Manner = 'says nothing'
    const clamd = await startFakeClamd(() => manner)
    const place = await newPlace({ JOBS: 'off' })
    const documentId = await upload(place)
    const first = await worker(place, clamd.url)
    await expect.poll(async () => (await jobOf(place, documentId))?.state).toBe('active')
    first.child.kill('SIGTERM')
    expect((await first.exit).code).toBe(0)
    expect((await jobOf(place, documentId))?.state).toBe('retry')
    manner = 'scans'
    await worker(place, clamd.url)
    await expect.poll(() => statusOf(place, documentId), { timeout: 30_000 }).toBe('CLEAN')
    await place.world.stop()
    await clamd.close()
  })

  test('that is killed loses nothing: another begins its job again', { timeout: SLOW }, async () => {
    let manner: Manner = 'says nothing'
    const clamd = await startFakeClamd(() => manner)
    const place = await newPlace({ JOBS: 'off' })
    const documentId = await upload(place)
    const first = await worker(place, clamd.url)
    await expect.poll(async () => (await jobOf(place, documentId))?.state).toBe('active')
    first.child.kill('SIGKILL')
    await first.exit
    expect((await jobOf(place, documentId))?.state).toBe('active')
    // A minute without a sign of life, without waiting for it.
    await place.world.admin.query(
      `update jobs.job_common set heartbeat_on = heartbeat_on - interval '2 minutes', started_on = started_on - interval '2 minutes'
       where state = 'active'`,
    )
    await place.world.admin.query('update jobs.queue set monitor_on = null, monitor_claim_on = null')
    manner = 'scans'
    await worker(place, clamd.url)
    await expect.poll(() => statusOf(place, documentId), { timeout: 90_000 }).toBe('CLEAN')
    await place.world.stop()
    await clamd.close()
  })

  test('needs a database of its own, and the demo a server that works', async () => {
    const alone = wardServer(['worker'])
    expect((await alone.exit).code).toBe(2)
    expect(alone.output()).toContain('A worker needs DATABASE_URL')
    const idle = wardServer(['start', '--no-jobs'])
    expect((await idle.exit).code).toBe(2)
    expect(idle.output()).toContain('no worker apart')
  })
})
