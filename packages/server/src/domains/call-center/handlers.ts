import { UPLOAD_TYPE } from '../../adapters/blobs/blobs.ts'
import { openPage } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { CallCenterHandlers } from '../../generated/handlers.ts'
import { organizationOf } from '../../http/actor.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { normalizeContact } from '../contact-methods/policy.ts'
import { findContact, findCountry, findSafeContacts } from '../contact-methods/queries.ts'
import { findEnrollment } from '../enrollment/queries.ts'
import { refuseAssignee } from '../tasks/policy.ts'
import { findTask, insertTask, isHere, listTasksOfCall, mayHaveTasks } from '../tasks/queries.ts'
import { taskOf, tellAssignee } from '../tasks/task.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'
import { tellDequeued, tellIncoming } from './tell.ts'

const LINK_MS = 15 * 60_000
const EXTENSIONS = {
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/webm': 'webm',
} as const
/** What an answer about a call holds, as the contract says. */
const MOST_TASKS = 100
const MOST_CANDIDATES = 20

const noCall = () => notFound('call')
const noEntry = () => notFound('queue entry')

const secondsSince = (instant: string, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - Date.parse(instant)) / 1000))

type Row = NonNullable<Awaited<ReturnType<typeof queries.findCall>>>

/** A call as the contract says it, with its follow-ups, and whose it may be. */
async function detailOf(db: Db, organizationId: string, call: Row) {
  const isOpen = call.patient === null && call.caller_id !== null
  return {
    ...call,
    candidates: isOpen
      ? await queries.listCandidates(db, organizationId, call.caller_id ?? '', MOST_CANDIDATES)
      : [],
    tasks: (await listTasksOfCall(db, organizationId, call.id, MOST_TASKS)).map(taskOf),
  }
}

async function findDetail(db: Db, organizationId: string, id: string) {
  const call = await queries.findCall(db, organizationId, id)
  return call === undefined ? noCall() : detailOf(db, organizationId, call)
}

/** Why a call of the queue cannot be taken, or undefined. */
async function refuseTake(db: Db, organizationId: string, call: Row) {
  if (call.status === 'MISSED') return problem('CONFLICT', 'The caller has hung up.')
  if (call.status !== 'QUEUED')
    return problem('CONFLICT', 'Another agent has taken the call.', {
      ...(call.agent && { assignee: call.agent.display_name }),
    })
  const first = await queries.findFirst(db, organizationId)
  return first === call.id ? undefined : problem('CONFLICT', 'Somebody else waits longer.')
}

