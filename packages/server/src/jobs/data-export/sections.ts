import type { Readable } from 'node:stream'
import { sql } from 'kysely'
import type { Blobs } from '../../adapters/blobs/blobs.ts'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import { listConsents } from '../../domains/consent/queries.ts'
import { findStorageKey, listDocuments } from '../../domains/documents/queries.ts'
import { listNotifications } from '../../domains/notifications/queries.ts'
import { findProxy, listManagedPatients, listMemberships } from '../../domains/users/queries.ts'
import type { CursorValue } from '../../security/cursors.ts'

/** Whose data. In an organization's sections `organizationId` and `patientId` are set: the patient that the person is. */
export interface Subject {
  readonly userId: string
  readonly now: Date
  readonly organizationId: string
  readonly patientId: string
}

/** Runs a query in a transaction of its own, scoped to the person or to the organization: none is open for long. */
export type Read = <T>(query: (db: Db) => Promise<T>) => Promise<T>

export type Row = Readonly<Record<string, unknown>>

/** A file that comes along. */
export interface ExportedFile {
  /** A path of our own making inside the archive. */
  readonly name: string
  /** Undefined when there is none any more. */
  open(): Promise<Readable | undefined>
}

/**
 * A part of an export. A domain that keeps something of a person adds one to `sections`, and it is in both formats.
 * `person`: read once, as the person. `organization`: read in each practice that the person is a patient of, inside its wall.
 */
export interface Section {
  /** The name of the file. */
  readonly name: string
  readonly title: string
  readonly of: 'person' | 'organization'
  rows(read: Read, subject: Subject): AsyncIterable<Row>
  /** Asked for with `include_documents`. */
  files?(read: Read, subject: Subject): AsyncIterable<ExportedFile>
}

const PAGE = 200

/** Something that is not long. */
const all = (find: (db: Db, subject: Subject) => Promise<readonly Row[]>) =>
  async function* (read: Read, subject: Subject) {
    yield* await read((db) => find(db, subject))
  }

/** Something that may be long, a page at a time. */
const pages = <R extends Row>(
  list: (db: Db, subject: Subject, slice: Slice) => Promise<readonly R[]>,
  position: (row: R) => readonly CursorValue[],
) =>
  async function* (read: Read, subject: Subject) {
    let after: readonly CursorValue[] | null = null
    for (;;) {
      const slice: Slice = { after, limit: PAGE }
      const rows = await read((db) => list(db, subject, slice))
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = position(last)
    }
  }

const profile = (db: Db, { userId }: Subject) =>
  db
    .selectFrom('users')
    .select([
      'id',
      'email',
      'display_name',
      'timezone',
      'mfa_enabled',
      'transactional_consent',
      'marketing_consent',
    ])
    .select(['last_login_at', 'created_at'])
    .where('id', '=', userId)
    .execute()

