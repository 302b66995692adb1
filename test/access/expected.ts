import type {
  Access,
  OperationDefinition,
  ProxyPermission,
} from '../../packages/server/src/http/operation.ts'

/** What is true of a caller, in the contract's own words. */
export interface Facts {
  credential: 'none' | 'expired' | 'revoked' | 'impersonation-over' | 'person' | 'impersonated' | 'api-key'
  /** The organization that the call names, and what the caller is in it. */
  role: string | null
  organizationSuspended: boolean
  /** Nothing was paid there for longer than the grace. */
  organizationLapsed: boolean
  /** Roles held anywhere: they need a second factor. */
  holdsRole: boolean
  platform: readonly string[]
  /** What the caller is to the patient that the call names. */
  patient: 'self' | 'proxy' | 'expired-proxy' | null
  /** What the caller is to another patient of that organization: counts where the path names no patient. */
  otherPatient: Facts['patient']
  /** Is the patient that the call names, who is in care of another organization. */
  patientElsewhere: boolean
  permissions: readonly ProxyPermission[]
  account: 'usable' | 'suspended' | 'locked'
  signed: boolean
  mfa: boolean
  freshCode: boolean
  /** An API key's organization is the one that calls name, and it may change things. */
  keyIsHere: boolean
  keyWrites: boolean
}

/** The handler is reached: no gate refuses. */
export const REACHED = 'reached'

/** A patient's own affair, whichever organizations they are in care of: it names the patient, and no organization. */
const isOfPatient = ({ path, gates: { access } }: OperationDefinition): boolean =>
  Boolean(access.patient && !access.organization) &&
  path.includes('{patient_id}') &&
  !path.includes('{org_id}')

/**
 * Whether an operation happens inside an organization: it names one in its path, or serves roles, patients or
 * participants, who are such only of an organization. What only the platform does to one is done from outside.
 */
export const isInOrganization = (operation: OperationDefinition): boolean => {
  const { path, gates } = operation
  const { access } = gates
  if (isOfPatient(operation)) return false
  return (
    Boolean(access.organization || access.patient || access.participant) ||
    (path.includes('{org_id}') && Boolean(access.user || access.owner))
  )
}

/** Health information is no longer written where nobody pays. */
const subscription = (gates: OperationDefinition['gates'], caller: Facts): string =>
  gates.subscription === 'required' && caller.organizationLapsed ? 'SUBSCRIPTION_REQUIRED' : REACHED

/** An API key: what its role may do in its organization, but nothing that takes a person, a code or an open stream. */
function key({ path, gates }: OperationDefinition, caller: Facts, names: boolean): string {
  if (gates.access.platform && Object.keys(gates.access).length === 1) return 'FORBIDDEN'
  if ((names || path.includes('{org_id}')) && !caller.keyIsHere) return 'NOT_FOUND'
  if (caller.organizationSuspended) return 'ACCOUNT_SUSPENDED'
  const { access } = gates
  if (gates.stepUp || gates.stream || access.api_key === false) return 'FORBIDDEN'
  if (!access.organization?.some((one) => one === caller.role)) return 'FORBIDDEN'
  if (gates.writes && !caller.keyWrites) return 'FORBIDDEN'
  return subscription(gates, caller)
}

function role(operation: OperationDefinition, access: Access, caller: Facts): string {
  const platform = caller.platform.some((held) => access.platform?.some((one) => one === held))
  if (isOfPatient(operation)) {
    if (caller.patient === 'expired-proxy') return 'PROXY_ACCESS_EXPIRED'
    return caller.patient !== null || caller.patientElsewhere || platform ? REACHED : 'NOT_FOUND'
  }
  if (!isInOrganization(operation)) return access.user || access.owner || platform ? REACHED : 'FORBIDDEN'
  if (caller.role !== null && caller.organizationSuspended) return 'ACCOUNT_SUSPENDED'
  const listed = access.organization?.some((one) => one === caller.role) ?? false
  const anyMember = Boolean(access.participant || access.owner) && !access.organization
  if (access.user || listed || (anyMember && caller.role !== null)) return REACHED
  const patient = caller.patient ?? (operation.path.includes('{patient_id}') ? null : caller.otherPatient)
  const known = access.participant || (patient === 'self' ? access.patient?.self : access.patient?.proxy)
  if (patient !== null && known && caller.organizationSuspended) return 'ACCOUNT_SUSPENDED'
  if (patient === 'self' && known) return REACHED
  const needed = access.patient?.proxy
  if (needed || access.participant) {
    if (patient === 'expired-proxy') return 'PROXY_ACCESS_EXPIRED'
    if (patient === 'proxy') {
      const covered = !needed || needed === 'any' || caller.permissions.includes(needed)
      return covered ? REACHED : 'PROXY_PERMISSION_DENIED'
    }
  }
  if (platform) return REACHED
  // A stranger learns nothing of an organization; a member knows that it is there.
  return caller.role === null ? 'NOT_FOUND' : 'FORBIDDEN'
}

/**
 * What the contract's extensions say that a caller is answered by the gates, in their order: the first that
 * refuses answers. Written from the rules, and on purpose not with the pipeline's own code.
 * @param names whether the call names its organization in the query
 */
export function expectedOf(operation: OperationDefinition, caller: Facts, names: boolean): string {
  const { gates } = operation
  if (gates.access.public) return REACHED
  if (caller.credential === 'impersonation-over') return 'IMPERSONATION_EXPIRED'
  if (['none', 'expired', 'revoked'].includes(caller.credential)) return 'UNAUTHORIZED'
  if (caller.account === 'suspended') return 'ACCOUNT_SUSPENDED'
  if (caller.account === 'locked') return 'ACCOUNT_LOCKED'
  if (caller.credential === 'impersonated' && gates.impersonation === 'forbidden')
    return 'IMPERSONATION_FORBIDDEN'
  // Neither signs nor has a second factor.
  if (caller.credential === 'api-key') return key(operation, caller, names)
  const admission = role(operation, gates.access, caller)
  if (admission !== REACHED) return admission
  if (gates.consent === 'required' && !caller.signed) return 'CONSENT_REQUIRED'
  if (gates.mfa === 'required' && caller.holdsRole && !caller.mfa) return 'MFA_REQUIRED'
  if (gates.stepUp && !caller.freshCode) return 'STEP_UP_REQUIRED'
  return subscription(gates, caller)
}
