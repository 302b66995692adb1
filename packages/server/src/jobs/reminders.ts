import { sql } from 'kysely'
import type { Pool } from 'pg'
import { type Db, unscoped } from '../db/scope.ts'
import { reminderMail } from '../domains/appointments/mails.ts'
import { idsOf } from '../domains/appointments/tell.ts'
import { collectEvents, publishEvents } from '../domains/events/outbox.ts'
import { notify } from '../domains/notifications/notify.ts'
import type { Enqueue } from '../http/handler.ts'
import type { Cipher } from '../security/cipher.ts'
import { sealMail } from './mail.ts'
import type { JobQueue } from './queue.ts'

const BATCH = 50

interface Parts {
  readonly pool: Pool
  readonly newId: () => string
  readonly cipher: Cipher
  readonly publicUrl: () => string
  readonly jobs: Pick<JobQueue, 'insert'>
  readonly published: () => void
}

/** A reminder that was taken; with nobody to tell when it was only settled. */
interface Taken {
  readonly id: string
  readonly organization_id: string
  readonly appointment_id: string
  readonly patient_id: string
  readonly provider_id: string
  readonly channel: 'IN_APP' | 'EMAIL'
  readonly user_ids: readonly string[]
  readonly email: string | null
}

async function takeDue(db: Db, now: Date): Promise<Taken[]> {
  const { rows } = await sql<Taken>`select * from take_due_reminders(${now}, ${BATCH})`.execute(db)
  return rows
}

/**
 * Reminds of the visits that are due to be reminded of. Taking a reminder, its notices, its events and its mail are one
 * transaction: whatever crashes, and however many servers do it, each is sent once or still due. No text says whose
 * visit it is, when or why.
 */
export async function sendDueReminders(parts: Parts, now: Date): Promise<void> {
  const { pool, newId, jobs, published } = parts
  for (;;) {
    const { events, emit } = collectEvents()
    const wanted: { name: string; payload: object }[] = []
    const enqueue: Enqueue = (name, payload) => wanted.push({ name, payload })
    const taken = await unscoped(pool, 'write', async (db) => {
      const due = await takeDue(db, now)
      for (const { user_ids, email, appointment_id, ...visit } of due) {
        const data = idsOf({ ...visit, id: appointment_id })
        for (const user of user_ids) emit({ type: 'appointment.reminder', audience: { user }, data })
        await notify(db, { emit, enqueue, newId }, user_ids, {
          organization_id: visit.organization_id,
          type: 'appointment',
          title: 'Appointment reminder',
          body: 'You have an appointment coming up. Sign in to see when and where.',
          action_url: `/appointments/${appointment_id}`,
          created_at: now,
        })
        if (email !== null)
          enqueue('mail', sealMail(parts, { to: email, ...reminderMail(parts.publicUrl(), appointment_id) }))
      }
      await publishEvents(db, events, now)
      for (const { name, payload } of wanted) await jobs.insert(db, name, payload)
      return due.length
    })
    if (events.length > 0) published()
    if (taken < BATCH) return
  }
}