/** What retention has left: the open ones, and those that ended in the last 90 days. Not those of impersonations. */
const sessions = (db: Db, { userId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('user_sessions')
    .select(['id', 'device', 'issuer', 'user_agent', 'ip_address', 'created_at', 'last_active_at'])
    .select(['expires_at', 'revoked_at'])
    .where('user_id', '=', userId)
    .where('impersonation_id', 'is', null)
    .$if(after !== null, (query) => query.where(rowAfter(['id'], 'ascending', after ?? [])))
    .orderBy('id')
    .limit(limit)
    .execute()

const devices = (db: Db, { userId }: Subject) =>
  db
    .selectFrom('user_devices')
    .select(['id', 'platform', 'created_at', 'last_active_at'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute()

const tickets = (db: Db, { userId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('support_tickets')
    .select(['id', 'ticket_number', 'category', 'subject', 'body', 'status', 'urgency', 'context'])
    .select(['resolved_at', 'created_at', 'updated_at'])
    .where('user_id', '=', userId)
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'ascending', after ?? [])))
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute()

/** The conversation, never a note of the desk's. */
const ticketMessages = (db: Db, { userId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('support_messages as m')
    .innerJoin('support_tickets as t', 't.id', 'm.ticket_id')
    .leftJoin('users as s', 's.id', 'm.sender_id')
    .select([
      'm.id',
      't.ticket_number',
      's.display_name as sender_name',
      'm.body',
      'm.created_at',
      'm.ticket_id',
    ])
    .where('t.user_id', '=', userId)
    .where('m.is_internal_note', '=', false)
    .$if(after !== null, (query) =>
      query.where(rowAfter(['m.ticket_id', 'm.created_at', 'm.id'], 'ascending', after ?? [])),
    )
    .orderBy('m.ticket_id')
    .orderBy('m.created_at')
    .orderBy('m.id')
    .limit(limit)
    .execute()

async function managed(db: Db, { userId, now }: Subject, slice: Slice) {
  const proxy = await findProxy(db, userId)
  return proxy === undefined ? [] : listManagedPatients(db, proxy.id, now, slice)
}

const patient = (db: Db, { organizationId, patientId }: Subject) =>
  db
    .selectFrom('organization_patients as e')
    .innerJoin('patients as p', 'p.id', 'e.patient_id')
    .innerJoin('organizations as o', 'o.id', 'e.organization_id')
    .select(['p.id', 'p.first_name', 'p.last_name', 'p.dob', 'p.legal_sex', 'o.name as organization_name'])
    .select(['e.medical_record_number', 'e.status', 'e.enrolled_at', 'e.discharged_at'])
    .where('e.organization_id', '=', organizationId)
    .where('e.patient_id', '=', patientId)
    .execute()

const contactMethods = (db: Db, { patientId }: Subject) =>
  db
    .selectFrom('contact_methods')
    .select(['id', 'type', 'value', 'is_primary', 'is_safe_for_voicemail', 'created_at', 'updated_at'])
    .where('patient_id', '=', patientId)
    .orderBy('id')
    .execute()

const careTeam = (db: Db, { organizationId, patientId }: Subject) =>
  db
    .selectFrom('care_team_assignments as c')
    .innerJoin('providers as r', 'r.id', 'c.provider_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .select(['c.provider_id', 'u.display_name as provider_name', 'r.specialty', 'c.is_primary_provider'])
    .select('c.assigned_at')
    .where('c.organization_id', '=', organizationId)
    .where('c.patient_id', '=', patientId)
    .orderBy('c.id')
    .execute()

/** Who may act for the patient, or might. */
const proxies = (db: Db, { patientId }: Subject) =>
  db
    .selectFrom('patient_proxy_assignments as a')
    .innerJoin('proxies as x', 'x.id', 'a.proxy_id')
    .innerJoin('users as u', 'u.id', 'x.user_id')
    .select([
      'a.id',
      'u.display_name',
      'a.relationship_type',
      'a.can_view_clinical_notes',
      'a.can_view_billing',
    ])
    .select(['a.can_schedule_appointments', 'a.access_granted_at', 'a.expires_at'])
    .where('a.patient_id', '=', patientId)
    .where('a.deleted_at', 'is', null)
    .orderBy('a.id')
    .execute()

const appointments = (db: Db, { organizationId, patientId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('appointments as a')
    .innerJoin('providers as r', 'r.id', 'a.provider_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .select(['a.id', 'u.display_name as provider_name', 'a.appointment_type', 'a.status', 'a.scheduled_at'])
    .select(['a.duration_minutes', 'a.reason', 'a.notes', 'a.location', 'a.telehealth_url'])
    .select(['a.cancellation_reason', 'a.created_at', 'a.updated_at'])
    .where('a.organization_id', '=', organizationId)
    .where('a.patient_id', '=', patientId)
    .where('a.deleted_at', 'is', null)
    .$if(after !== null, (query) =>
      query.where(rowAfter(['a.scheduled_at', 'a.id'], 'ascending', after ?? [])),
    )
    .orderBy('a.scheduled_at')
    .orderBy('a.id')
    .limit(limit)
    .execute()

/** Calls with the patient. What the practice noted of them is part of the record. */
const calls = (db: Db, { organizationId, patientId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('calls')
    .select(['id', 'call_type', 'status', 'caller_id', 'reason', 'outcome', 'notes', 'entered_queue_at'])
    .select(['started_at', 'ended_at', 'wait_time_seconds', 'duration_seconds', 'created_at'])
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'ascending', after ?? [])))
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute()

/** Threads about the patient in which the person takes part. */
const threads = (db: Db, { organizationId, patientId, userId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('message_threads as t')
    .innerJoin('message_participants as me', 'me.thread_id', 't.id')
    .select([
      't.id',
      't.subject',
      't.created_at',
      't.updated_at',
      'me.joined_at',
      'me.last_read_at',
      'me.is_archived',
    ])
    .where('t.organization_id', '=', organizationId)
    .where('t.patient_id', '=', patientId)
    .where('me.user_id', '=', userId)
    .where('t.deleted_at', 'is', null)
    .$if(after !== null, (query) => query.where(rowAfter(['t.id'], 'ascending', after ?? [])))
    .orderBy('t.id')
    .limit(limit)
    .execute()

const messages = (db: Db, { organizationId, patientId, userId }: Subject, { after, limit }: Slice) =>
  db
    .selectFrom('messages as m')
    .innerJoin('message_threads as t', 't.id', 'm.thread_id')
    .innerJoin('message_participants as me', 'me.thread_id', 't.id')
    .innerJoin('users as u', 'u.id', 'm.sender_id')
    .select(['m.id', 'm.thread_id', 't.subject', 'u.display_name as sender_name', 'm.body', 'm.created_at'])
    .select(sql<unknown>`m.attachments`.as('attachments'))
    .where('t.organization_id', '=', organizationId)
    .where('t.patient_id', '=', patientId)
    .where('me.user_id', '=', userId)
    .where('t.deleted_at', 'is', null)
    .$if(after !== null, (query) =>
      query.where(rowAfter(['m.thread_id', 'm.created_at', 'm.id'], 'ascending', after ?? [])),
    )
    .orderBy('m.thread_id')
    .orderBy('m.created_at')
    .orderBy('m.id')
    .limit(limit)
    .execute()

const documents = (db: Db, { organizationId, patientId }: Subject, slice: Slice) =>
  listDocuments(db, organizationId, patientId, slice)

/** The patient's documents. The files come along of those that were found clean: nobody gets another by this way either. */
const documentsSection = (blobs: Pick<Blobs, 'get'>): Section => {
  const rows = pages(documents, (row) => [row.created_at, row.id])
  return {
    name: 'documents',
    title: 'Documents',
    of: 'organization',
    rows,
    async *files(read, subject) {
      for await (const { id, filename, scan_status } of rows(read, subject)) {
        if (scan_status !== 'CLEAN') continue
        yield {
          // The id makes it unique, and the name is the uploader's own.
          name: `${id}-${filename}`,
          open: async () => {
            const key = await read((db) => findStorageKey(db, subject.organizationId, id))
            return key === undefined ? undefined : (await blobs.get(key))?.body
          },
        }
      }
    },
  }
}

/** Everything that is exported, in this order. */
export const allSections = (blobs: Pick<Blobs, 'get'>): readonly Section[] => [
  { name: 'profile', title: 'Profile', of: 'person', rows: all(profile) },
  {
    name: 'memberships',
    title: 'Where you work',
    of: 'person',
    rows: all((db, { userId }) => listMemberships(db, userId)),
  },
  { name: 'sessions', title: 'Sign-ins', of: 'person', rows: pages(sessions, (row) => [row.id]) },
  { name: 'devices', title: 'Devices for push messages', of: 'person', rows: all(devices) },
  {
    name: 'consents',
    title: 'Signed documents',
    of: 'person',
    rows: pages(
      (db, { userId }, slice) => listConsents(db, userId, slice),
      (row) => [row.agreed_at, row.id],
    ),
  },
  {
    name: 'notifications',
    title: 'Notifications',
    of: 'person',
    rows: pages(
      (db, { userId }, slice) => listNotifications(db, { userId, within: null }, {}, slice),
      (row) => [row.created_at, row.id],
    ),
  },
  {
    name: 'support-tickets',
    title: 'Support tickets',
    of: 'person',
    rows: pages(tickets, (row) => [row.created_at, row.id]),
  },
  {
    name: 'support-messages',
    title: 'Messages of the support tickets',
    of: 'person',
    rows: pages(ticketMessages, (row) => [row.ticket_id, row.created_at, row.id]),
  },
  {
    name: 'acting-for',
    title: 'Patients you act for',
    of: 'person',
    rows: pages(managed, (row) => [row.last_name, row.first_name, row.patient_id]),
  },
  { name: 'patient', title: 'Patient record', of: 'organization', rows: all(patient) },
  { name: 'contact-methods', title: 'Contact methods', of: 'organization', rows: all(contactMethods) },
  { name: 'care-team', title: 'Care team', of: 'organization', rows: all(careTeam) },
  { name: 'proxies', title: 'Who acts for you', of: 'organization', rows: all(proxies) },
  {
    name: 'appointments',
    title: 'Appointments',
    of: 'organization',
    rows: pages(appointments, (row) => [row.scheduled_at, row.id]),
  },
  {
    name: 'calls',
    title: 'Calls',
    of: 'organization',
    rows: pages(calls, (row) => [row.created_at, row.id]),
  },
  {
    name: 'message-threads',
    title: 'Secure message threads',
    of: 'organization',
    rows: pages(threads, (row) => [row.id]),
  },
  {
    name: 'messages',
    title: 'Secure messages',
    of: 'organization',
    rows: pages(messages, (row) => [row.thread_id, row.created_at, row.id]),
  },
  documentsSection(blobs),
]
