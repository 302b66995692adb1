import type { Pool } from 'pg'
import { type Scope, transaction } from '../../db/scope.ts'
import { collectEvents, publishEvents } from '../../domains/events/outbox.ts'
import { insertNotifications } from '../../domains/notifications/queries.ts'
import * as queries from '../../domains/users/exports.ts'
import type { Services } from '../../services.ts'
import { archive } from './archive.ts'
import { allSections, type Read, type Section } from './sections.ts'

const KEPT_DAYS = 7
const DAY_MS = 86_400_000
const MAX_BYTES = 20 * 1024 ** 3

const reader =
  (pool: Pool, scope: Scope): Read =>
  (query) =>
    transaction(pool, scope, 'read', async (db) => ({ value: await query(db), commit: true }))

/**
 * Builds an export, stores it and tells the person. May run again after a crash, from the start; the file takes the place
 * of the one before.
 * @returns the notification that was left; undefined when there is nothing to tell.
 */
export async function buildExport(
  pool: Pool,
  { blobs, clock, newId }: Pick<Services, 'blobs' | 'clock' | 'newId'>,
  { id, userId }: { readonly id: string; readonly userId: string },
  sections: readonly Section[] = allSections(blobs),
): Promise<string | undefined> {
  const own: Scope = { name: 'person', organizationId: null, userId }
  const write = <T>(work: Parameters<typeof transaction<T>>[3]) => transaction(pool, own, 'write', work)
  const begun = await write(async (db) => ({
    value: await queries.beginExport(db, userId, id, clock.now()),
    commit: true,
  }))
  if (begun === undefined) return undefined
  const now = clock.now()
  const read = reader(pool, own)
  const practices = await read(queries.listPractices)
  const nowhere = { userId, now, organizationId: '', patientId: '' }
  const zip = archive({
    format: begun.format,
    includeFiles: begun.include_documents,
    sections,
    person: { read, subject: nowhere },
    practices: practices.map(({ name, organization_id: organizationId, patient_id: patientId }) => ({
      name,
      read: reader(pool, { name: 'organization', organizationId, userId }),
      subject: { userId, now, organizationId, patientId },
    })),
    progress: (done, of) =>
      write(async (db) => ({
        // The last per cent is the file's being stored.
        value: void (await queries.noteProgress(db, id, Math.floor((done * 99) / of))),
        commit: true,
      })),
  })
  const key = `exports/${userId}/${id}.zip`
  const stored = await blobs.put(key, zip, { max: MAX_BYTES })
  if (typeof stored === 'string') throw new Error(`the export is ${stored}`)
  const finished = clock.now()
  const notification = newId()
  const isWanted = await write(async (db) => {
    const value = await queries.finishExport(db, userId, id, {
      storage_key: key,
      size_bytes: stored.size,
      finished_at: finished,
      expires_at: new Date(finished.getTime() + KEPT_DAYS * DAY_MS),
    })
    if (value) {
      const { events, emit } = collectEvents()
      await insertNotifications(db, [
        {
          id: notification,
          user_id: userId,
          organization_id: null,
          type: 'system',
          title: 'Your data export is ready',
          body: 'Download it within 7 days; then it is deleted. If you did not ask for it, end your other sessions and change your password.',
          action_url: `/account/exports/${id}`,
          created_at: finished,
        },
      ])
      emit({
        type: 'notification.new',
        audience: { user: userId },
        data: { notification_id: notification, type: 'system' },
      })
      await publishEvents(db, events, finished)
    }
    return { value, commit: true }
  })
  if (isWanted) return notification
  await blobs.delete(key)
  return undefined
}
