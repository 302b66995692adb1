// Generated from the migrated database by `npm run gen`. Never edit.

import type { ColumnType, GeneratedAlways } from 'kysely'

type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>

/** ISO 8601 with milliseconds when read; a Date may be written too. */
export type Instant = ColumnType<string, string | Date, string | Date>

/** Parsed when read; written as JSON text. */
export type Json = ColumnType<JsonValue, string, string>
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue | undefined }

export interface ApiKeysTable {
  id: string
  organization_id: string
  name: string
  prefix: string
  secret_hash: Buffer
  role: 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR'
  scopes: string[]
  created_by: string
  last_used_at: Instant | null
  expires_at: Instant | null
  revoked_at: Instant | null
  revoked_by: string | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface AppointmentRemindersTable {
  id: string
  organization_id: string
  appointment_id: string
  channel: 'IN_APP' | 'EMAIL'
  lead_minutes: number
  due_at: Instant
  sent_at: Instant | null
  skipped_at: Instant | null
  created_at: Generated<Instant>
}

export interface AppointmentReschedulesTable {
  id: string
  organization_id: string
  appointment_id: string
  previous_scheduled_at: Instant
  previous_duration_minutes: number
  reason: string | null
  rescheduled_by: string | null
  rescheduled_at: Instant
}

export interface AppointmentsTable {
  id: string
  organization_id: string
  patient_id: string
  provider_id: string
  appointment_type: 'IN_PERSON' | 'TELEHEALTH'
  status: Generated<'SCHEDULED' | 'CONFIRMED' | 'COMPLETED' | 'CANCELLED' | 'NO_SHOW'>
  scheduled_at: Instant
  duration_minutes: Generated<number>
  ends_at: Instant
  reason: string | null
  notes: string | null
  location: string | null
  telehealth_url: string | null
  cancellation_reason: string | null
  version: Generated<number>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface AuditLogsTable {
  id: string
  actor_user_id: string | null
  actor_type: 'USER' | 'API_KEY' | 'SYSTEM' | 'ANONYMOUS'
  organization_id: string | null
  operation_id: string
  resource_type: string
  resource_id: string | null
  action_type: string
  ip_address: string | null
  user_agent: string | null
  impersonator_id: string | null
  request_id: string
  reason: string | null
  outcome: 'SUCCESS' | 'DENIED'
  problem_code: string | null
  changes: Json | null
  occurred_at: Instant
  xid: Generated<string>
}

export interface AuditSealsTable {
  number: number
  first_xid: string
  first_id: string
  last_xid: string
  last_id: string
  row_count: number
  first_occurred_at: Instant
  last_occurred_at: Instant
  root: Buffer
  previous_hash: Buffer
  hash: Buffer
  sealed_at: Instant
}

export interface CallsTable {
  id: string
  organization_id: string
  patient_id: string | null
  agent_id: string | null
  caller_id: string | null
  call_type: 'INBOUND' | 'OUTBOUND'
  status: 'QUEUED' | 'INITIATING' | 'IN_PROGRESS' | 'COMPLETED' | 'VOICEMAIL' | 'MISSED'
  outcome: string | null
  reason: string | null
  duration_seconds: number | null
  wait_time_seconds: number | null
  recording_key: string | null
  recording_type: 'audio/wav' | 'audio/mpeg' | 'audio/ogg' | 'audio/webm' | null
  recording_redacted_at: Instant | null
  notes: string | null
  entered_queue_at: Instant | null
  started_at: Instant | null
  ended_at: Instant | null
  version: Generated<number>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface CareTeamAssignmentsTable {
  id: string
  organization_id: string
  patient_id: string
  provider_id: string
  is_primary_provider: Generated<boolean>
  assigned_at: Instant
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface ConsentDocumentsTable {
  id: string
  type: 'HIPAA_NOTICE' | 'TERMS_OF_SERVICE' | 'TREATMENT_AGREEMENT'
  version: string
  title: string
  content: string
  effective_date: Instant
  created_at: Generated<Instant>
  announce_at: Instant | null
}

export interface ConsentsTable {
  id: string
  user_id: string
  patient_id: string | null
  document_id: string
  agreed_at: Instant
  ip_address: string | null
  created_at: Generated<Instant>
}

export interface ContactMethodsTable {
  id: string
  patient_id: string
  type: 'MOBILE' | 'HOME' | 'WORK' | 'EMAIL'
  value: string
  is_primary: Generated<boolean>
  is_safe_for_voicemail: Generated<boolean>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  version: Generated<number>
}

export interface DataExportsTable {
  id: string
  user_id: string
  format: 'json' | 'pdf'
  include_documents: Generated<boolean>
  status: Generated<'PENDING' | 'RUNNING' | 'READY' | 'FAILED' | 'EXPIRED'>
  progress: Generated<number>
  storage_key: string | null
  size_bytes: number | null
  started_at: Instant | null
  finished_at: Instant | null
  expires_at: Instant | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface DocumentsTable {
  id: string
  organization_id: string
  patient_id: string
  uploaded_by: string | null
  filename: string
  storage_key: string
  content_type: 'application/pdf' | 'image/jpeg' | 'image/png' | 'image/gif' | 'application/msword' | 'application/vnd.openxmlformats-officedocument.wordprocessingml.document' | 'application/vnd.ms-excel' | 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' | 'text/plain' | 'text/csv'
  size_bytes: number
  sha256: string | null
  scan_status: Generated<'PENDING' | 'CLEAN' | 'INFECTED' | 'FAILED'>
  infection: string | null
  processing_status: Generated<'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED'>
  extracted_text: string | null
  description: string | null
  uploaded_at: Instant | null
  scanned_at: Instant | null
  processed_at: Instant | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface EnrollmentAttemptsTable {
  organization_id: string
  patient_id: string
  failures: number
  last_at: Instant
}

export interface EventsTable {
  id: GeneratedAlways<number>
  xid: Generated<string>
  user_id: string | null
  organization_id: string | null
  to_support: Generated<boolean>
  type: string
  payload: Json
  created_at: Instant
}

export interface EventsPurgedTable {
  singleton: Generated<boolean>
  xid: string
  id: number
}

export interface IdempotencyKeysTable {
  actor_id: string
  operation_id: string
  key: string
  request_hash: Buffer
  status: number
  response: Json | null
  expires_at: Instant
  created_at: Generated<Instant>
}

export interface ImpersonationsTable {
  id: string
  organization_id: string
  patient_id: string
  admin_user_id: string
  reason: string
  started_at: Instant
  expires_at: Instant
  ended_at: Instant | null
  ended_by: string | null
  audit_log_id: string
  created_at: Generated<Instant>
}

export interface InvitationsTable {
  id: string
  organization_id: string
  email: string
  role: 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR'
  token_hash: Buffer
  status: Generated<'PENDING' | 'ACCEPTED' | 'DECLINED' | 'EXPIRED' | 'CANCELLED'>
  inviter_user_id: string
  expires_at: Instant
  accepted_at: Instant | null
  accepted_by: string | null
  email_matches: boolean | null
  resend_count: Generated<number>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface LicenseRemindersTable {
  organization_id: string
  provider_id: string
  state: string
  license_number: string
  expiry: string
  days_before: number
  sent_at: Instant
}

export interface MessageParticipantsTable {
  id: string
  organization_id: string
  thread_id: string
  user_id: string
  last_read_at: Instant | null
  is_archived: Generated<boolean>
  joined_at: Instant
}

export interface MessageThreadsTable {
  id: string
  organization_id: string
  patient_id: string
  subject: string
  created_at: Generated<Instant>
  updated_at: Instant
  deleted_at: Instant | null
  search_words: GeneratedAlways<string>
}

export interface MessagesTable {
  id: string
  organization_id: string
  thread_id: string
  sender_id: string
  body: string
  attachments: Generated<Json>
  created_at: Instant
  search_words: GeneratedAlways<string>
}

export interface MfaChallengesTable {
  id: string
  user_id: string
  token_hash: Buffer
  attempts: Generated<number>
  device: string | null
  expires_at: Instant
  used_at: Instant | null
  created_at: Generated<Instant>
}

export interface MfaEnrollmentsTable {
  user_id: string
  secret: string
  backup_code_hashes: Buffer[]
  expires_at: Instant
  created_at: Generated<Instant>
}

export interface NotificationsTable {
  id: string
  user_id: string
  organization_id: string | null
  type: 'appointment' | 'message' | 'billing' | 'system' | 'admin'
  title: string
  body: string
  action_url: string | null
  is_read: Generated<boolean>
  metadata: Generated<Json>
  created_at: Instant
  deleted_at: Instant | null
}

export interface OrganizationMembershipsTable {
  id: string
  organization_id: string
  user_id: string
  role: 'ADMIN' | 'PROVIDER' | 'STAFF' | 'CALL_CENTER_AGENT' | 'AUDITOR'
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface OrganizationPatientsTable {
  organization_id: string
  patient_id: string
  medical_record_number: string
  status: Generated<'ACTIVE' | 'DISCHARGED'>
  enrolled_at: Instant
  discharged_at: Instant | null
  first_name: string
  last_name: string
  dob: string
  search_text: string
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
  last_form: Generated<string>
  first_form: Generated<string>
  mrn_form: Generated<string>
}

export interface OrganizationsTable {
  id: string
  name: string
  tax_id: string | null
  timezone: Generated<string>
  settings: Generated<Json>
  stripe_customer_id: string | null
  subscription_status: Generated<'ACTIVE' | 'PAST_DUE' | 'CANCELED' | 'INCOMPLETE' | 'TRIALING'>
  suspended_at: Instant | null
  suspended_reason: string | null
  member_count: Generated<number>
  patient_count: Generated<number>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
  writes_until: Instant | null
  lapse_told: 'SOON' | 'ENDED' | null
}

export interface PasswordResetTokensTable {
  id: string
  user_id: string
  token_hash: Buffer
  expires_at: Instant
  used_at: Instant | null
  created_at: Generated<Instant>
}

export interface PatientNamesTable {
  organization_id: string
  form: string
}

export interface PatientProxyAssignmentsTable {
  id: string
  proxy_id: string
  patient_id: string
  relationship_type: 'PARENT' | 'GUARDIAN' | 'POA' | 'SPOUSE'
  can_view_clinical_notes: Generated<boolean>
  can_view_billing: Generated<boolean>
  can_schedule_appointments: Generated<boolean>
  access_granted_at: Instant
  expires_at: Instant | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface PatientsTable {
  id: string
  user_id: string | null
  first_name: string
  last_name: string
  dob: string
  legal_sex: Generated<'FEMALE' | 'MALE' | 'NON_BINARY' | 'UNKNOWN'>
  stripe_customer_id: string | null
  subscription_status: 'ACTIVE' | 'PAST_DUE' | 'CANCELED' | 'INCOMPLETE' | 'TRIALING' | null
  version: Generated<number>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
  transactional_consent: Generated<boolean>
}

export interface PortalInvitationsTable {
  id: string
  organization_id: string
  patient_id: string
  purpose: 'PATIENT' | 'PROXY'
  email: string
  token_hash: Buffer
  inviter_user_id: string
  expires_at: Instant
  attempts: Generated<number>
  accepted_at: Instant | null
  accepted_by: string | null
  cancelled_at: Instant | null
  relationship_type: 'PARENT' | 'GUARDIAN' | 'POA' | 'SPOUSE' | null
  can_view_clinical_notes: Generated<boolean>
  can_view_billing: Generated<boolean>
  can_schedule_appointments: Generated<boolean>
  access_expires_at: Instant | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface ProvidersTable {
  id: string
  user_id: string
  npi_number: string
  dea_number: string | null
  specialty: string | null
  state_licenses: Generated<Json>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
  version: Generated<number>
}

export interface ProxiesTable {
  id: string
  user_id: string
  relationship_to_patient: string | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface RequestHoursTable {
  hour: Instant
  requests: number
  refused: number
  errors: number
  total_ms: number
  max_ms: number
  latencies: string[]
  operations: Json
}

export interface RequestMinutesTable {
  minute: Instant
  server_id: string
  requests: number
  refused: number
  errors: number
  total_ms: number
  max_ms: number
  latencies: string[]
  operations: Json
}

export interface ServerInstancesTable {
  id: string
  kind: 'SERVER' | 'WORKER'
  host: string
  pid: number
  version: string
  runs_jobs: boolean
  stopping: Generated<boolean>
  started_at: Instant
  seen_at: Instant
  streams: Generated<number>
  requests_under_way: Generated<number>
  pool_waiting: Generated<number>
  event_loop_p99_ms: number | null
  memory_bytes: Generated<number>
}

export interface StaffTable {
  id: string
  user_id: string
  employee_id: string | null
  job_title: string | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface StreamTicketsTable {
  id: string
  token_hash: Buffer
  session_id: string
  expires_at: Instant
  used_at: Instant | null
  created_at: Generated<Instant>
}

export interface SupportMacrosTable {
  id: string
  title: string
  body: string | null
  is_internal_note: Generated<boolean>
  status: 'IN_PROGRESS' | 'WAITING_ON_USER' | 'RESOLVED' | 'CLOSED' | null
  urgency: 'LOW' | 'NORMAL' | 'HIGH' | 'URGENT' | null
  add_tags: Generated<string[]>
  remove_tags: Generated<string[]>
  created_by: string
  version: Generated<number>
  created_at: Instant
  updated_at: Generated<Instant>
  deleted_at: Instant | null
}

export interface SupportMessagesTable {
  id: string
  ticket_id: string
  sender_id: string | null
  body: string
  is_internal_note: Generated<boolean>
  attachment_document_id: string | null
  created_at: Instant
  search_words: GeneratedAlways<string>
}

export interface SupportPresenceTable {
  ticket_id: string
  agent_id: string
  state: 'VIEWING' | 'REPLYING'
  since: Instant
  seen_at: Instant
}

export interface SupportTicketCountersTable {
  year: number
  last_number: number
}

export interface SupportTicketEventsTable {
  id: string
  ticket_id: string
  type: 'CREATED' | 'MESSAGE' | 'REPLY' | 'NOTE' | 'CHANGED' | 'MERGED' | 'MERGED_IN' | 'UNMERGED' | 'UNMERGED_OUT' | 'OVERDUE'
  actor_id: string | null
  version: number | null
  changes: Generated<Json>
  message_id: string | null
  macro_id: string | null
  other_ticket_id: string | null
  clock: 'FIRST_RESPONSE' | 'RESOLUTION' | null
  created_at: Instant
}

export interface SupportTicketsTable {
  id: string
  user_id: string
  organization_id: string | null
  ticket_number: string
  category: 'TECHNICAL' | 'BILLING' | 'CLINICAL' | 'ACCOUNT' | 'OTHER'
  subject: string
  body: string
  status: Generated<'OPEN' | 'IN_PROGRESS' | 'WAITING_ON_USER' | 'RESOLVED' | 'CLOSED'>
  urgency: Generated<'LOW' | 'NORMAL' | 'HIGH' | 'URGENT'>
  assignee_id: string | null
  screenshot_document_id: string | null
  context: Generated<Json>
  first_response_due_at: Instant
  first_responded_at: Instant | null
  is_answered: GeneratedAlways<boolean>
  resolved_at: Instant | null
  version: Generated<number>
  created_at: Instant
  updated_at: Generated<Instant>
  tags: Generated<string[]>
  resolution_due_at: Instant
  clock_paused_at: Instant | null
  paused_ms: Generated<number>
  merged_into_id: string | null
  merged_at: Instant | null
  before_merge: Json | null
  next_due_at: GeneratedAlways<Instant>
  search_words: GeneratedAlways<string>
}

export interface TasksTable {
  id: string
  organization_id: string
  assignee_id: string | null
  created_by: string | null
  related_resource_type: 'PATIENT' | 'APPOINTMENT' | 'CALL' | null
  related_resource_id: string | null
  description: string
  due_at: Instant | null
  due_order: GeneratedAlways<Instant>
  status: Generated<'PENDING' | 'COMPLETED' | 'CANCELLED'>
  completed_at: Instant | null
  version: Generated<number>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface TelemetryEventsTable {
  id: string
  user_id: string
  event_name: string
  properties: Generated<Json>
  ip_address: string | null
  user_agent: string | null
  occurred_at: Instant
  created_at: Generated<Instant>
}

export interface TelemetryHoursTable {
  hour: Instant
  event_name: string
  shard: number
  events: number
}

export interface UserDevicesTable {
  id: string
  user_id: string
  fcm_token: string
  platform: 'ios' | 'android' | 'web'
  last_active_at: Instant
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface UserMfaBackupCodesTable {
  user_id: string
  code_hash: Buffer
  used_at: Instant | null
  created_at: Generated<Instant>
}

export interface UserSessionsTable {
  id: string
  user_id: string
  refresh_token_hash: Buffer | null
  refresh_family_hash: Buffer | null
  device: string | null
  user_agent: string | null
  ip_address: string | null
  idle_seconds: number
  last_active_at: Instant
  mfa_verified_at: Instant | null
  expires_at: Instant
  revoked_at: Instant | null
  revoked_reason: string | null
  impersonation_id: string | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  issuer: string | null
  sign_in_hash: Buffer | null
  mfa_by_issuer: Generated<boolean>
}

export interface UsersTable {
  id: string
  email: string
  password_hash: string | null
  display_name: string
  timezone: Generated<string>
  is_super_admin: Generated<boolean>
  is_support_agent: Generated<boolean>
  mfa_enabled: Generated<boolean>
  mfa_secret: string | null
  mfa_last_step: number | null
  transactional_consent: Generated<boolean>
  marketing_consent: Generated<boolean>
  requires_consent: Generated<boolean>
  last_login_at: Instant | null
  failed_login_attempts: Generated<number>
  locked_until: Instant | null
  suspended_at: Instant | null
  suspended_reason: string | null
  must_reset_password: Generated<boolean>
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  deleted_at: Instant | null
  preferences_updated_at: Instant | null
  sessions_ended_at: Instant | null
}

export interface WebhookCursorTable {
  singleton: Generated<boolean>
  xid: string
  id: number
}

export interface WebhookDeliveriesTable {
  id: string
  organization_id: string
  endpoint_id: string
  event_id: string
  event_type: string
  payload: Json
  status: Generated<'PENDING' | 'DELIVERED' | 'FAILED'>
  attempts: Generated<number>
  last_attempt_at: Instant | null
  response_code: number | null
  error: 'HTTP_STATUS' | 'TIMEOUT' | 'NAME_NOT_RESOLVED' | 'ADDRESS_NOT_ALLOWED' | 'CONNECTION_FAILED' | 'TLS_FAILED' | 'SECRET_UNREADABLE' | null
  latency_ms: number | null
  next_attempt_at: Instant | null
  replay_of: string | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
}

export interface WebhookEndpointsTable {
  id: string
  organization_id: string
  url: string
  description: string | null
  event_types: Generated<string[]>
  secret: string
  old_secret: string | null
  old_secret_until: Instant | null
  disabled_at: Instant | null
  disabled_reason: 'ADMIN' | 'FAILING' | 'GONE' | null
  failing_since: Instant | null
  created_at: Generated<Instant>
  updated_at: Generated<Instant>
  lost_count: Generated<number>
  lost_at: Instant | null
  lost_told_at: Instant | null
}

export interface WebhookReceiptsTable {
  provider: string
  external_id: string
  event_type: string
  outcome: 'APPLIED' | 'IGNORED' | 'UNKNOWN_CUSTOMER'
  received_at: Instant
}

export interface XidBaseTable {
  singleton: Generated<boolean>
  base: Generated<number>
}

/** Every table, as Kysely knows it. */
export interface Tables {
  api_keys: ApiKeysTable
  appointment_reminders: AppointmentRemindersTable
  appointment_reschedules: AppointmentReschedulesTable
  appointments: AppointmentsTable
  audit_logs: AuditLogsTable
  audit_seals: AuditSealsTable
  calls: CallsTable
  care_team_assignments: CareTeamAssignmentsTable
  consent_documents: ConsentDocumentsTable
  consents: ConsentsTable
  contact_methods: ContactMethodsTable
  data_exports: DataExportsTable
  documents: DocumentsTable
  enrollment_attempts: EnrollmentAttemptsTable
  events: EventsTable
  events_purged: EventsPurgedTable
  idempotency_keys: IdempotencyKeysTable
  impersonations: ImpersonationsTable
  invitations: InvitationsTable
  license_reminders: LicenseRemindersTable
  message_participants: MessageParticipantsTable
  message_threads: MessageThreadsTable
  messages: MessagesTable
  mfa_challenges: MfaChallengesTable
  mfa_enrollments: MfaEnrollmentsTable
  notifications: NotificationsTable
  organization_memberships: OrganizationMembershipsTable
  organization_patients: OrganizationPatientsTable
  organizations: OrganizationsTable
  password_reset_tokens: PasswordResetTokensTable
  patient_names: PatientNamesTable
  patient_proxy_assignments: PatientProxyAssignmentsTable
  patients: PatientsTable
  portal_invitations: PortalInvitationsTable
  providers: ProvidersTable
  proxies: ProxiesTable
  request_hours: RequestHoursTable
  request_minutes: RequestMinutesTable
  server_instances: ServerInstancesTable
  staff: StaffTable
  stream_tickets: StreamTicketsTable
  support_macros: SupportMacrosTable
  support_messages: SupportMessagesTable
  support_presence: SupportPresenceTable
  support_ticket_counters: SupportTicketCountersTable
  support_ticket_events: SupportTicketEventsTable
  support_tickets: SupportTicketsTable
  tasks: TasksTable
  telemetry_events: TelemetryEventsTable
  telemetry_hours: TelemetryHoursTable
  user_devices: UserDevicesTable
  user_mfa_backup_codes: UserMfaBackupCodesTable
  user_sessions: UserSessionsTable
  users: UsersTable
  webhook_cursor: WebhookCursorTable
  webhook_deliveries: WebhookDeliveriesTable
  webhook_endpoints: WebhookEndpointsTable
  webhook_receipts: WebhookReceiptsTable
  xid_base: XidBaseTable
}
