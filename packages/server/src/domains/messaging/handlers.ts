import { openPage } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { MessagingHandlers } from '../../generated/handlers.ts'
import { notFound, Problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'
import { refuseUnreachable } from '../patients/policy.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

interface Sent {
  readonly id: string
  readonly organizationId: string
  readonly threadId: string
  readonly patientId: string
  readonly senderId: string
  readonly at: string
}

/** The others, as far as they still may read it, hear of a message; nothing says what it is about. */
async function tellOthers(
  db: Db,
  tools: NotifyTools,
  { id, organizationId, threadId, patientId, senderId, at }: Sent,
  participants: readonly string[],
): Promise<void> {
  const others = participants.filter((userId) => userId !== senderId)
  if (others.length === 0) return
  const readers = await queries.listAdmissible(db, organizationId, patientId, others, new Date(at))
  const data = { organization_id: organizationId, thread_id: threadId, message_id: id, sender_id: senderId }
  for (const reader of readers) tools.emit({ type: 'message.new', audience: { user: reader.id }, data })
  const readerIds = readers.map((reader) => reader.id)
  await notify(db, tools, readerIds, {
    organization_id: organizationId,
    type: 'message',
    title: 'New secure message',
    body: 'You have a new secure message.',
    action_url: `/messages/${threadId}`,
    created_at: at,
  })
}

/** Ids as the database writes them. */
const lowerCase = (ids: readonly string[] = []): string[] => ids.map((id) => id.toLowerCase())

type ThreadRow = Awaited<ReturnType<typeof queries.listThreads>>[number]

const threadOf = ({
  last_id,
  last_sender_id,
  last_sender_name,
  last_preview,
  last_created_at,
  ...thread
}: ThreadRow) => ({
  ...thread,
  last_message: {
    id: last_id,
    sender_id: last_sender_id,
    sender_name: last_sender_name,
    preview: last_preview,
    created_at: last_created_at,
  },
})

export const messagingHandlers = ({ clock, cursors, newId }: Services): MessagingHandlers => ({
  async listThreads({ db, actor }, { params, query }) {
    const page = openPage(cursors, 'listThreads', { ...query, ...params, user: actor.userId }, query)
    if (page instanceof Problem) return page
    const filter = {
      organizationId: params.org_id,
      userId: actor.userId,
      patientIds: policy.visiblePatients(actor.as, query.patient_id),
      filter: query.filter,
      search: query.search,
    }
    const total = query.include_total ? await queries.countThreads(db, filter) : undefined
    const rows = await queries.listThreads(db, filter, page)
    return page.close(rows.map(threadOf), (row) => [row.updated_at, row.id], total)
  },

  async createThread({ db, actor, emit, enqueue }, { params, body }) {
    const now = clock.now()
    const organizationId = params.org_id
    const refusal = await refuseUnreachable(db, actor, body.patient_id, now)
    if (refusal) return refusal
    const enrollment = await queries.findEnrollment(db, organizationId, body.patient_id)
    if (!enrollment) return notFound('patient')
    const userIds = [...new Set([actor.userId, ...body.participant_ids.map((id) => id.toLowerCase())])]
    const admissible = await queries.listAdmissible(db, organizationId, body.patient_id, userIds, now)
    const attachments = lowerCase(body.attachments)
    const attachable = await queries.listAttachable(db, organizationId, body.patient_id, attachments)
    const unfit =
      policy.refuseStrangers(userIds, admissible) ??
      policy.refuseDischarged(enrollment.status) ??
      policy.refuseAttachments(attachments, attachable)
    if (unfit) return unfit

    const threadId = newId()
    await queries.insertThread(
      db,
      { id: threadId, organization_id: organizationId, patient_id: body.patient_id, subject: body.subject },
      now,
    )
    const participants = userIds.map((userId) => ({
      id: newId(),
      organization_id: organizationId,
      thread_id: threadId,
      user_id: userId,
      last_read_at: userId === actor.userId ? now : null,
    }))
    await queries.insertParticipants(db, participants, now)
    const at = now.toISOString()
    const sent = {
      id: newId(),
      organizationId,
      threadId,
      patientId: body.patient_id,
      senderId: actor.userId,
      at,
    }
    await queries.insertMessage(db, {
      id: sent.id,
      organization_id: organizationId,
      thread_id: threadId,
      sender_id: actor.userId,
      body: body.body,
      attachments,
      created_at: at,
    })
    await tellOthers(db, { emit, enqueue, newId }, sent, userIds)
    const thread = await queries.findThread(db, organizationId, threadId, actor.userId)
    if (!thread) return notFound('thread')
    return { ...thread, messages: await queries.listMessages(db, threadId) }
  },

  async getThread({ db, actor }, { params }) {
    const thread = await queries.findThread(db, params.org_id, params.thread_id, actor.userId)
    const visible = policy.visiblePatients(actor.as)
    if (!thread || (visible && !visible.includes(thread.patient_id))) return notFound('thread')
    const messages = await queries.listMessages(db, thread.id)
    const readTo = messages.at(-1)?.created_at
    // An admin who looks through the patient's eyes leaves the patient's unread marks alone.
    if (readTo !== undefined && actor.impersonation === null)
      await queries.markThreadRead(db, params.org_id, thread.id, actor.userId, readTo)
    return { ...thread, messages }
  },

  async updateThread({ db, actor }, { params, body }) {
    const refusal = policy.refuseBoth(body)
    if (refusal) return refusal
    const { org_id, thread_id } = params
    const { userId } = actor
    const thread = await queries.findThread(db, org_id, thread_id, userId)
    const visible = policy.visiblePatients(actor.as)
    if (!thread || (visible && !visible.includes(thread.patient_id))) return notFound('thread')
    // The thread's own time is that of its latest message.
    if (body.mark_read) await queries.markThreadRead(db, org_id, thread_id, userId, thread.updated_at)
    if (body.mark_unread) await queries.markThreadUnread(db, org_id, thread_id, userId)
    if (body.is_archived !== undefined)
      await queries.archiveThread(db, org_id, thread_id, userId, body.is_archived)
    const one = { organizationId: org_id, userId, patientIds: null, threadId: thread_id }
    const [row] = await queries.listThreads(db, one, { after: null, limit: 1 })
    return row ? threadOf(row) : notFound('thread')
  },

  async replyToThread({ db, actor, emit, enqueue }, { params, body }) {
    const organizationId = params.org_id
    const thread = await queries.findThread(db, organizationId, params.thread_id, actor.userId)
    const visible = policy.visiblePatients(actor.as)
    if (!thread || (visible && !visible.includes(thread.patient_id))) return notFound('thread')
    const attachments = lowerCase(body.attachments)
    const attachable = await queries.listAttachable(db, organizationId, thread.patient_id, attachments)
    const unfit =
      policy.refuseDischarged(thread.patient_status) ?? policy.refuseAttachments(attachments, attachable)
    if (unfit) return unfit

    const at = await queries.bumpThread(db, thread.id, clock.now())
    const sent = {
      id: newId(),
      organizationId,
      threadId: thread.id,
      patientId: thread.patient_id,
      senderId: actor.userId,
      at,
    }
    await queries.insertMessage(db, {
      id: sent.id,
      organization_id: organizationId,
      thread_id: thread.id,
      sender_id: actor.userId,
      body: body.body,
      attachments,
      created_at: at,
    })
    await queries.unarchiveForOthers(db, thread.id, actor.userId)
    const participants = thread.participants.map((participant) => participant.user_id)
    await tellOthers(db, { emit, enqueue, newId }, sent, participants)
    return {
      id: sent.id,
      thread_id: thread.id,
      sender_id: actor.userId,
      sender_name: actor.displayName,
      body: body.body,
      attachments,
      read_by: [],
      created_at: at,
    }
  },
})
