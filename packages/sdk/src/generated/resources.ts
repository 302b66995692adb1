// Generated from openapi.yaml by `npm run gen`. Never edit.

import type { Core, EventStream, Input, Item, OperationMeta, Output, PagePromise, RequestOptions, StreamOptions } from '../core.ts'
import type { operations } from './types.ts'

const meta = {
  getHealth: {"id":"getHealth","method":"GET","path":"/health","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":true},
  getDeepHealth: {"id":"getDeepHealth","method":"GET","path":"/health/deep","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":true},
  getJwks: {"id":"getJwks","method":"GET","path":"/.well-known/jwks.json","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":true},
  register: {"id":"register","method":"POST","path":"/api/auth/register","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":true},
  login: {"id":"login","method":"POST","path":"/api/auth/login","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":true},
  completeMfaChallenge: {"id":"completeMfaChallenge","method":"POST","path":"/api/auth/mfa/challenge","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":true},
  stepUp: {"id":"stepUp","method":"POST","path":"/api/auth/step-up","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  refreshSession: {"id":"refreshSession","method":"POST","path":"/api/auth/refresh","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":true},
  logout: {"id":"logout","method":"POST","path":"/api/auth/logout","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getCurrentUser: {"id":"getCurrentUser","method":"GET","path":"/api/users/me","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateCurrentUser: {"id":"updateCurrentUser","method":"PATCH","path":"/api/users/me","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  setupMfa: {"id":"setupMfa","method":"POST","path":"/api/users/me/mfa/setup","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  verifyMfa: {"id":"verifyMfa","method":"POST","path":"/api/users/me/mfa/verify","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  recordConsent: {"id":"recordConsent","method":"POST","path":"/api/consent","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listRequiredConsents: {"id":"listRequiredConsents","method":"GET","path":"/api/consent/required","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getConsentDocument: {"id":"getConsentDocument","method":"GET","path":"/api/consent/documents/{document_id}/content","pathParams":["document_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listOrganizations: {"id":"listOrganizations","method":"GET","path":"/api/organizations","pathParams":[],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createOrganization: {"id":"createOrganization","method":"POST","path":"/api/organizations","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getOrganization: {"id":"getOrganization","method":"GET","path":"/api/organizations/{org_id}","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listPatients: {"id":"listPatients","method":"GET","path":"/api/organizations/{org_id}/patients","pathParams":["org_id"],"queryParams":["search","status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createPatient: {"id":"createPatient","method":"POST","path":"/api/organizations/{org_id}/patients","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getPatient: {"id":"getPatient","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updatePatient: {"id":"updatePatient","method":"PATCH","path":"/api/organizations/{org_id}/patients/{patient_id}","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  listAppointments: {"id":"listAppointments","method":"GET","path":"/api/organizations/{org_id}/appointments","pathParams":["org_id"],"queryParams":["date","start_date","end_date","status","patient_id","provider_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createAppointment: {"id":"createAppointment","method":"POST","path":"/api/organizations/{org_id}/appointments","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  listThreads: {"id":"listThreads","method":"GET","path":"/api/organizations/{org_id}/messages","pathParams":["org_id"],"queryParams":["filter","search","patient_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createThread: {"id":"createThread","method":"POST","path":"/api/organizations/{org_id}/messages","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getThread: {"id":"getThread","method":"GET","path":"/api/organizations/{org_id}/messages/{thread_id}","pathParams":["org_id","thread_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  replyToThread: {"id":"replyToThread","method":"POST","path":"/api/organizations/{org_id}/messages/{thread_id}/replies","pathParams":["org_id","thread_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  listTickets: {"id":"listTickets","method":"GET","path":"/api/support/tickets","pathParams":[],"queryParams":["status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createTicket: {"id":"createTicket","method":"POST","path":"/api/support/tickets","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getTicket: {"id":"getTicket","method":"GET","path":"/api/support/tickets/{ticket_id}","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  addTicketMessage: {"id":"addTicketMessage","method":"POST","path":"/api/support/tickets/{ticket_id}/messages","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  listAllTickets: {"id":"listAllTickets","method":"GET","path":"/api/admin/support/tickets","pathParams":[],"queryParams":["status","urgency","category","assignee","organization_id","search","view","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getTicketForAgent: {"id":"getTicketForAgent","method":"GET","path":"/api/admin/support/tickets/{ticket_id}","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateTicket: {"id":"updateTicket","method":"PATCH","path":"/api/admin/support/tickets/{ticket_id}","pathParams":["ticket_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  replyToTicket: {"id":"replyToTicket","method":"POST","path":"/api/admin/support/tickets/{ticket_id}/messages","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  claimTicket: {"id":"claimTicket","method":"POST","path":"/api/admin/support/tickets/{ticket_id}/claim","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getSupportStats: {"id":"getSupportStats","method":"GET","path":"/api/admin/support/stats","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  streamEvents: {"id":"streamEvents","method":"GET","path":"/api/events","pathParams":[],"queryParams":["types","last_event_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createStreamTicket: {"id":"createStreamTicket","method":"POST","path":"/api/events/ticket","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  streamOrganizationEvents: {"id":"streamOrganizationEvents","method":"GET","path":"/api/organizations/{org_id}/events","pathParams":["org_id"],"queryParams":["types","last_event_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  impersonatePatient: {"id":"impersonatePatient","method":"POST","path":"/api/admin/impersonate/{patient_id}","pathParams":["patient_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listImpersonations: {"id":"listImpersonations","method":"GET","path":"/api/admin/impersonations","pathParams":[],"queryParams":["organization_id","status","patient_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  endImpersonation: {"id":"endImpersonation","method":"DELETE","path":"/api/admin/impersonations/{impersonation_id}","pathParams":["impersonation_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listAuditLogs: {"id":"listAuditLogs","method":"GET","path":"/api/admin/audit-logs","pathParams":[],"queryParams":["organization_id","actor","resource_type","resource_id","action_type","outcome","start_date","end_date","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  recordTelemetry: {"id":"recordTelemetry","method":"POST","path":"/api/telemetry","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
} as const satisfies Record<string, OperationMeta>

/** Every operation of the contract as a method. */
export const createResources = (core: Core) => ({
  health: {
    /**
     * Is the process alive.
     *
     * Liveness. Touches nothing but the process itself.
     *
     * `GET /health`
     */
    get: (input?: Input<operations['getHealth']>, options?: RequestOptions): Promise<Output<operations['getHealth']>> =>
      core.call(meta.getHealth, input, options),
    /**
     * Is it ready to serve.
     *
     * Readiness. Asks the database and every configured dependency. When one is away the answer is 503 and its `detail` names it.
     *
     * `GET /health/deep`
     */
    deep: (input?: Input<operations['getDeepHealth']>, options?: RequestOptions): Promise<Output<operations['getDeepHealth']>> =>
      core.call(meta.getDeepHealth, input, options),
  },
  auth: {
    /**
     * The keys that verify access tokens.
     *
     * A JSON Web Key Set (RFC 7517). Keep it for as long as `Cache-Control` says, and look again for an unknown `kid`.
     *
     * `GET /.well-known/jwks.json`
     */
    jwks: (input?: Input<operations['getJwks']>, options?: RequestOptions): Promise<Output<operations['getJwks']>> =>
      core.call(meta.getJwks, input, options),
    /**
     * A new account, signed in.
     *
     * The password has at least 12 characters and is not a common one (422 otherwise). An e-mail address belongs to one account, whatever its case.
     *
     * `POST /api/auth/register`
     */
    register: (input: Input<operations['register']>, options?: RequestOptions): Promise<Output<operations['register']>> =>
      core.call(meta.register, input, options),
    /**
     * Sign in with a password.
     *
     * Answers tokens, or an MFA challenge for an account with multi-factor authentication; `result` says which. An unknown address, a wrong password and a wrong password on a locked account are the same 401, in the same time. Only the right password learns that an account is locked (403 with `retry_after`) or suspended. Five failures lock the account for 15 minutes, further ones for longer.
     *
     * `POST /api/auth/login`
     */
    login: (input: Input<operations['login']>, options?: RequestOptions): Promise<Output<operations['login']>> =>
      core.call(meta.login, input, options),
    /**
     * Finish a challenged sign-in.
     *
     * Takes the challenge of login with a TOTP code or one backup code. A code works once, and so does a challenge. A wrong code is 401 and counts towards the lockout; a challenge takes five tries within five minutes.
     *
     * `POST /api/auth/mfa/challenge`
     */
    completeMfaChallenge: (input: Input<operations['completeMfaChallenge']>, options?: RequestOptions): Promise<Output<operations['completeMfaChallenge']>> =>
      core.call(meta.completeMfaChallenge, input, options),
    /**
     * Confirm with a fresh MFA code.
     *
     * Makes the session strong for 10 minutes, as a code given at sign-in does. Operations that answer STEP_UP_REQUIRED need it. 409 when multi-factor authentication is not set up.
     *
     * `POST /api/auth/step-up`
     */
    stepUp: (input: Input<operations['stepUp']>, options?: RequestOptions): Promise<Output<operations['stepUp']>> =>
      core.call(meta.stepUp, input, options),
    /**
     * New tokens for a refresh token.
     *
     * Each refresh token works once. Using an older one again revokes the whole session, because somebody else may hold it.
     *
     * `POST /api/auth/refresh`
     */
    refresh: (input: Input<operations['refreshSession']>, options?: RequestOptions): Promise<Output<operations['refreshSession']>> =>
      core.call(meta.refreshSession, input, options),
    /**
     * Sign out.
     *
     * Revokes the current session at once, its access token included.
     *
     * `POST /api/auth/logout`
     */
    logout: (input?: Input<operations['logout']>, options?: RequestOptions): Promise<Output<operations['logout']>> =>
      core.call(meta.logout, input, options),
  },
  users: {
    /**
     * Who am I, and what may I do.
     *
     * Profile, platform roles, memberships, and the patients reachable as oneself or as a proxy. `impersonation` is set while an administrator looks through this account. Open before the consents are signed.
     *
     * `GET /api/users/me`
     */
    me: (input?: Input<operations['getCurrentUser']>, options?: RequestOptions): Promise<Output<operations['getCurrentUser']>> =>
      core.call(meta.getCurrentUser, input, options),
    /**
     * Change one's name or time zone.
     *
     * What is left out stays.
     *
     * `PATCH /api/users/me`
     */
    updateMe: (input: Input<operations['updateCurrentUser']>, options?: RequestOptions): Promise<Output<operations['updateCurrentUser']>> =>
      core.call(meta.updateCurrentUser, input, options),
  },
  mfa: {
    /**
     * Begin setting up multi-factor authentication.
     *
     * Answers the secret and 8 backup codes, shown this once. Nothing changes until verify confirms a code within 15 minutes; beginning again replaces what is pending. 409 when it is already on.
     *
     * `POST /api/users/me/mfa/setup`
     */
    setup: (input?: Input<operations['setupMfa']>, options?: RequestOptions): Promise<Output<operations['setupMfa']>> =>
      core.call(meta.setupMfa, input, options),
    /**
     * Turn multi-factor authentication on.
     *
     * Confirms the pending setup with a code of the authenticator. The session counts as freshly confirmed. 409 when it is already on or nothing is pending.
     *
     * `POST /api/users/me/mfa/verify`
     */
    verify: (input: Input<operations['verifyMfa']>, options?: RequestOptions): Promise<Output<operations['verifyMfa']>> =>
      core.call(meta.verifyMfa, input, options),
  },
  consent: {
    /**
     * Sign a document.
     *
     * The server notes time and address. Signing again answers the first signature. A version that is not in force cannot be signed (409).
     *
     * `POST /api/consent`
     */
    record: (input: Input<operations['recordConsent']>, options?: RequestOptions): Promise<Output<operations['recordConsent']>> =>
      core.call(meta.recordConsent, input, options),
    /**
     * What is still to sign.
     *
     * The documents in force that the person has not signed, by type. Empty when the consent gate is open. One page.
     *
     * `GET /api/consent/required`
     */
    required: (input?: Input<operations['listRequiredConsents']>, options?: RequestOptions): Promise<Output<operations['listRequiredConsents']>> =>
      core.call(meta.listRequiredConsents, input, options),
    /**
     * The text of a document.
     *
     * Any version, also one that is no longer in force.
     *
     * `GET /api/consent/documents/{document_id}/content`
     */
    document: (input: Input<operations['getConsentDocument']>, options?: RequestOptions): Promise<Output<operations['getConsentDocument']>> =>
      core.call(meta.getConsentDocument, input, options),
  },
  organizations: {
    /**
     * The organizations one works in.
     *
     * Ordered by name, then id. Those where the caller is a member, with the role there.
     *
     * `GET /api/organizations`
     */
    list: (input?: Input<operations['listOrganizations']>, options?: RequestOptions): PagePromise<Item<operations['listOrganizations']>> =>
      core.page(meta.listOrganizations, input, options),
    /**
     * A new organization.
     *
     * The caller becomes its ADMIN.
     *
     * `POST /api/organizations`
     */
    create: (input: Input<operations['createOrganization']>, options?: RequestOptions): Promise<Output<operations['createOrganization']>> =>
      core.call(meta.createOrganization, input, options),
    /**
     * One organization.
     *
     * For its members and for super-admins.
     *
     * `GET /api/organizations/{org_id}`
     */
    get: (input: Input<operations['getOrganization']>, options?: RequestOptions): Promise<Output<operations['getOrganization']>> =>
      core.call(meta.getOrganization, input, options),
  },
  patients: {
    /**
     * The organization's patients, by name.
     *
     * Ordered by last name, first name, id. With `search`, ranked by likeness of name or MRN. Lists ACTIVE patients unless `status` says otherwise.
     *
     * `GET /api/organizations/{org_id}/patients`
     */
    list: (input: Input<operations['listPatients']>, options?: RequestOptions): PagePromise<Item<operations['listPatients']>> =>
      core.page(meta.listPatients, input, options),
    /**
     * A new patient, enrolled here.
     *
     * The medical record number is unique within the organization; without one the server makes one.
     *
     * `POST /api/organizations/{org_id}/patients`
     */
    create: (input: Input<operations['createPatient']>, options?: RequestOptions): Promise<Output<operations['createPatient']>> =>
      core.call(meta.createPatient, input, options),
    /**
     * One patient, with contact methods and care team.
     *
     * Also for the patient, and for a proxy with live access.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}`
     */
    get: (input: Input<operations['getPatient']>, options?: RequestOptions): Promise<Output<operations['getPatient']>> =>
      core.call(meta.getPatient, input, options),
    /**
     * Change demographics or the MRN.
     *
     * Patients may change their own name and nothing else of the record. The audit row records old and new values. `If-Match` is optional here; when sent, a stale version answers 412.
     *
     * `PATCH /api/organizations/{org_id}/patients/{patient_id}`
     */
    update: (input: Input<operations['updatePatient']>, options?: RequestOptions): Promise<Output<operations['updatePatient']>> =>
      core.call(meta.updatePatient, input, options),
  },
  appointments: {
    /**
     * The organization's appointments, by time.
     *
     * Ordered by start, then id. Dates are days in the organization's time zone; `date` is short for a `start_date` and `end_date` of the same day and does not go with them.
     *
     * `GET /api/organizations/{org_id}/appointments`
     */
    list: (input: Input<operations['listAppointments']>, options?: RequestOptions): PagePromise<Item<operations['listAppointments']>> =>
      core.page(meta.listAppointments, input, options),
    /**
     * Book a visit.
     *
     * Starts in the future and ends before the provider's next one starts: of two bookings that race for a slot one answers 201 and the other 409. Patients book for themselves, proxies with `can_schedule_appointments` for their patients. Emits `appointment.created` to patient and provider.
     *
     * `POST /api/organizations/{org_id}/appointments`
     */
    create: (input: Input<operations['createAppointment']>, options?: RequestOptions): Promise<Output<operations['createAppointment']>> =>
      core.call(meta.createAppointment, input, options),
  },
  messages: {
    /**
     * The caller's threads, the latest first.
     *
     * Ordered by `updated_at` descending, then id descending. Only threads that the caller takes part in; a proxy only sees those of patients whose clinical notes it may view. Archived threads show with `filter=archived` only.
     *
     * `GET /api/organizations/{org_id}/messages`
     */
    list: (input: Input<operations['listThreads']>, options?: RequestOptions): PagePromise<Item<operations['listThreads']>> =>
      core.page(meta.listThreads, input, options),
    /**
     * Start a thread about a patient.
     *
     * The caller takes part by itself. Participants are the patient, live proxies with `can_view_clinical_notes`, and the organization's ADMIN, PROVIDER and STAFF members; anybody else is refused with 403. The others get a notification and `message.new`.
     *
     * `POST /api/organizations/{org_id}/messages`
     */
    create: (input: Input<operations['createThread']>, options?: RequestOptions): Promise<Output<operations['createThread']>> =>
      core.call(meta.createThread, input, options),
    /**
     * One thread with its messages.
     *
     * For its participants, as long as their role or proxy access holds; to others the thread does not exist. Holds the latest 500 messages, oldest first. Reading marks the thread read for this reader only.
     *
     * `GET /api/organizations/{org_id}/messages/{thread_id}`
     */
    get: (input: Input<operations['getThread']>, options?: RequestOptions): Promise<Output<operations['getThread']>> =>
      core.call(meta.getThread, input, options),
    /**
     * Reply in a thread.
     *
     * For its participants. Moves the thread to the top of everybody's list; the others get a notification and `message.new`, and an archived thread comes back for them.
     *
     * `POST /api/organizations/{org_id}/messages/{thread_id}/replies`
     */
    reply: (input: Input<operations['replyToThread']>, options?: RequestOptions): Promise<Output<operations['replyToThread']>> =>
      core.call(meta.replyToThread, input, options),
  },
  tickets: {
    /**
     * The caller's own tickets, the latest first.
     *
     * Ordered by `created_at` descending, then id descending.
     *
     * `GET /api/support/tickets`
     */
    list: (input?: Input<operations['listTickets']>, options?: RequestOptions): PagePromise<Item<operations['listTickets']>> =>
      core.page(meta.listTickets, input, options),
    /**
     * Ask for help.
     *
     * The number is gapless within a year. A first response is due by urgency: URGENT 1 hour, HIGH 4, NORMAL 24, LOW 72. `organization_id`, when given, is one that the caller works in or is a patient or proxy of. Emits `ticket.created` to the desk.
     *
     * `POST /api/support/tickets`
     */
    create: (input: Input<operations['createTicket']>, options?: RequestOptions): Promise<Output<operations['createTicket']>> =>
      core.call(meta.createTicket, input, options),
    /**
     * One of the caller's tickets, with the conversation.
     *
     * For its owner; to others it does not exist. Holds the latest 500 messages, oldest first.
     *
     * `GET /api/support/tickets/{ticket_id}`
     */
    get: (input: Input<operations['getTicket']>, options?: RequestOptions): Promise<Output<operations['getTicket']>> =>
      core.call(meta.getTicket, input, options),
    /**
     * Add to one's own ticket.
     *
     * For its owner. A ticket that is WAITING_ON_USER or RESOLVED goes back to IN_PROGRESS; a CLOSED one takes nothing more. Emits `ticket.message` to the desk.
     *
     * `POST /api/support/tickets/{ticket_id}/messages`
     */
    addMessage: (input: Input<operations['addTicketMessage']>, options?: RequestOptions): Promise<Output<operations['addTicketMessage']>> =>
      core.call(meta.addTicketMessage, input, options),
  },
  supportDesk: {
    /**
     * The queue, by when a first response is due.
     *
     * The unanswered first, then by `first_response_due_at`, then id. Without `status`, the tickets that are neither RESOLVED nor CLOSED. `view` narrows: `mine` to the caller's, `unassigned` to nobody's, `breaching` to those without a first response whose due time has passed.
     *
     * `GET /api/admin/support/tickets`
     */
    list: (input?: Input<operations['listAllTickets']>, options?: RequestOptions): PagePromise<Item<operations['listAllTickets']>> =>
      core.page(meta.listAllTickets, input, options),
    /**
     * One ticket, with internal notes and the requester.
     *
     * Holds the latest 500 messages and notes, oldest first.
     *
     * `GET /api/admin/support/tickets/{ticket_id}`
     */
    get: (input: Input<operations['getTicketForAgent']>, options?: RequestOptions): Promise<Output<operations['getTicketForAgent']>> =>
      core.call(meta.getTicketForAgent, input, options),
    /**
     * Change status, urgency, category or assignee.
     *
     * Needs `If-Match` with the version last seen; a stale one answers 412 with `current_version` and overwrites nothing. OPEN goes to IN_PROGRESS; IN_PROGRESS to WAITING_ON_USER or RESOLVED; WAITING_ON_USER to IN_PROGRESS; RESOLVED to CLOSED. A CLOSED ticket does not change any more. A new urgency counts its due time from the ticket's creation, as long as nobody has answered. Emits `ticket.updated`, and `ticket.resolved` to the owner.
     *
     * `PATCH /api/admin/support/tickets/{ticket_id}`
     */
    update: (input: Input<operations['updateTicket']>, options?: RequestOptions): Promise<Output<operations['updateTicket']>> =>
      core.call(meta.updateTicket, input, options),
    /**
     * Reply to the owner, or leave an internal note.
     *
     * `is_internal_note` must be said each time. A note reaches the desk only and may be left on a CLOSED ticket too. The first reply stamps `first_responded_at` and takes an OPEN ticket to IN_PROGRESS; `status`, when given, is judged from there. A reply emits `ticket.reply` to the owner.
     *
     * `POST /api/admin/support/tickets/{ticket_id}/messages`
     */
    reply: (input: Input<operations['replyToTicket']>, options?: RequestOptions): Promise<Output<operations['replyToTicket']>> =>
      core.call(meta.replyToTicket, input, options),
    /**
     * Take a ticket that nobody has.
     *
     * Of two agents who claim at once one gets the ticket, the other 409 with the `assignee`. Claiming one's own ticket again changes nothing and answers it. Emits `ticket.updated`.
     *
     * `POST /api/admin/support/tickets/{ticket_id}/claim`
     */
    claim: (input: Input<operations['claimTicket']>, options?: RequestOptions): Promise<Output<operations['claimTicket']>> =>
      core.call(meta.claimTicket, input, options),
    /**
     * How the queue stands.
     *
     * Counts the tickets that are neither RESOLVED nor CLOSED. The first-response percentiles are of the tickets first answered in the last 30 days.
     *
     * `GET /api/admin/support/stats`
     */
    stats: (input?: Input<operations['getSupportStats']>, options?: RequestOptions): Promise<Output<operations['getSupportStats']>> =>
      core.call(meta.getSupportStats, input, options),
  },
  events: {
    /**
     * The caller's own live events.
     *
     * Server-sent events for the person; support agents also get the desk's `ticket.*`. Resume with `Last-Event-ID` (or `last_event_id`): every event since, in order, each once, for 7 days; an older id answers `stream.reset`. Losing access sends `stream.closed` with the reason and ends the stream.
     *
     * `GET /api/events`
     */
    stream: (input?: Input<operations['streamEvents']>, options?: StreamOptions): EventStream =>
      core.stream(meta.streamEvents, input, options),
    /**
     * A ticket for one stream.
     *
     * For EventSource clients, which cannot send a header: put it into the query as `ticket`. Good once, for 60 seconds, for either stream, as the person and session that asked.
     *
     * `POST /api/events/ticket`
     */
    createTicket: (input?: Input<operations['createStreamTicket']>, options?: RequestOptions): Promise<Output<operations['createStreamTicket']>> =>
      core.call(meta.createStreamTicket, input, options),
    /**
     * An organization's live events.
     *
     * Server-sent events about the organization, and the caller's own. Resumes and closes as `streamEvents` does.
     *
     * `GET /api/organizations/{org_id}/events`
     */
    streamOrganization: (input: Input<operations['streamOrganizationEvents']>, options?: StreamOptions): EventStream =>
      core.stream(meta.streamOrganizationEvents, input, options),
  },
  admin: {
    /**
     * See what a patient sees.
     *
     * Break glass: writes the audit row first, then makes a token that acts as the patient for at most an hour, without refresh. The patient is ACTIVE here (400 PATIENT_DISCHARGED otherwise) and has a sign-in (409 otherwise).
     *
     * `POST /api/admin/impersonate/{patient_id}`
     */
    impersonate: (input: Input<operations['impersonatePatient']>, options?: RequestOptions): Promise<Output<operations['impersonatePatient']>> =>
      core.call(meta.impersonatePatient, input, options),
    /**
     * Impersonations, now and before.
     *
     * Newest first, then by id. Names are masked for all but the organization's ADMIN.
     *
     * `GET /api/admin/impersonations`
     */
    listImpersonations: (input?: Input<operations['listImpersonations']>, options?: RequestOptions): PagePromise<Item<operations['listImpersonations']>> =>
      core.page(meta.listImpersonations, input, options),
    /**
     * End an impersonation.
     *
     * Its token dies at once. Ending one that is over changes nothing and answers the same.
     *
     * `DELETE /api/admin/impersonations/{impersonation_id}`
     */
    endImpersonation: (input: Input<operations['endImpersonation']>, options?: RequestOptions): Promise<Output<operations['endImpersonation']>> =>
      core.call(meta.endImpersonation, input, options),
    /**
     * The organization's audit trail.
     *
     * Newest first, then by id. Every call that touched health information, refused ones too, and every change. Names and changed values are masked for all but the organization's ADMIN.
     *
     * `GET /api/admin/audit-logs`
     */
    listAuditLogs: (input?: Input<operations['listAuditLogs']>, options?: RequestOptions): PagePromise<Item<operations['listAuditLogs']>> =>
      core.page(meta.listAuditLogs, input, options),
  },
  telemetry: {
    /**
     * Record usage events.
     *
     * One event, or up to 100 in one call; all or none are kept. The server notes the time, the address and the program. Properties carry no health information.
     *
     * `POST /api/telemetry`
     */
    record: (input: Input<operations['recordTelemetry']>, options?: RequestOptions): Promise<Output<operations['recordTelemetry']>> =>
      core.call(meta.recordTelemetry, input, options),
  },
})

export type Resources = ReturnType<typeof createResources>
