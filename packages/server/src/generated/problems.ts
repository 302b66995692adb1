// Generated from openapi.yaml by `npm run gen`. Never edit.

/** The error catalogue: code → HTTP status and title. */
export const catalogue = {
  UNAUTHORIZED: { status: 401, title: "Sign in first" },
  FORBIDDEN: { status: 403, title: "Your role does not allow this" },
  CONSENT_REQUIRED: { status: 403, title: "Sign the consent documents first" },
  MFA_REQUIRED: { status: 403, title: "Set up multi-factor authentication first" },
  STEP_UP_REQUIRED: { status: 403, title: "Confirm with a fresh MFA code first" },
  PROXY_ACCESS_EXPIRED: { status: 403, title: "Your access to this patient has ended" },
  PROXY_PERMISSION_DENIED: { status: 403, title: "Your access to this patient does not cover this" },
  IMPERSONATION_EXPIRED: { status: 403, title: "The impersonation has ended" },
  IMPERSONATION_FORBIDDEN: { status: 403, title: "Not possible while impersonating" },
  ACCOUNT_LOCKED: { status: 403, title: "The account is locked" },
  ACCOUNT_SUSPENDED: { status: 403, title: "The account is suspended" },
  NOT_FOUND: { status: 404, title: "Not found" },
  CONFLICT: { status: 409, title: "In conflict with the present state" },
  DUPLICATE_MRN: { status: 409, title: "The medical record number is taken" },
  EMAIL_TAKEN: { status: 409, title: "An account with this e-mail exists" },
  APPOINTMENT_CONFLICT: { status: 409, title: "The provider is not free at that time" },
  INVALID_TRANSITION: { status: 409, title: "The status cannot change this way" },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, title: "The first request with this key is still running" },
  PRECONDITION_FAILED: { status: 412, title: "Somebody changed it meanwhile" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The body is too large" },
  VALIDATION_ERROR: { status: 422, title: "The request is not valid" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "The Idempotency-Key belongs to another request" },
  RATE_LIMITED: { status: 429, title: "Too many requests" },
  INVALID_CURSOR: { status: 400, title: "The cursor is not valid here" },
  ORGANIZATION_REQUIRED: { status: 400, title: "Say which organization" },
  INVALID_MFA_CODE: { status: 400, title: "The code is not valid" },
  LICENSE_EXPIRED: { status: 400, title: "The provider has no unexpired licence" },
  PATIENT_DISCHARGED: { status: 400, title: "The patient is discharged" },
  INTERNAL_ERROR: { status: 500, title: "Something went wrong on our side" },
  UNAVAILABLE: { status: 503, title: "Temporarily unavailable" },
} as const

export type ProblemCode = keyof typeof catalogue
