import type { OrganizationRole, PlatformRole, ProxyPermission } from './operation.ts'

/** Where a request came from. */
export interface Origin {
  readonly requestId: string
  readonly ip: string
  readonly userAgent: string | null
}

/** A patient whom the caller is, or acts for with live access. */
export interface ReachablePatient extends Readonly<Record<ProxyPermission, boolean>> {
  readonly patientId: string
  readonly self: boolean
}

/** How the role gate let the caller in. */
export type Admission =
  | { readonly kind: 'member'; readonly organizationId: string; readonly role: OrganizationRole }
  | {
      readonly kind: 'patient'
      readonly organizationId: string
      readonly patients: readonly ReachablePatient[]
    }
  | { readonly kind: 'platform'; readonly role: PlatformRole; readonly organizationId: string | null }
  | { readonly kind: 'user' }

/** The organization acted in, for operations whose `x-access` lets in nobody but members. */
export function organizationOf(as: Admission): string {
  if (as.kind !== 'member') throw new Error(`the gate let in a ${as.kind} where only members belong`)
  return as.organizationId
}

export interface Impersonation {
  readonly id: string
  readonly adminUserId: string
  readonly adminName: string
  readonly patientId: string
  readonly organizationId: string
  readonly reason: string
  readonly expiresAt: string
}

/** A signed-in person. Under impersonation: the patient, without any role, and `impersonation` set. */
export interface Person {
  readonly kind: 'person'
  readonly userId: string
  readonly sessionId: string
  readonly email: string
  readonly displayName: string
  readonly memberships: readonly { readonly organizationId: string; readonly role: OrganizationRole }[]
  readonly platformRoles: readonly PlatformRole[]
  readonly mfaEnabled: boolean
  /** The session's last MFA code, ISO instant. */
  readonly mfaVerifiedAt: string | null
  readonly impersonation: Impersonation | null
  readonly as: Admission
  readonly origin: Origin
}

/**
 * An integrator's key: acts with its role inside its one organization. No person stands behind it, so it has neither
 * session, consents nor a second factor, and no platform role.
 */
export interface ApiKey {
  readonly kind: 'api-key'
  readonly keyId: string
  readonly organizationId: string
  readonly organizationSuspended: boolean
  /** Nothing was paid there for so long that health information is no longer written. */
  readonly organizationLapsed: boolean
  readonly role: OrganizationRole
  /** Whether it may also change something. */
  readonly writes: boolean
  readonly as: Extract<Admission, { kind: 'member' }>
  readonly origin: Origin
}

/** Whoever calls a public operation. */
export interface Anonymous {
  readonly kind: 'anonymous'
  readonly origin: Origin
}

export type Actor = Person | ApiKey | Anonymous
