// Generated from openapi.yaml by `npm run gen`. Never edit.

import type { Handler } from '../http/handler.ts'

export interface HealthHandlers {
  /** Is the process alive. */
  getHealth: Handler<'getHealth'>
  /** Is it ready to serve. */
  getDeepHealth: Handler<'getDeepHealth'>
}

export interface AuthHandlers {
  /** The keys that verify access tokens. */
  getJwks: Handler<'getJwks'>
  /** A new account, signed in. */
  register: Handler<'register'>
  /** Sign in with a password. */
  login: Handler<'login'>
  /** Finish a challenged sign-in. */
  completeMfaChallenge: Handler<'completeMfaChallenge'>
  /** Confirm with a fresh MFA code. */
  stepUp: Handler<'stepUp'>
  /** New tokens for a refresh token. */
  refreshSession: Handler<'refreshSession'>
  /** Sign out. */
  logout: Handler<'logout'>
}

export interface UsersHandlers {
  /** Who am I, and what may I do. */
  getCurrentUser: Handler<'getCurrentUser'>
  /** Change one's name or time zone. */
  updateCurrentUser: Handler<'updateCurrentUser'>
}

export interface MfaHandlers {
  /** Begin setting up multi-factor authentication. */
  setupMfa: Handler<'setupMfa'>
  /** Turn multi-factor authentication on. */
  verifyMfa: Handler<'verifyMfa'>
}

export interface ConsentHandlers {
  /** Sign a document. */
  recordConsent: Handler<'recordConsent'>
  /** What is still to sign. */
  listRequiredConsents: Handler<'listRequiredConsents'>
  /** The text of a document. */
  getConsentDocument: Handler<'getConsentDocument'>
}

export interface OrganizationsHandlers {
  /** The organizations one works in. */
  listOrganizations: Handler<'listOrganizations'>
  /** A new organization. */
  createOrganization: Handler<'createOrganization'>
  /** One organization. */
  getOrganization: Handler<'getOrganization'>
}

export interface PatientsHandlers {
  /** The organization's patients, by name. */
  listPatients: Handler<'listPatients'>
  /** A new patient, enrolled here. */
  createPatient: Handler<'createPatient'>
  /** One patient, with contact methods and care team. */
  getPatient: Handler<'getPatient'>
  /** Change demographics or the MRN. */
  updatePatient: Handler<'updatePatient'>
}

export interface AppointmentsHandlers {
  /** The organization's appointments, by time. */
  listAppointments: Handler<'listAppointments'>
  /** Book a visit. */
  createAppointment: Handler<'createAppointment'>
}

export interface MessagingHandlers {
  /** The caller's threads, the latest first. */
  listThreads: Handler<'listThreads'>
  /** Start a thread about a patient. */
  createThread: Handler<'createThread'>
  /** One thread with its messages. */
  getThread: Handler<'getThread'>
  /** Reply in a thread. */
  replyToThread: Handler<'replyToThread'>
}

export interface SupportHandlers {
  /** The caller's own tickets, the latest first. */
  listTickets: Handler<'listTickets'>
  /** Ask for help. */
  createTicket: Handler<'createTicket'>
  /** One of the caller's tickets, with the conversation. */
  getTicket: Handler<'getTicket'>
  /** Add to one's own ticket. */
  addTicketMessage: Handler<'addTicketMessage'>
}

export interface SupportDeskHandlers {
  /** The queue, by when a first response is due. */
  listAllTickets: Handler<'listAllTickets'>
  /** One ticket, with internal notes and the requester. */
  getTicketForAgent: Handler<'getTicketForAgent'>
  /** Change status, urgency, category or assignee. */
  updateTicket: Handler<'updateTicket'>
  /** Reply to the owner, or leave an internal note. */
  replyToTicket: Handler<'replyToTicket'>
  /** Take a ticket that nobody has. */
  claimTicket: Handler<'claimTicket'>
  /** How the queue stands. */
  getSupportStats: Handler<'getSupportStats'>
}

export interface EventsHandlers {
  /** The caller's own live events. */
  streamEvents: Handler<'streamEvents'>
  /** A ticket for one stream. */
  createStreamTicket: Handler<'createStreamTicket'>
  /** An organization's live events. */
  streamOrganizationEvents: Handler<'streamOrganizationEvents'>
}

export interface AdminHandlers {
  /** See what a patient sees. */
  impersonatePatient: Handler<'impersonatePatient'>
  /** Impersonations, now and before. */
  listImpersonations: Handler<'listImpersonations'>
  /** End an impersonation. */
  endImpersonation: Handler<'endImpersonation'>
  /** The organization's audit trail. */
  listAuditLogs: Handler<'listAuditLogs'>
}

export interface TelemetryHandlers {
  /** Record usage events. */
  recordTelemetry: Handler<'recordTelemetry'>
}

/** One handler per operation: a missing, extra or mistyped one fails to compile. */
export type Handlers = HealthHandlers &
  AuthHandlers &
  UsersHandlers &
  MfaHandlers &
  ConsentHandlers &
  OrganizationsHandlers &
  PatientsHandlers &
  AppointmentsHandlers &
  MessagingHandlers &
  SupportHandlers &
  SupportDeskHandlers &
  EventsHandlers &
  AdminHandlers &
  TelemetryHandlers
