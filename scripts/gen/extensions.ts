/**
 * The contract's own extensions: what each may say, and the one file that reads it.
 * An extension that is not listed here has no reader and fails generation.
 */

export const roles = ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const
export const platformRoles = ['SUPER_ADMIN', 'SUPPORT_AGENT'] as const
export const proxyPermissions = [
  'can_view_clinical_notes',
  'can_view_billing',
  'can_schedule_appointments',
] as const
const tenancies = ['organization', 'person', 'platform', 'none'] as const
const rateClasses = ['general', 'auth', 'login', 'mfa', 'impersonation', 'webhook', 'none'] as const

type Check = (value: unknown) => string | undefined

const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value) ? undefined : `must be one of ${allowed.join(', ')}`

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const subset = (value: unknown, allowed: readonly string[]): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => allowed.includes(item))

const access: Check = (value) => {
  if (!isRecord(value) || Object.keys(value).length === 0) return 'must say who may call'
  for (const [key, rule] of Object.entries(value)) {
    if (['public', 'user', 'participant', 'owner'].includes(key)) {
      if (rule !== true) return `${key} must be true`
    } else if (key === 'api_key') {
      if (typeof rule !== 'boolean') return 'api_key must be true or false'
    } else if (key === 'organization') {
      if (!subset(rule, roles)) return `organization must list roles of ${roles.join(', ')}`
    } else if (key === 'platform') {
      if (!subset(rule, platformRoles)) return `platform must list roles of ${platformRoles.join(', ')}`
    } else if (key === 'patient') {
      if (!isRecord(rule) || Object.keys(rule).some((part) => part !== 'self' && part !== 'proxy'))
        return 'patient takes self and proxy'
      if (rule.self !== undefined && rule.self !== true) return 'patient.self must be true'
      if (rule.proxy !== undefined && !['any', ...proxyPermissions].includes(String(rule.proxy)))
        return `patient.proxy must be any or one of ${proxyPermissions.join(', ')}`
    } else return `${key} is not a kind of caller`
  }
  if ('public' in value && Object.keys(value).length > 1) return 'public excludes every other caller'
  return undefined
}

const audit: Check = (value) => {
  if (value === false) return undefined
  if (!isRecord(value)) return 'must be false or { action, resource, id, organization, reason }'
  const known = ['action', 'resource', 'id', 'organization', 'reason']
  const extra = Object.keys(value).find((key) => !known.includes(key))
  if (extra) return `does not take ${extra}`
  if (value.reason !== undefined && value.reason !== true) return 'reason must be true'
  const ok = [value.action, value.resource].every((part) => /^[A-Z][A-Z_]*$/.test(String(part)))
  return ok ? undefined : 'action and resource must be UPPER_CASE words'
}

export interface Extension {
  check: Check
  required: boolean
  /** The file that enforces it, and the word by which it does. */
  reader: { file: string; word: string }
}

const step = (name: string, word: string) => ({ file: `packages/server/src/http/steps/${name}.ts`, word })

/** Extensions of an operation. */
export const operationExtensions: Record<string, Extension> = {
  'x-access': { check: access, required: true, reader: step('access', 'gates.access') },
  'x-tenancy': { check: oneOf(...tenancies), required: true, reader: step('scope', 'gates.tenancy') },
  'x-audit': { check: audit, required: true, reader: step('audit', 'gates.audit') },
  'x-phi': { check: oneOf(true, false), required: true, reader: step('audit', 'gates.phi') },
  'x-idempotent': {
    check: oneOf(true, false),
    required: true,
    reader: step('idempotency', 'gates.idempotent'),
  },
  'x-rate-limit': {
    check: oneOf(...rateClasses),
    required: true,
    reader: step('rate-limit', 'gates.rateLimit'),
  },
  'x-impersonation': {
    check: oneOf('allowed', 'forbidden'),
    required: true,
    reader: step('impersonation', 'gates.impersonation'),
  },
  'x-consent': {
    check: oneOf('required', 'exempt'),
    required: true,
    reader: step('consent', 'gates.consent'),
  },
  'x-mfa': { check: oneOf('required', 'exempt'), required: true, reader: step('mfa', 'gates.mfa') },
  'x-step-up': { check: oneOf(true), required: false, reader: step('step-up', 'gates.stepUp') },
  // Exactly the writes of health information in an organization say it; see needsSubscription.
  'x-subscription': {
    check: oneOf('required', 'exempt'),
    required: false,
    reader: step('subscription', 'gates.subscription'),
  },
  'x-stream': {
    check: (value) =>
      isRecord(value) && value.heartbeat === true ? undefined : 'must be { heartbeat: true }',
    required: false,
    reader: { file: 'packages/server/src/http/app.ts', word: 'gates.stream' },
  },
  // A GET that leaves a mark (reading marks read) gets a transaction that can write; a POST that changes nothing, none.
  'x-writes': {
    check: oneOf(true, false),
    required: false,
    reader: { file: 'packages/server/src/http/app.ts', word: 'gates.writes' },
  },
  // A write without a transaction of its own: it is stored together with what others send at the same time.
  'x-group-commit': {
    check: oneOf(true),
    required: false,
    reader: { file: 'packages/server/src/http/app.ts', word: 'gates.groupCommit' },
  },
  // The body reaches the handler as the bytes that were sent: what signed them is checked there, before anything reads them.
  'x-raw-body': {
    check: oneOf(true),
    required: false,
    reader: { file: 'packages/server/src/http/app.ts', word: 'rawBody' },
  },
  'x-sdk': {
    check: (value) =>
      value === false || (typeof value === 'string' && /^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/.test(value))
        ? undefined
        : 'must be resource.method, or false for what only links reach',
    required: true,
    reader: { file: 'scripts/gen/emit-sdk.ts', word: 'operation.sdk' },
  },
}

/** Extensions elsewhere in the document. */
export const otherExtensions: Record<string, Extension['reader']> = {
  'x-catalogue': { file: 'scripts/gen/contract.ts', word: "'x-catalogue'" },
}
