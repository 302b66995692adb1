import type { ClientBase } from 'pg'
import { insertRows, type Row } from './insert.ts'
import type { Cast, DemoOrganization, DemoPatient } from './people.ts'
import type { Random } from './random.ts'
import { DAY, HOUR } from './time.ts'
import { CALL_NOTES, CALL_OUTCOMES, CALL_REASONS, FIRST_NAMES, LAST_NAMES, TASKS } from './words.ts'

const MINUTE = 60_000
const PAST_CALLS = 60
const WAITING = 4

interface Place {
  readonly organization: DemoOrganization
  readonly agents: readonly string[]
  readonly patients: readonly DemoPatient[]
  /** The number of a patient, as E.164. */
  readonly numberOf: (patient: DemoPatient) => string | null
}

/** Calls of the last weeks in both practices, and who waits and speaks now. agent@ is free to take the first. */
export async function insertCalls(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const { rows } = await client.query<{ patient_id: string; value: string }>(
    `select patient_id, value from contact_methods where type <> 'EMAIL' order by id`,
  )
  const numbers = new Map(rows.map(({ patient_id, value }) => [patient_id, value]))
  const calls: Row[] = []
  for (const organization of cast.organizations) {
    const known = cast.members.filter(
      (member) => member.organization === organization && member.role === 'CALL_CENTER_AGENT',
    )
    const place: Place = {
      organization,
      agents: [
        ...known.map(({ user }) => user.id),
        ...(await insertColleagues(client, organization, random, now)),
      ],
      patients: cast.patients.filter(
        (patient) => patient.organizations.includes(organization) && !patient.discharged,
      ),
      numberOf: ({ id }) => numbers.get(id) ?? null,
    }
    for (let n = 0; n < PAST_CALLS; n++) calls.push(pastCall(place, random, n, now))
    for (let n = 0; n < WAITING; n++) calls.push(waitingCall(place, random, n, now))
    calls.push(...openCalls(place, random, cast.bySignIn('agent').id, now))
  }
  await insertRows(client, 'calls', calls)
  await insertFollowUps(client, calls, random, now)
}

/** Two more agents of a practice, who never sign in; answers their ids. */
async function insertColleagues(
  client: ClientBase,
  { id: organization_id, timezone }: DemoOrganization,
  random: Random,
  now: Date,
): Promise<string[]> {
  const joined = new Date(now.getTime() - 150 * DAY)
  const users = [0, 1].map(() => ({
    id: random.uuid(),
    email: `agent-${random.digits(6)}@demo.wardline.test`,
    display_name: `${random.pick(FIRST_NAMES.FEMALE.split(' '))} ${random.pick(LAST_NAMES.split(' '))}`,
    timezone,
    created_at: joined,
    updated_at: joined,
  }))
  await insertRows(client, 'users', users)
  await insertRows(
    client,
    'organization_memberships',
    users.map(({ id }) => ({ id: random.uuid(), organization_id, user_id: id, role: 'CALL_CENTER_AGENT' })),
  )
  return users.map(({ id }) => id)
}

const blank = (place: Place, random: Random, patient: DemoPatient | undefined): Row => ({
  id: random.uuid(),
  organization_id: place.organization.id,
  patient_id: patient?.id ?? null,
  caller_id:
    patient === undefined
      ? `+1${place.organization.areaCode}555${random.digits(4)}`
      : place.numberOf(patient),
  agent_id: null,
  outcome: null,
  notes: null,
  reason: random.pick(CALL_REASONS),
  entered_queue_at: null,
  started_at: null,
  ended_at: null,
  wait_time_seconds: null,
  duration_seconds: null,
  version: 1,
})

/** One in three was made by the practice; some were missed, some went to voicemail. */
function pastCall(place: Place, random: Random, n: number, now: Date): Row {
  const at = new Date(now.getTime() - Math.floor(n / 3) * DAY - random.between(1, 8) * HOUR)
  const inbound = n % 3 > 0
  const patient = inbound && n % 7 === 5 ? undefined : random.pick(place.patients)
  const missed = n % 10 === 4
  const wait = random.between(5, 240)
  const talk = random.between(45, 900)
  const status = missed ? 'MISSED' : !inbound && n % 4 === 3 ? 'VOICEMAIL' : 'COMPLETED'
  const started = inbound ? new Date(at.getTime() + wait * 1000) : at
  const unanswered = inbound && missed
  return {
    ...blank(place, random, patient),
    call_type: inbound ? 'INBOUND' : 'OUTBOUND',
    status,
    agent_id: unanswered ? null : random.pick(place.agents),
    outcome: status === 'COMPLETED' ? random.pick(CALL_OUTCOMES) : null,
    notes: status === 'COMPLETED' && random.chance(50) ? random.pick(CALL_NOTES) : null,
    entered_queue_at: inbound ? at : null,
    started_at: unanswered ? null : started,
    ended_at: unanswered ? started : new Date(started.getTime() + talk * 1000),
    wait_time_seconds: inbound ? wait : null,
    duration_seconds: missed ? null : talk,
    version: 3,
    created_at: at,
  }
}

/** The last of them nobody knows. */
function waitingCall(place: Place, random: Random, n: number, now: Date): Row {
  const at = new Date(now.getTime() - (WAITING - n) * random.between(1, 2) * MINUTE)
  return {
    ...blank(place, random, n === WAITING - 1 ? undefined : random.pick(place.patients)),
    call_type: 'INBOUND',
    status: 'QUEUED',
    entered_queue_at: at,
    created_at: at,
  }
}

/** An agent has one call at a time, and `free` has none. */
function openCalls(place: Place, random: Random, free: string, now: Date): Row[] {
  const [speaking, dialling] = place.agents.filter((agent) => agent !== free)
  const at = new Date(now.getTime() - 3 * MINUTE)
  const since = new Date(now.getTime() - MINUTE)
  const rows: Row[] = []
  if (speaking !== undefined)
    rows.push({
      ...blank(place, random, random.pick(place.patients)),
      call_type: 'INBOUND',
      status: 'IN_PROGRESS',
      agent_id: speaking,
      entered_queue_at: at,
      started_at: since,
      wait_time_seconds: 120,
      version: 2,
      created_at: at,
    })
  if (dialling !== undefined)
    rows.push({
      ...blank(place, random, random.pick(place.patients)),
      call_type: 'OUTBOUND',
      status: 'INITIATING',
      agent_id: dialling,
      started_at: since,
      created_at: since,
    })
  return rows
}

async function insertFollowUps(
  client: ClientBase,
  calls: readonly Row[],
  random: Random,
  now: Date,
): Promise<void> {
  const followed = calls.filter(({ status }, index) => status === 'COMPLETED' && index % 5 === 1)
  await insertRows(
    client,
    'tasks',
    followed.map((call) => ({
      id: random.uuid(),
      organization_id: call.organization_id,
      assignee_id: null,
      created_by: call.agent_id,
      related_resource_type: 'CALL',
      related_resource_id: call.id,
      description: random.pick(TASKS),
      due_at: new Date(now.getTime() + random.between(2, 72) * HOUR),
      status: 'PENDING',
      completed_at: null,
      version: 1,
      created_at: call.ended_at,
      updated_at: call.ended_at,
    })),
  )
}
