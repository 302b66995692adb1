import type { ClientBase } from 'pg'
import { insertRows, type Row } from './insert.ts'
import type { Cast } from './people.ts'
import type { Random } from './random.ts'
import { atLocal, businessDays, DAY, HOUR } from './time.ts'
import { CHORES, MOVING_REASONS, TASKS } from './words.ts'

// Half an hour before opening: no other visit of the demo is then.
const EARLY_MINUTE = 8 * 60 + 30

/** patient@ and the child whom proxy@ acts for have visits to come, whatever the dice say. */
export async function insertOwnVisits(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<void> {
  const nora = cast.patients.find(({ user }) => user?.id === cast.bySignIn('patient').id)
  const [first, second] = cast.providers
  const [home] = cast.organizations
  if (nora === undefined || first === undefined || second === undefined) return
  const days = businessDays(new Date(now.getTime() + DAY), 0, 21)
  const visit = (
    patient: { id: string },
    provider: { id: string },
    day: string | undefined,
    change: Row,
  ) => ({
    id: random.uuid(),
    organization_id: home.id,
    patient_id: patient.id,
    provider_id: provider.id,
    appointment_type: 'IN_PERSON',
    scheduled_at: atLocal(day ?? '', EARLY_MINUTE, home.timezone),
    duration_minutes: 30,
    location: 'Room 2',
    created_at: new Date(now.getTime() - 6 * DAY),
    updated_at: new Date(now.getTime() - 6 * DAY),
    ...change,
  })
  await insertRows(client, 'appointments', [
    visit(nora, first, days[1], { status: 'CONFIRMED', reason: 'Blood pressure follow-up' }),
    visit(nora, second, days[6], { status: 'SCHEDULED', reason: 'Skin check' }),
    visit(cast.dependents[0], first, days[3], { status: 'SCHEDULED', reason: 'Vaccination' }),
  ])
}

/** Some visits to come were moved before; and every one is going to be reminded of. */
export async function insertVisitHistory(
  client: ClientBase,
  cast: Cast,
  visits: readonly Row[],
  random: Random,
  now: Date,
): Promise<void> {
  const coming = visits.filter(
    ({ status, scheduled_at }) => status === 'SCHEDULED' && Number(scheduled_at) > now.getTime(),
  )
  const moved = coming.filter((_, index) => index % 9 === 4)
  await insertRows(
    client,
    'appointment_reschedules',
    moved.map((visit) => ({
      id: random.uuid(),
      organization_id: visit.organization_id,
      appointment_id: visit.id,
      previous_scheduled_at: new Date(Number(visit.scheduled_at) - random.between(1, 4) * DAY),
      previous_duration_minutes: visit.duration_minutes,
      reason: random.pick(MOVING_REASONS),
      rescheduled_by: cast.bySignIn('staff').id,
      rescheduled_at: new Date(now.getTime() - random.between(1, 20) * HOUR),
    })),
  )
  await client.query('update appointments set version = 2 where id = any($1)', [moved.map(({ id }) => id)])
  const { rows: due } = await client.query<{ id: string; organization_id: string; scheduled_at: string }>(
    `select id, organization_id, scheduled_at from appointments
       where status in ('SCHEDULED', 'CONFIRMED') and scheduled_at > $1 order by id`,
    [now],
  )
  await insertRows(
    client,
    'appointment_reminders',
    due.flatMap((visit) =>
      [24, 2].flatMap((hours) => {
        const due_at = new Date(new Date(visit.scheduled_at).getTime() - hours * HOUR)
        if (due_at <= now) return []
        return ['IN_APP', 'EMAIL'].map((channel) => ({
          id: random.uuid(),
          organization_id: visit.organization_id,
          appointment_id: visit.id,
          channel,
          lead_minutes: hours * 60,
          due_at,
        }))
      }),
    ),
  )
}

/** What is to do in both practices: late, today, later, whenever; done and dropped. */
export async function insertTasks(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const rows: Row[] = []
  for (const organization of cast.organizations) {
    const workers = cast.members.filter(
      (member) => member.organization === organization && member.role !== 'AUDITOR',
    )
    const patients = cast.patients.filter(
      (patient) => patient.organizations.includes(organization) && !patient.discharged,
    )
    for (let n = 0; n < 18; n++) {
      const made = new Date(now.getTime() - random.between(2, 12) * DAY)
      const status = n % 6 === 4 ? 'COMPLETED' : n % 6 === 5 ? 'CANCELLED' : 'PENDING'
      const chore = n % 5 === 3
      const dueIn = [-20, 3, 26, 75, 140][n % 5] ?? 0
      const due = n % 7 === 6 ? null : new Date(now.getTime() + dueIn * HOUR)
      rows.push({
        id: random.uuid(),
        organization_id: organization.id,
        assignee_id: n % 8 === 2 ? null : random.pick(workers).user.id,
        created_by: random.pick(workers).user.id,
        related_resource_type: chore ? null : 'PATIENT',
        related_resource_id: chore ? null : random.pick(patients).id,
        description: chore ? random.pick(CHORES) : random.pick(TASKS),
        due_at: due,
        status,
        completed_at: status === 'COMPLETED' ? new Date(made.getTime() + random.between(2, 40) * HOUR) : null,
        version: status === 'PENDING' ? 1 : 2,
        created_at: made,
        updated_at: made,
      })
    }
  }
  await insertRows(client, 'tasks', rows)
}
