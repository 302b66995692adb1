export const ROLES = ['ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR'] as const
