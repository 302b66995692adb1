import type { ClientBase } from 'pg'
import { insertRows, type Row } from './insert.ts'
import type { Cast, DemoOrganization, DemoPatient, DemoProvider } from './people.ts'
import type { Random } from './random.ts'
import { atLocal, businessDays, DAY, HOUR } from './time.ts'
import { CANCELLATION_REASONS, CONVERSATIONS, VISIT_REASONS } from './words.ts'

const SLOTS_PER_DAY = 16
const OPENS_AT_MINUTE = 9 * 60
const ROOMS = 6

const treats = (provider: DemoProvider, organization: DemoOrganization): boolean =>
  provider.organizations.includes(organization)

export async function insertPatients(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<void> {
  const { patients } = cast
  await insertRows(
    client,
    'patients',
    patients.map(({ id, user, first, last, dob, sex }) => ({
      id,
      user_id: user?.id ?? null,
      first_name: first,
      last_name: last,
      dob,
      legal_sex: sex,
    })),
  )
  let number = 1000
  await insertRows(
    client,
    'organization_patients',
    patients.flatMap((patient) =>
      patient.organizations.map((organization) => ({
        organization_id: organization.id,
        patient_id: patient.id,
        medical_record_number: `${organization.prefix}-${++number}`,
        status: patient.discharged ? 'DISCHARGED' : 'ACTIVE',
        enrolled_at: new Date(now.getTime() - random.between(60, 900) * DAY),
        discharged_at: patient.discharged ? new Date(now.getTime() - random.between(3, 50) * DAY) : null,
      })),
    ),
  )
  const phone = ({ organizations }: DemoPatient): string =>
    `+1${organizations[0]?.areaCode ?? '617'}55501${random.digits(2)}`
  await insertRows(
    client,
    'contact_methods',
    patients.flatMap((patient) => [
      {
        id: random.uuid(),
        patient_id: patient.id,
        type: random.chance(80) ? 'MOBILE' : 'HOME',
        value: phone(patient),
        is_primary: true,
        is_safe_for_voicemail: random.chance(60),
      },
      {
        id: random.uuid(),
        patient_id: patient.id,
        type: 'EMAIL',
        value: patient.user?.email ?? `patient-${random.digits(6)}@mail.wardline.test`,
        is_primary: true,
        is_safe_for_voicemail: false,
      },
    ]),
  )
  await insertRows(
    client,
    'care_team_assignments',
    patients.flatMap((patient) =>
      patient.organizations.flatMap((organization) => {
        const team = random.shuffled(cast.providers.filter((provider) => treats(provider, organization)))
        const size = random.chance(30) ? 2 : 1
        return team.slice(0, size).map((provider, index) => ({
          id: random.uuid(),
          organization_id: organization.id,
          patient_id: patient.id,
          provider_id: provider.id,
          is_primary_provider: index === 0,
          assigned_at: new Date(now.getTime() - random.between(5, 60) * DAY),
        }))
      }),
    ),
  )
  await insertProxies(client, cast, random, now)
}

async function insertProxies(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const proxy = {
    id: random.uuid(),
    user_id: cast.bySignIn('proxy').id,
    relationship_to_patient: 'Father, son',
  }
  await insertRows(client, 'proxies', [proxy])
  const [child, parent] = cast.dependents
  const assignment = (patient: DemoPatient, type: string, expires: Date | null) => ({
    id: random.uuid(),
    proxy_id: proxy.id,
    patient_id: patient.id,
    relationship_type: type,
    can_view_clinical_notes: true,
    can_view_billing: true,
    can_schedule_appointments: true,
    access_granted_at: new Date(now.getTime() - 120 * DAY),
    expires_at: expires,
  })
  await insertRows(client, 'patient_proxy_assignments', [
    assignment(child, 'PARENT', null),
    assignment(parent, 'POA', new Date(now.getTime() - 10 * DAY)),
  ])
}

function statusAt(random: Random, past: boolean): string {
  if (past) return random.chance(80) ? 'COMPLETED' : random.chance(50) ? 'NO_SHOW' : 'CANCELLED'
  return random.chance(8) ? 'CANCELLED' : random.chance(50) ? 'CONFIRMED' : 'SCHEDULED'
}

/**
 * About 400 in the working hours of six weeks around now; a provider is never booked twice for one slot.
 * @returns the rows
 */
export async function insertAppointments(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<Row[]> {
  const days = businessDays(now, 21, 24)
  const rows: Row[] = []
  for (const provider of cast.providers)
    for (const [dayNumber, day] of days.entries()) {
      // The one who works in both places is in each on alternate days.
      const organization = provider.organizations[dayNumber % provider.organizations.length]
      if (organization === undefined) continue
      const patients = cast.patients.filter((patient) => patient.organizations.includes(organization))
      const slots = random.shuffled(Array.from({ length: SLOTS_PER_DAY }, (_, slot) => slot))
      for (const slot of slots.slice(0, random.between(1, 2))) {
        const at = atLocal(day, OPENS_AT_MINUTE + slot * 30, organization.timezone)
        const past = at.getTime() + HOUR / 2 < now.getTime()
        const patient = random.pick(patients)
        if (patient.discharged && !past) continue
        const status = statusAt(random, past)
        const video = random.chance(30)
        const id = random.uuid()
        const booked = new Date(Math.min(at.getTime(), now.getTime()) - random.between(1, 20) * DAY)
        rows.push({
          id,
          organization_id: organization.id,
          patient_id: patient.id,
          provider_id: provider.id,
          appointment_type: video ? 'TELEHEALTH' : 'IN_PERSON',
          status,
          scheduled_at: at,
          duration_minutes: random.chance(25) ? 15 : 30,
          reason: random.pick(VISIT_REASONS),
          location: video ? null : `Room ${random.between(1, ROOMS)}`,
          telehealth_url: video ? `https://video.demo.wardline.test/${id}` : null,
          cancellation_reason: status === 'CANCELLED' ? random.pick(CANCELLATION_REASONS) : null,
          created_at: booked,
          updated_at: booked,
        })
      }
    }
  await insertRows(client, 'appointments', rows)
  return rows
}

/** Conversations between patients with a sign-in and those who care for them; patient@ has the most. */
export async function insertThreads(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<void> {
  const threads: Row[] = []
  const participants: Row[] = []
  const messages: Row[] = []
  const portal = cast.patients.filter(({ user }) => user !== undefined)
  const writers = [...portal, ...portal, ...portal.slice(0, 1), ...portal.slice(0, 1)]
  for (const [index, patient] of writers.entries()) {
    const organization = random.pick(patient.organizations)
    const own = patient.user?.id
    const answering =
      index === 0 ? cast.providers[0] : random.pick(cast.providers.filter((one) => treats(one, organization)))
    if (own === undefined || answering === undefined) continue
    const { subject, lines } = random.pick(CONVERSATIONS)
    const thread = random.uuid()
    const times = lines.map((_, line) => now.getTime() - index * 11 * HOUR - (lines.length - line) * 2 * HOUR)
    const first = new Date(times[0] ?? now.getTime())
    const last = new Date(times.at(-1) ?? now.getTime())
    const begins = subject === 'Lab results' ? 1 : 0
    const senders = lines.map((_, line) => ((line + begins) % 2 === 0 ? own : answering.user.id))
    const base = { organization_id: organization.id }
    threads.push({
      ...base,
      id: thread,
      patient_id: patient.id,
      subject,
      created_at: first,
      updated_at: last,
    })
    for (const user of [own, answering.user.id])
      participants.push({
        ...base,
        id: random.uuid(),
        thread_id: thread,
        user_id: user,
        // The newest message of the newest threads is unread by the one who did not write it.
        last_read_at: index < 6 && senders.at(-1) !== user ? first : last,
        // What is long over is out of the way for those who answered it.
        is_archived: index > 20 && user !== own,
        joined_at: first,
      })
    for (const [line, body] of lines.entries())
      messages.push({
        ...base,
        id: random.uuid(),
        thread_id: thread,
        sender_id: senders[line],
        body,
        created_at: new Date(times[line] ?? now.getTime()),
      })
  }
  await insertRows(client, 'message_threads', threads)
  await insertRows(client, 'message_participants', participants)
  await insertRows(client, 'messages', messages)
}
