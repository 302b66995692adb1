import type { Admission, ApiKey, Person, ReachablePatient } from '../actor.ts'
import { type Access, keysMayCall, type OrganizationRole } from '../operation.ts'
import { notFound, problem } from '../problem.ts'
import { type Gate, keyOf, personOf, type RequestState } from '../request-state.ts'
import type { LoadedSession } from '../session.ts'
import { asUuid } from '../uuid.ts'

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const suspended = () => problem('ACCOUNT_SUSPENDED', 'This organization is suspended.')

type Row = LoadedSession['patients'][number]

const reachable = (row: Row): ReachablePatient => ({
  patientId: row.patient_id,
  self: row.self,
  can_view_clinical_notes: row.can_view_clinical_notes,
  can_view_billing: row.can_view_billing,
  can_schedule_appointments: row.can_schedule_appointments,
})

/**
 * The patients whom the person reaches as themselves or as a proxy; undefined for none.
 * @param organizationId where the patients must be in care; null for anywhere
 */
function reached(
  state: RequestState,
  session: LoadedSession,
  organizationId: string | null,
): ReachablePatient[] | undefined {
  const rule = state.operation.gates.access.patient
  const anyone = state.operation.gates.access.participant
  if (!rule && !anyone) return undefined
  const wanted = text(state.params.patient_id)
  const only = session.impersonation?.patient_id
  const known = session.patients.filter(
    (row) =>
      (organizationId === null || row.organizations.includes(organizationId)) &&
      (wanted === null || row.patient_id === wanted) &&
      (only === undefined || row.patient_id === only) &&
      (row.self ? rule?.self || anyone : rule?.proxy || anyone),
  )
  if (known.length === 0) return undefined
  if (organizationId !== null && known.some((row) => row.suspended.includes(organizationId)))
    throw suspended()
  const live = known.filter(
    (row) => row.expires_at === null || Date.parse(row.expires_at) > state.now.getTime(),
  )
  if (live.length === 0) throw problem('PROXY_ACCESS_EXPIRED', 'Your access to this patient has ended.')
  const permission = rule?.proxy
  const allowed = live.filter((row) => row.self || !permission || permission === 'any' || row[permission])
  if (allowed.length === 0)
    throw problem('PROXY_PERMISSION_DENIED', 'Your access to this patient does not cover this.')
  return allowed.map(reachable)
}

/** Inside one organization. A stranger learns nothing of it: 404, like one that does not exist. */
function inOrganization(
  state: RequestState,
  person: Person,
  session: LoadedSession,
  organizationId: string,
): Admission {
  const { access } = state.operation.gates
  const away = session.impersonation && session.impersonation.organization_id !== organizationId
  if (away) throw notFound('organization')
  const membership = person.memberships.find((row) => row.organizationId === organizationId)
  const isSuspended = session.memberships.some(
    (row) => row.organization_id === organizationId && row.suspended,
  )
  if (membership && isSuspended) throw suspended()
  if (
    membership &&
    (access.organization?.includes(membership.role) || (access.participant && !access.organization))
  )
    return { kind: 'member', organizationId, role: membership.role }
  const patients = reached(state, session, organizationId)
  if (patients) return { kind: 'patient', organizationId, patients }
  const platform = person.platformRoles.find((role) => access.platform?.includes(role))
  if (platform) return { kind: 'platform', role: platform, organizationId }
  if (!membership) throw notFound('organization')
  throw problem('FORBIDDEN', `The role ${membership.role} does not allow this.`)
}

/** A patient's own affair in no organization: for the patient and who acts for the patient, and for the platform. */
function ofPatient(state: RequestState, person: Person, session: LoadedSession): Admission {
  if (reached(state, session, null)) return { kind: 'user' }
  const platform = person.platformRoles.find((role) => state.operation.gates.access.platform?.includes(role))
  if (!platform) throw notFound('patient')
  return { kind: 'platform', role: platform, organizationId: null }
}

/** Outside an organization's path, but inside one: named in the query, or the only suitable one. */
function inNamedOrganization(state: RequestState, person: Person, session: LoadedSession): Admission {
  const { access } = state.operation.gates
  const named = asUuid(state.query.organization_id)
  const platform = person.platformRoles.find((role) => access.platform?.includes(role))
  if (named !== null) {
    if (platform && !person.memberships.some((row) => row.organizationId === named))
      return { kind: 'platform', role: platform, organizationId: named }
    return inOrganization(state, person, session, named)
  }
  if (platform) return { kind: 'platform', role: platform, organizationId: null }
  const suits = (role: OrganizationRole) => access.organization?.includes(role) ?? false
  const suitable = person.memberships.filter((row) => suits(row.role))
  const [only] = suitable
  if (!only) throw problem('FORBIDDEN', 'None of your roles allows this.')
  if (suitable.length > 1)
    throw problem(
      'ORGANIZATION_REQUIRED',
      'You belong to several organizations: name one in organization_id.',
    )
  return inOrganization(state, person, session, only.organizationId)
}

/** What only the platform does to an organization is not done inside it: a suspended one can be opened again. */
const isFromOutside = (access: Access): boolean =>
  access.platform !== undefined && Object.keys(access).length === 1

function admit(
  state: RequestState,
  person: Person,
  session: LoadedSession,
  organizationId: string | null,
): Admission {
  const { access } = state.operation.gates
  if (organizationId !== null && !isFromOutside(access))
    return inOrganization(state, person, session, organizationId)
  if (access.patient && !access.organization && text(state.params.patient_id) !== null)
    return ofPatient(state, person, session)
  if (access.organization || access.patient || access.participant)
    return inNamedOrganization(state, person, session)
  if (!access.platform) return { kind: 'user' }
  const role = person.platformRoles.find((held) => access.platform?.includes(held))
  if (!role) throw problem('FORBIDDEN', 'None of your roles allows this.')
  return { kind: 'platform', role, organizationId }
}

/** An API key: only where its organization's members of its role may, and only there. */
function admitKey(state: RequestState, key: ApiKey): void {
  const { gates } = state.operation
  if (isFromOutside(gates.access)) throw problem('FORBIDDEN', 'API keys cannot do this.')
  const named = text(state.params.org_id) ?? asUuid(state.query.organization_id)
  if (named !== null && named !== key.organizationId) throw notFound('organization')
  if (key.organizationSuspended) throw suspended()
  if (!keysMayCall(gates)) throw problem('FORBIDDEN', 'API keys cannot do this.')
  if (!gates.access.organization?.includes(key.role))
    throw problem('FORBIDDEN', `The role ${key.role} does not allow this.`)
  if (gates.writes && !key.writes) throw problem('FORBIDDEN', 'This API key may only read.')
}

/** Who may call (`x-access`). Refuses whoever matches nothing; says how the caller got in, for the policies. */
export const access: Gate = (state) => {
  const { gates } = state.operation
  if (gates.access.public) return
  const organizationId = text(state.params.org_id)
  // Known before anything refuses: an organization's trail shows who was refused there.
  state.organizationId = organizationId ?? asUuid(state.query.organization_id)
  const key = keyOf(state)
  if (key) {
    state.organizationId ??= key.organizationId
    admitKey(state, key)
    return
  }
  const person = personOf(state)
  const { session } = state
  if (!person || !session) throw problem('UNAUTHORIZED')
  const admission = admit(state, person, session, organizationId)
  state.actor = { ...person, as: admission }
  state.organizationId = admission.kind === 'user' ? null : admission.organizationId
}
