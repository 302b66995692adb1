import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { type Db, unscoped } from '../db/scope.ts'
import { reminderMail } from '../domains/appointments/mails.ts'
import * as queries from '../domains/appointments/queries.ts'
import { idsOf } from '../domains/appointments/tell.ts'
import { findSafeContact } from '../domains/contact-methods/queries.ts'
import { type NotifyTools, notify } from '../domains/notifications/notify.ts'
import type { Cipher } from '../security/cipher.ts'
import type { Effects } from './effects.ts'
import { sealMail } from './mail.ts'

const BATCH = 50

interface Parts {
  readonly pool: Pool
  readonly log: Logger
  readonly newId: () => string
  readonly cipher: Cipher
  readonly publicUrl: () => string
  readonly effects: Effects
}

type Due = Awaited<ReturnType<typeof queries.takeDueReminders>>[number]

/** Tells those whom a reminder is for; false when there is nobody. No text says whose visit it is, when or why. */
async function remind(
  db: Db,
  parts: Parts,
  { emit, enqueue, newId }: NotifyTools,
  due: Due,
  now: Date,
): Promise<boolean> {
  if (due.channel === 'EMAIL') {
    const contact = await findSafeContact(db, due.organization_id, due.patient_id, ['EMAIL'])
    if (!contact) return false
    const text = reminderMail(parts.publicUrl(), due.appointment_id)
    enqueue('mail', sealMail(parts, { to: contact.value, ...text }))
    return true
  }
  const people = await queries.listRemindable(db, due.patient_id, now)
  const data = idsOf({ ...due, id: due.appointment_id })
  for (const user of people) emit({ type: 'appointment.reminder', audience: { user }, data })
  await notify(db, { emit, enqueue, newId }, people, {
    organization_id: due.organization_id,
    type: 'appointment',
    title: 'Appointment reminder',
    body: 'You have an appointment coming up. Sign in to see when and where.',
    action_url: `/appointments/${due.appointment_id}`,
    created_at: now,
  })
  return people.length > 0
}

/** One batch of one organization; answers how many were due. */
const remindIn = (parts: Parts, organizationId: string, now: Date): Promise<number> =>
  parts.effects({ name: 'organization', organizationId, userId: null }, async (db, tools) => {
    const all = await queries.takeDueReminders(db, organizationId, now, BATCH)
    const sent: string[] = []
    for (const due of all.filter(({ holds }) => holds))
      if (await remind(db, parts, { ...tools, newId: parts.newId }, due, now)) sent.push(due.id)
    const taken = all.map(({ id }) => id)
    await queries.settleReminders(db, organizationId, taken, sent, now)
    return taken.length
  })

/**
 * Reminds of the visits that are due to be reminded of. Taking reminders, their notices, their events and their mails
 * are one transaction, and whoever comes second skips what is taken: whatever crashes, and however many servers do it,
 * each is sent once or is still due.
 */
export async function sendDueReminders(parts: Parts, now: Date): Promise<void> {
  const organizations = await unscoped(parts.pool, 'read', (db) => queries.listOrganizationsToRemind(db, now))
  for (const organizationId of organizations)
    try {
      let taken = BATCH
      while (taken === BATCH) taken = await remindIn(parts, organizationId, now)
    } catch (error) {
      // What cannot be sent in one organization holds up no other; it is due again in the next round.
      parts.log.error({ err: error, organization_id: organizationId }, 'reminders failed')
    }
}
