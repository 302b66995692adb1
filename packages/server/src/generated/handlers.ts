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
  /** Ask for a password reset. */
  requestPasswordReset: Handler<'requestPasswordReset'>
  /** Set a new password with the mailed token. */
  resetPassword: Handler<'resetPassword'>
  /** Change the password. */
  changePassword: Handler<'changePassword'>
}

export interface UsersHandlers {
  /** Who am I, and what may I do. */
  getCurrentUser: Handler<'getCurrentUser'>
  /** Change one's name or time zone. */
  updateCurrentUser: Handler<'updateCurrentUser'>
  /** Close one's account. */
  deleteCurrentUser: Handler<'deleteCurrentUser'>
  /** One's open sessions. */
  listSessions: Handler<'listSessions'>
  /** End a session. */
  revokeSession: Handler<'revokeSession'>
  /** Ask for one's own data. */
  requestDataExport: Handler<'requestDataExport'>
  /** How far one's export is, and where to get it. */
  getDataExport: Handler<'getDataExport'>
  /** What one may be contacted about. */
  getCommunicationPreferences: Handler<'getCommunicationPreferences'>
  /** Change what one may be contacted about. */
  updateCommunicationPreferences: Handler<'updateCommunicationPreferences'>
  /** Register a device for push messages. */
  registerDeviceToken: Handler<'registerDeviceToken'>
  /** Take a device off push messages. */
  removeDeviceToken: Handler<'removeDeviceToken'>
}

export interface MfaHandlers {
  /** Turn multi-factor authentication off. */
  disableMfa: Handler<'disableMfa'>
  /** New backup codes. */
  regenerateMfaBackupCodes: Handler<'regenerateMfaBackupCodes'>
  /** Begin setting up multi-factor authentication. */
  setupMfa: Handler<'setupMfa'>
  /** Turn multi-factor authentication on. */
  verifyMfa: Handler<'verifyMfa'>
}

export interface NotificationsHandlers {
  /** The caller's notifications. */
  listNotifications: Handler<'listNotifications'>
  /** Mark all read, up to an instant. */
  markAllNotificationsRead: Handler<'markAllNotificationsRead'>
  /** Mark one read or unread. */
  updateNotification: Handler<'updateNotification'>
  /** Delete one. */
  deleteNotification: Handler<'deleteNotification'>
}

export interface ConsentHandlers {
  /** Sign a document. */
  recordConsent: Handler<'recordConsent'>
  /** What is still to sign. */
  listRequiredConsents: Handler<'listRequiredConsents'>
  /** What one has signed. */
  listConsentHistory: Handler<'listConsentHistory'>
  /** The text of a document. */
  getConsentDocument: Handler<'getConsentDocument'>
  /** Put a new version into force. */
  publishConsentDocument: Handler<'publishConsentDocument'>
}

export interface OrganizationsHandlers {
  /** The organizations one works in. */
  listOrganizations: Handler<'listOrganizations'>
  /** A new organization. */
  createOrganization: Handler<'createOrganization'>
  /** One organization. */
  getOrganization: Handler<'getOrganization'>
  /** Change an organization. */
  updateOrganization: Handler<'updateOrganization'>
  /** Delete an organization. */
  deleteOrganization: Handler<'deleteOrganization'>
}

export interface MembersHandlers {
  /** An organization's members. */
  listMembers: Handler<'listMembers'>
  /** Invite somebody. */
  inviteMember: Handler<'inviteMember'>
  /** Change a member's role. */
  updateMember: Handler<'updateMember'>
  /** Remove a member. */
  removeMember: Handler<'removeMember'>
}

export interface InvitationsHandlers {
  /** An organization's invitations. */
  listInvitations: Handler<'listInvitations'>
  /** Cancel an invitation. */
  cancelInvitation: Handler<'cancelInvitation'>
  /** Send an invitation again. */
  resendInvitation: Handler<'resendInvitation'>
  /** What an invitation offers. */
  getInvitation: Handler<'getInvitation'>
  /** Accept an invitation. */
  acceptInvitation: Handler<'acceptInvitation'>
  /** Decline an invitation. */
  declineInvitation: Handler<'declineInvitation'>
}

export interface ApiKeysHandlers {
  /** An organization's API keys. */
  listApiKeys: Handler<'listApiKeys'>
  /** A new API key. */
  createApiKey: Handler<'createApiKey'>
  /** Revoke an API key. */
  revokeApiKey: Handler<'revokeApiKey'>
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

export interface BlobsHandlers {
  /** Download the file that a link is for. */
  downloadBlob: Handler<'downloadBlob'>
  /** Upload the file that a link is for. */
  uploadBlob: Handler<'uploadBlob'>
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
  /** The audit trail as a file. */
  exportAuditLogs: Handler<'exportAuditLogs'>
  /** Check that nobody rewrote the audit trail. */
  verifyAuditIntegrity: Handler<'verifyAuditIntegrity'>
}

export interface SuperAdminHandlers {
  /** Every organization. */
  listAllOrganizations: Handler<'listAllOrganizations'>
  /** Close an organization to everyone in it. */
  suspendOrganization: Handler<'suspendOrganization'>
  /** Open a suspended organization again. */
  reactivateOrganization: Handler<'reactivateOrganization'>
  /** Every account. */
  listAllUsers: Handler<'listAllUsers'>
  /** One account. */
  getUser: Handler<'getUser'>
  /** Lift a lockout. */
  unlockUser: Handler<'unlockUser'>
  /** Suspend an account. */
  suspendUser: Handler<'suspendUser'>
  /** Let a suspended account in again. */
  reactivateUser: Handler<'reactivateUser'>
  /** Make somebody choose a new password. */
  forcePasswordReset: Handler<'forcePasswordReset'>
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
  NotificationsHandlers &
  ConsentHandlers &
  OrganizationsHandlers &
  MembersHandlers &
  InvitationsHandlers &
  ApiKeysHandlers &
  PatientsHandlers &
  AppointmentsHandlers &
  MessagingHandlers &
  BlobsHandlers &
  SupportHandlers &
  SupportDeskHandlers &
  EventsHandlers &
  AdminHandlers &
  SuperAdminHandlers &
  TelemetryHandlers