export const callCenterHandlers = ({ blobs, clock, cursors, newId }: Services): CallCenterHandlers => ({
  async listCallQueue({ db, actor }, { query }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const page = openPage(cursors, 'listCallQueue', { ...query, organization_id: organizationId }, query)
    if (page instanceof Problem) return page
    const { first_at, waiting, ...averages } = await queries.readQueue(db, organizationId, now)
    const before = await queries.countUpTo(db, organizationId, page.after)
    const rows = await queries.listQueue(db, organizationId, page)
    const agents = await queries.listAgents(db, organizationId)
    const items = rows.map((row, index) => ({
      ...row,
      position: before + index + 1,
      waiting_seconds: secondsSince(row.entered_queue_at, now),
    }))
    return {
      ...page.close(
        items,
        (row) => [row.entered_queue_at, row.id],
        query.include_total ? (waiting ?? 0) : undefined,
      ),
      ...averages,
      waiting: waiting ?? 0,
      longest_wait_seconds: first_at === null ? null : secondsSince(first_at, now),
      free_agents: agents.filter(({ busy }) => !busy).length,
    }
  },

  async enqueueInboundCall({ db, actor, emit }, { body }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const number =
      body.caller_id === undefined
        ? null
        : normalizeContact('MOBILE', body.caller_id, await findCountry(db, organizationId), '/caller_id')
    if (number instanceof Problem) return number
    const candidates =
      number === null ? [] : await queries.listCandidates(db, organizationId, number, MOST_CANDIDATES)
    const [only] = candidates
    const id = newId()
    await queries.insertCall(db, {
      id,
      organization_id: organizationId,
      patient_id: only !== undefined && candidates.length === 1 ? only.id : null,
      caller_id: number,
      call_type: 'INBOUND',
      status: 'QUEUED',
      reason: body.reason ?? null,
      entered_queue_at: now,
      created_at: now,
    })
    await tellIncoming(db, emit, organizationId, id)
    return findDetail(db, organizationId, id)
  },

  async acceptCall({ db, actor, emit }, { params }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const { queue_id: id } = params
    await queries.holdQueue(db, organizationId)
    const call = await queries.findCall(db, organizationId, id)
    if (call === undefined || call.entered_queue_at === null) return noEntry()
    const refusal = await refuseTake(db, organizationId, call)
    if (refusal) return refusal
    const taken = await queries.takeCall(db, organizationId, id, actor.userId, now)
    if (taken instanceof Problem) return taken
    if (!taken) return problem('CONFLICT', 'The caller has hung up.')
    await tellDequeued(db, emit, organizationId, [{ id, status: 'IN_PROGRESS', agentId: actor.userId }])
    return findDetail(db, organizationId, id)
  },

  async hangUpQueuedCall({ db, actor, emit }, { params }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const { queue_id: id } = params
    const call = await queries.lockCall(db, organizationId, id)
    if (call === undefined || call.entered_queue_at === null) return noEntry()
    if (call.status === 'QUEUED') {
      await queries.missCall(db, organizationId, id, now)
      await tellDequeued(db, emit, organizationId, [{ id, status: 'MISSED', agentId: null }])
    } else if (call.status !== 'MISSED')
      return problem('INVALID_TRANSITION', 'The call was answered: complete it.')
    return findDetail(db, organizationId, id)
  },

  async startOutboundCall({ db, actor }, { body }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const { patient_id, contact_id } = body
    if (!(await queries.holdEnrollment(db, organizationId, patient_id))) return notFound('patient')
    const safe = await findSafeContacts(db, organizationId, patient_id)
    if (safe === undefined) return notFound('patient')
    const contact = await findContact(db, patient_id, contact_id)
    if (contact === undefined) return notFound('contact method')
    const refusal =
      policy.refuseOutbound(contact, safe) ??
      policy.refuseAttempt(await queries.countAttempts(db, organizationId, patient_id, now))
    if (refusal) return refusal
    const id = newId()
    const busy = await queries.insertAgentsCall(db, {
      id,
      organization_id: organizationId,
      patient_id,
      agent_id: actor.userId,
      caller_id: contact.value,
      call_type: 'OUTBOUND',
      status: 'INITIATING',
      reason: body.reason ?? null,
      started_at: now,
      created_at: now,
    })
    return busy instanceof Problem ? busy : findDetail(db, organizationId, id)
  },

  async listRecentCalls({ db, actor }, { query }) {
    const organizationId = organizationOf(actor.as)
    const filter = { agentId: actor.userId }
    const bound = { ...query, organization_id: organizationId, ...filter }
    const page = openPage(cursors, 'listRecentCalls', bound, query)
    if (page instanceof Problem) return page
    const total = query.include_total ? await queries.countCalls(db, organizationId, filter) : undefined
    const rows = await queries.listCalls(db, organizationId, filter, page)
    return page.close(rows, (row) => [row.created_at, row.id], total)
  },

  async getCall({ db, actor }, { params }) {
    return findDetail(db, organizationOf(actor.as), params.call_id)
  },

  async updateCall({ db, actor }, { params, headers, body }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const call = await queries.lockCall(db, organizationId, params.call_id)
    if (call === undefined) return noCall()
    const ifMatch = headers['if-match']
    if (ifMatch !== undefined && versionOf(ifMatch) !== call.version)
      return problem('PRECONDITION_FAILED', undefined, { current_version: call.version })
    const { patient_id, status } = body
    const isKnown =
      typeof patient_id !== 'string' ||
      (await isHere(db, organizationId, { type: 'PATIENT', id: patient_id }))
    const refusal =
      policy.refuseColleague(actor, call) ??
      policy.refuseReassignment(call, patient_id, isKnown) ??
      (status === undefined ? undefined : policy.refuseAnswer(call))
    if (refusal) return refusal
    await queries.updateCall(db, organizationId, call.id, {
      ...body,
      ...(status !== undefined && { started_at: now }),
    })
    return findDetail(db, organizationId, call.id)
  },

  async completeCall({ db, actor, emit }, { params, body }) {
    const now = clock.now()
    const organizationId = organizationOf(actor.as)
    const call = await queries.lockCall(db, organizationId, params.call_id)
    if (call === undefined) return noCall()
    const { status = 'COMPLETED', ...said } = body
    const refusal = policy.refuseColleague(actor, call) ?? policy.refuseEnd(call, status)
    if (refusal) return refusal
    const { id, agent_id, started_at } = call
    await queries.updateCall(db, organizationId, id, {
      ...said,
      status,
      ended_at: now,
      duration_seconds: status === 'MISSED' || started_at === null ? null : secondsSince(started_at, now),
    })
    emit({
      type: 'call.completed',
      audience: { organization: organizationId, ...(agent_id !== null && { user: agent_id }) },
      data: { organization_id: organizationId, call_id: id, status, agent_id },
    })
    return findDetail(db, organizationId, id)
  },

  async createCallTask({ db, actor, emit, enqueue }, { params, body }) {
    const organizationId = organizationOf(actor.as)
    if ((await queries.findCall(db, organizationId, params.call_id)) === undefined) return noCall()
    const { assignee_id: assigneeId, description, due_at } = body
    if (assigneeId !== undefined) {
      const refusal = refuseAssignee(await mayHaveTasks(db, organizationId, assigneeId))
      if (refusal) return refusal
    }
    const id = newId()
    const by = actor.kind === 'person' ? actor.userId : null
    await insertTask(db, {
      id,
      organization_id: organizationId,
      assignee_id: assigneeId ?? null,
      created_by: by,
      related_resource_type: 'CALL',
      related_resource_id: params.call_id,
      description,
      due_at: due_at ?? null,
    })
    await tellAssignee(db, { emit, enqueue, newId }, { organizationId, assigneeId, by, at: clock.now() })
    const row = await findTask(db, organizationId, id)
    return row ? taskOf(row) : notFound('task')
  },

  async createCallRecordingUpload({ db, actor }, { params, body }) {
    const organizationId = organizationOf(actor.as)
    const found = await queries.lockRecording(db, organizationId, params.call_id)
    if (found === undefined) return noCall()
    if (found.recording_redacted_at !== null) return problem('RECORDING_REDACTED')
    const { recording_key: old } = found
    if (old !== null && (await blobs.head(old)) !== undefined)
      return problem('CONFLICT', 'The call has a recording.')
    // A key of its own: what an earlier link still brings is not this recording.
    const key = `recordings/${organizationId}/${newId()}`
    await queries.updateCall(db, organizationId, params.call_id, {
      recording_key: key,
      recording_type: body.content_type,
    })
    const expiresAt = new Date(clock.now().getTime() + LINK_MS)
    return {
      method: 'PUT',
      url: await blobs.uploadUrl(key, { size: body.size_bytes, expiresAt }),
      headers: { 'Content-Type': UPLOAD_TYPE },
      expires_at: expiresAt.toISOString(),
    }
  },

  async redactCallRecording({ db, actor }, { params }) {
    const organizationId = organizationOf(actor.as)
    const found = await queries.lockRecording(db, organizationId, params.call_id)
    if (found === undefined) return noCall()
    if (found.recording_redacted_at !== null) return undefined
    if (found.recording_key === null) return problem('RECORDING_NOT_AVAILABLE')
    // The file goes first: a row that still names it can be redacted again.
    await blobs.delete(found.recording_key)
    await queries.updateCall(db, organizationId, params.call_id, {
      recording_key: null,
      recording_type: null,
      recording_redacted_at: clock.now(),
    })
    return undefined
  },

  async getCallRecordingUrl({ db, actor }, { params }) {
    const { call_id } = params
    const found = await queries.findRecording(db, organizationOf(actor.as), call_id)
    if (found === undefined) return noCall()
    if (found.recording_redacted_at !== null) return problem('RECORDING_REDACTED')
    const { recording_key: key, recording_type: contentType } = found
    if (key === null || contentType === null || (await blobs.head(key)) === undefined)
      return problem('RECORDING_NOT_AVAILABLE')
    const expiresAt = new Date(clock.now().getTime() + LINK_MS)
    const url = await blobs.downloadUrl(key, {
      filename: `call-${call_id}.${EXTENSIONS[contentType]}`,
      contentType,
      expiresAt,
    })
    return { url, expires_at: expiresAt.toISOString() }
  },

  async listPatientCalls({ db, actor }, { params, query }) {
    const organizationId = organizationOf(actor.as)
    const { patient_id: patientId } = params
    const bound = { ...query, organization_id: organizationId, ...params }
    const page = openPage(cursors, 'listPatientCalls', bound, query)
    if (page instanceof Problem) return page
    if (!(await findEnrollment(db, organizationId, patientId))) return notFound('patient')
    const filter = { patientId }
    const total = query.include_total ? await queries.countCalls(db, organizationId, filter) : undefined
    const rows = await queries.listCalls(db, organizationId, filter, page)
    return page.close(rows, (row) => [row.created_at, row.id], total)
  },
})
