import { npiNumber, type Random } from './random.ts'
import { DEMO_SIGN_INS } from './sign-ins.ts'
import { DAY } from './time.ts'
import { FIRST_NAMES, LAST_NAMES, SPECIALTIES } from './words.ts'

export interface DemoUser {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly timezone: string
  /** Undefined for those who are only there to fill the lists. */
  readonly signIn: (typeof DEMO_SIGN_INS)[number] | undefined
}

export interface DemoOrganization {
  readonly id: string
  readonly name: string
  readonly timezone: string
  readonly color: string
  readonly prefix: string
  readonly areaCode: string
  readonly state: string
}

export interface DemoProvider {
  readonly id: string
  readonly user: DemoUser
  readonly organizations: readonly DemoOrganization[]
  readonly npi: string
  readonly specialty: string
}

export interface DemoPatient {
  readonly id: string
  readonly user: DemoUser | undefined
  readonly first: string
  readonly last: string
  readonly sex: string
  readonly dob: string
  readonly organizations: readonly DemoOrganization[]
  readonly discharged: boolean
}

export interface Cast {
  readonly organizations: readonly [DemoOrganization, DemoOrganization]
  readonly users: readonly DemoUser[]
  readonly members: readonly { organization: DemoOrganization; user: DemoUser; role: string }[]
  readonly staff: readonly { user: DemoUser; title: string }[]
  readonly providers: readonly DemoProvider[]
  readonly patients: readonly DemoPatient[]
  /** Whom proxy@ acts for, in turn: with live access, with expired access. */
  readonly dependents: readonly [DemoPatient, DemoPatient]
  readonly bySignIn: (local: string) => DemoUser
}

const PATIENTS = 200
const PORTAL_USERS = 14

/** Everyone in the demo. */
export function createCast(random: Random, now: Date): Cast {
  const east: DemoOrganization = {
    id: random.uuid(),
    name: 'Harbor Family Practice',
    timezone: 'America/New_York',
    color: '#0a6e8a',
    prefix: 'HFP',
    areaCode: '617',
    state: 'MA',
  }
  const west: DemoOrganization = {
    id: random.uuid(),
    name: 'Cascade Community Clinic',
    timezone: 'America/Los_Angeles',
    color: '#2f6b3c',
    prefix: 'CCC',
    areaCode: '503',
    state: 'OR',
  }

  const users: DemoUser[] = DEMO_SIGN_INS.map((signIn) => ({
    id: random.uuid(),
    email: signIn.email,
    name: signIn.name,
    timezone: signIn.email.startsWith('admin-west') ? west.timezone : east.timezone,
    signIn,
  }))
  const bySignIn = (local: string): DemoUser => {
    const user = users.find(({ email }) => email === `${local}@demo.wardline.test`)
    if (user === undefined) throw new Error(`no demo sign-in ${local}`)
    return user
  }
  const taken = new Set(users.map(({ name }) => name))
  const lastNames = LAST_NAMES.split(' ')
  const person = (): { first: string; last: string; sex: string } => {
    for (;;) {
      const sex = random.chance(4) ? 'NON_BINARY' : random.chance(51) ? 'FEMALE' : 'MALE'
      const found = { first: random.pick(FIRST_NAMES[sex].split(' ')), last: random.pick(lastNames), sex }
      const name = `${found.first} ${found.last}`
      if (taken.has(name)) continue
      taken.add(name)
      return found
    }
  }
  const addUser = (first: string, last: string, title: string, timezone: string): DemoUser => {
    // A portal address is plain ASCII: "Zoë O’Brien" writes as zoe.obrien.
    const local = `${first}.${last}`
      .normalize('NFKD')
      .replace(/[^\w.]/g, '')
      .toLowerCase()
    const user = {
      id: random.uuid(),
      email: `${local}@demo.wardline.test`,
      name: `${title}${first} ${last}`,
      timezone,
      signIn: undefined,
    }
    users.push(user)
    return user
  }
  const newUser = (title: string, timezone: string): DemoUser => {
    const { first, last } = person()
    return addUser(first, last, title, timezone)
  }

  const members: { organization: DemoOrganization; user: DemoUser; role: string }[] = [
    { organization: east, user: bySignIn('admin'), role: 'ADMIN' },
    { organization: east, user: bySignIn('provider'), role: 'PROVIDER' },
    { organization: east, user: bySignIn('staff'), role: 'STAFF' },
    { organization: east, user: bySignIn('agent'), role: 'CALL_CENTER_AGENT' },
    { organization: east, user: bySignIn('auditor'), role: 'AUDITOR' },
    { organization: west, user: bySignIn('admin-west'), role: 'ADMIN' },
  ]
  const staff = [{ user: bySignIn('staff'), title: 'Front desk' }]
  for (const [organization, role, title] of [
    [east, 'STAFF', 'Medical assistant'],
    [west, 'STAFF', 'Front desk'],
    [west, 'STAFF', 'Billing'],
    [west, 'CALL_CENTER_AGENT', ''],
    [west, 'AUDITOR', ''],
  ] as const) {
    const user = newUser('', organization.timezone)
    members.push({ organization, user, role })
    if (title !== '') staff.push({ user, title })
  }

  const providers = SPECIALTIES.map((specialty, index): DemoProvider => {
    // The first is provider@; one works in both organizations.
    const organizations = index === 4 ? [east, west] : index < 4 ? [east] : [west]
    const home = organizations[0] ?? east
    const user = index === 0 ? bySignIn('provider') : newUser('Dr. ', home.timezone)
    if (index > 0)
      members.push(...organizations.map((organization) => ({ organization, user, role: 'PROVIDER' })))
    return { id: random.uuid(), user, organizations, npi: npiNumber(`1${random.digits(8)}`), specialty }
  })

  const born = (youngest: number, oldest: number): string =>
    new Date(now.getTime() - random.between(youngest * 365, oldest * 365) * DAY).toISOString().slice(0, 10)
  const own = (first: string, last: string, sex: string, dob: string, user?: DemoUser): DemoPatient => ({
    id: random.uuid(),
    user,
    first,
    last,
    sex,
    dob,
    organizations: [east],
    discharged: false,
  })
  const nora = own('Nora', 'Delgado', 'FEMALE', '1986-04-17', bySignIn('patient'))
  const mateo = own('Mateo', 'Delgado', 'MALE', '2016-09-02')
  const elena = own('Elena', 'Delgado', 'FEMALE', '1948-11-23')
  const patients = [nora, mateo, elena]
  while (patients.length < PATIENTS) {
    const { first, last, sex } = person()
    const number = patients.length
    const organizations = number % 15 === 0 ? [east, west] : number < 115 ? [east] : [west]
    const timezone = (organizations[0] ?? east).timezone
    const discharged = number % 23 === 0
    const user =
      !discharged && number % 13 === 5 && number < 13 * PORTAL_USERS
        ? addUser(first, last, '', timezone)
        : undefined
    patients.push({
      id: random.uuid(),
      user,
      first,
      last,
      sex,
      dob: user === undefined ? born(1, 92) : born(19, 80),
      organizations,
      discharged,
    })
  }
  return {
    organizations: [east, west],
    users,
    members,
    staff,
    providers,
    patients,
    dependents: [mateo, elena],
    bySignIn,
  }
}
