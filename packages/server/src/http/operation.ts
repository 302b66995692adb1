import type { RateLimitClass } from '../config.ts'

export type OrganizationRole = 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR'
export type PlatformRole = 'SUPER_ADMIN' | 'SUPPORT_AGENT'
export type ProxyPermission = 'can_view_clinical_notes' | 'can_view_billing' | 'can_schedule_appointments'

/** Who may call (`x-access`); any match lets in. */
export interface Access {
  readonly public?: true
  readonly user?: true
  readonly organization?: readonly OrganizationRole[]
  readonly patient?: { readonly self?: true; readonly proxy?: 'any' | ProxyPermission }
  /** The handler's query admits only participants of the record. */
  readonly participant?: true
  /** The handler's query admits only the record's owner. */
  readonly owner?: true
  readonly platform?: readonly PlatformRole[]
  /** Says otherwise than `KeysMayCall` does by itself: false where the handler needs a person. */
  readonly api_key?: boolean
}

/** What the contract's extensions demand of one operation. */
export interface Gates {
  readonly access: Access
  readonly tenancy: 'organization' | 'person' | 'platform' | 'none'
  readonly audit:
    | false
    | {
        readonly action: string
        readonly resource: string
        /** Where the record's id is: a path parameter or `response.…`. */
        readonly id?: string
        /** For an operation outside an organization that acts on one: `response.…`. */
        readonly organization?: string
        /** The body's `reason` is one for the trail; elsewhere a field of that name may hold health information. */
        readonly reason?: true
      }
  readonly phi: boolean
  readonly idempotent: boolean
  readonly rateLimit: RateLimitClass | 'none'
  readonly impersonation: 'allowed' | 'forbidden'
  readonly consent: 'required' | 'exempt'
  readonly mfa: 'required' | 'exempt'
  readonly stepUp: boolean
  /** Whether it is closed where nobody has paid for long: the writes of health information. */
  readonly subscription: 'required' | 'exempt'
  readonly stream: boolean
  /** Whether the handler's transaction can write: every method but GET, unless `x-writes` says otherwise. */
  readonly writes: boolean
  /** Stored together with others' requests: the handler has no transaction, and answers once its part is committed. */
  readonly groupCommit: boolean
  /** The body reaches the handler as it was sent, unread. */
  readonly rawBody: boolean
}

/** One operation of the contract, as the pipeline sees it. */
export interface OperationDefinition {
  readonly id: string
  readonly tag: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Of the one success. */
  readonly status: number
  readonly contentType: string | null
  /** Media types beside JSON that the caller's Accept may ask for. */
  readonly forms: readonly string[]
  /** Of the body: JSON, or a file, which the handler reads as it comes. */
  readonly bodyType: string | null
  /** Whether the success carries an ETag, made of the answer's `version`. */
  readonly etag: boolean
  readonly codes: readonly string[]
  /** Whether it answers a list page by page; such a read may be a replica's. */
  readonly paged: boolean
  readonly gates: Gates
}

type KeyGates = Pick<Gates, 'access' | 'stepUp' | 'stream'>

/**
 * Whether API keys may call an operation: those that serve roles of an organization, unless `x-access` says
 * otherwise. A key has no second factor to confirm with and no session to hold a stream by.
 */
export const keysMayCall = ({ access, stepUp, stream }: KeyGates): boolean =>
  !stepUp && !stream && (access.api_key ?? access.organization !== undefined)

/** `keysMayCall` for the compiler. */
export type KeysMayCall<G extends KeyGates> = G extends { stepUp: true } | { stream: true }
  ? false
  : G['access'] extends { api_key: infer Said }
    ? Said
    : G['access'] extends { organization: unknown }
      ? true
      : false
