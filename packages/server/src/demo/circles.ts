import type { ClientBase } from 'pg'
import { hashOpaqueToken } from '../security/tokens.ts'
import { insertRows, type Row } from './insert.ts'
import type { Cast, DemoPatient, DemoUser } from './people.ts'
import type { Random } from './random.ts'
import { DAY } from './time.ts'

const ADULT_YEARS = 18
const FAMILIES = 12

const day = (now: Date, days: number): string =>
  new Date(now.getTime() + days * DAY).toISOString().slice(0, 10)

/** A DEA number with its check digit. */
function deaNumber(random: Random, last: string): string {
  const digits = random.digits(6)
  const sum = [...digits].reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 2),
    0,
  )
  return `B${last.charAt(0).toUpperCase()}${digits}${sum % 10}`
}

/** Registrations, and licences that end soon: one is renewed late, one is over in the second state. */
async function insertLicenses(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const ends = [undefined, 52, 26, 5, 61]
  for (const [index, { id, user, organizations }] of cast.providers.entries()) {
    const [home] = organizations
    const soon = ends[index]
    const licenses = [
      ...organizations.map(({ state }) => ({
        state,
        license_number: `${state}${random.digits(6)}`,
        expiry: day(now, soon ?? random.between(90, 700)),
      })),
      ...(index === 1
        ? [{ state: 'NH', license_number: `NH${random.digits(6)}`, expiry: day(now, -40) }]
        : []),
    ]
    const dea = deaNumber(random, (user.name.split(' ').at(-1) ?? 'X').normalize('NFKD'))
    await client.query('update providers set dea_number = $2, state_licenses = $3 where id = $1', [
      id,
      home === undefined || index % 4 === 3 ? null : dea,
      JSON.stringify(licenses),
    ])
  }
}

/** Parents for children, spouses and powers of attorney for the old; some access is over, some still to be accepted. */
async function insertFamilies(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const grownUps = cast.patients.filter(({ user }) => user?.signIn === undefined && user !== undefined)
  const taken = new Set<DemoPatient>(cast.dependents)
  const born = day(now, -ADULT_YEARS * 365)
  const child = ({ user, dob, discharged }: DemoPatient) => user === undefined && dob > born && !discharged
  const old = ({ user, dob, discharged }: DemoPatient) =>
    user === undefined && dob < day(now, -75 * 365) && !discharged
  const nextOf = (which: (patient: DemoPatient) => boolean, near: DemoPatient): DemoPatient | undefined => {
    const found = cast.patients.find(
      (patient) =>
        which(patient) &&
        !taken.has(patient) &&
        patient.organizations.some((organization) => near.organizations.includes(organization)),
    )
    if (found !== undefined) taken.add(found)
    return found
  }
  const proxies: Row[] = []
  const assignments: Row[] = []
  const proxyOf = (user: DemoUser): string => {
    const id = random.uuid()
    proxies.push({ id, user_id: user.id })
    return id
  }
  for (const [index, grownUp] of grownUps.slice(0, FAMILIES).entries()) {
    if (grownUp.user === undefined) continue
    const proxy_id = proxyOf(grownUp.user)
    const wards = index % 3 === 2 ? [nextOf(old, grownUp)] : [nextOf(child, grownUp), nextOf(child, grownUp)]
    for (const ward of wards) {
      if (ward === undefined) continue
      const parent = ward.dob > born
      assignments.push({
        id: random.uuid(),
        proxy_id,
        patient_id: ward.id,
        relationship_type: parent ? (index % 5 === 4 ? 'GUARDIAN' : 'PARENT') : 'POA',
        can_view_clinical_notes: parent || random.chance(50),
        can_view_billing: true,
        can_schedule_appointments: random.chance(85),
        access_granted_at: new Date(now.getTime() - random.between(20, 150) * DAY),
        // A power of attorney is for a while.
        expires_at: parent ? null : new Date(now.getTime() + random.between(-15, 200) * DAY),
      })
    }
  }
  await insertRows(client, 'proxies', proxies)
  await insertRows(client, 'patient_proxy_assignments', assignments)
}

/** Links that nobody has opened yet; their tokens are unknown. */
async function insertInvitations(client: ClientBase, cast: Cast, random: Random, now: Date): Promise<void> {
  const inviter = cast.bySignIn('staff')
  const [east] = cast.organizations
  const free = cast.patients.filter(
    ({ user, organizations, discharged }) =>
      user === undefined && organizations.includes(east) && !discharged,
  )
  const invitation = (patient: DemoPatient | undefined, proxy: boolean, daysAgo: number): Row => ({
    id: random.uuid(),
    organization_id: east.id,
    patient_id: patient?.id,
    purpose: proxy ? 'PROXY' : 'PATIENT',
    email: `invited-${random.digits(6)}@mail.wardline.test`,
    token_hash: `\\x${hashOpaqueToken(random.uuid()).toString('hex')}`,
    inviter_user_id: inviter.id,
    expires_at: new Date(now.getTime() + (7 - daysAgo) * DAY),
    attempts: 0,
    relationship_type: proxy ? 'SPOUSE' : null,
    can_view_clinical_notes: false,
    can_view_billing: true,
    can_schedule_appointments: true,
    created_at: new Date(now.getTime() - daysAgo * DAY),
    updated_at: new Date(now.getTime() - daysAgo * DAY),
  })
  await insertRows(client, 'portal_invitations', [
    invitation(free[4], false, 1),
    invitation(free[9], false, 5),
    invitation(free[14], true, 2),
  ])
}

/** What differs between two organizations that share a patient, and who does not want automated messages. */
async function varyEnrollments(client: ClientBase, cast: Cast, now: Date): Promise<void> {
  const [, west] = cast.organizations
  const shared = cast.patients.filter(
    ({ organizations, discharged }) => organizations.length > 1 && !discharged,
  )
  await client.query(
    `update organization_patients set status = 'DISCHARGED', discharged_at = $3
       where organization_id = $1 and patient_id = any($2)
         and not exists (select from appointments a where a.patient_id = organization_patients.patient_id
           and a.organization_id = $1 and a.scheduled_at > $4)`,
    [west.id, shared.slice(0, 4).map(({ id }) => id), new Date(now.getTime() - 9 * DAY), now],
  )
  await client.query('update patients set transactional_consent = false where id = any($1)', [
    cast.patients.filter((_, index) => index % 29 === 17).map(({ id }) => id),
  ])
}

/** Families, licences and portals around the people who are there already. */
export async function insertCircles(
  client: ClientBase,
  cast: Cast,
  random: Random,
  now: Date,
): Promise<void> {
  await insertLicenses(client, cast, random, now)
  await insertFamilies(client, cast, random, now)
  await insertInvitations(client, cast, random, now)
  await varyEnrollments(client, cast, now)
  await insertRows(client, 'staff', [
    {
      id: random.uuid(),
      user_id: cast.bySignIn('agent').id,
      employee_id: 'E-20417',
      job_title: 'Call center',
    },
  ])
}
