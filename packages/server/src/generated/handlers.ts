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
  /** Whom one acts for. */
  listProxyPatients: Handler<'listProxyPatients'>
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

export interface AppointmentsHandlers {
  /** One's own visits and those of the patients one acts for. */
  listMyAppointments: Handler<'listMyAppointments'>
  /** When a provider can be booked. */
  getProviderAvailability: Handler<'getProviderAvailability'>
  /** The organization's appointments, by time. */
  listAppointments: Handler<'listAppointments'>
  /** Book a visit. */
  createAppointment: Handler<'createAppointment'>
  /** One visit, with the times that it had before. */
  getAppointment: Handler<'getAppointment'>
  /** Confirm, close or cancel a visit, or change its details. */
  updateAppointment: Handler<'updateAppointment'>
  /** Cancel a visit. */
  cancelAppointment: Handler<'cancelAppointment'>
  /** Move a visit to another time. */
  rescheduleAppointment: Handler<'rescheduleAppointment'>
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

export interface BillingHandlers {
  /** How an organization's subscription stands. */
  getOrganizationBilling: Handler<'getOrganizationBilling'>
  /** A page where an organization subscribes. */
  createOrganizationCheckout: Handler<'createOrganizationCheckout'>
  /** A page where an organization changes its subscription. */
  createOrganizationPortal: Handler<'createOrganizationPortal'>
  /** How a patient's subscription stands. */
  getPatientBilling: Handler<'getPatientBilling'>
  /** A page where a patient subscribes. */
  createPatientCheckout: Handler<'createPatientCheckout'>
  /** A page where a patient changes the subscription. */
  createPatientPortal: Handler<'createPatientPortal'>
}

export interface WebhooksHandlers {
  /** What Stripe tells of its customers. */
  handleStripeWebhook: Handler<'handleStripeWebhook'>
}

export interface AiHandlers {
  /** Summarize a clinical text. */
  summarizeText: Handler<'summarizeText'>
}

export interface WebhookEndpointsHandlers {
  /** An organization's webhook endpoints. */
  listWebhookEndpoints: Handler<'listWebhookEndpoints'>
  /** A new webhook endpoint. */
  createWebhookEndpoint: Handler<'createWebhookEndpoint'>
  /** Change, disable or enable a webhook endpoint. */
  updateWebhookEndpoint: Handler<'updateWebhookEndpoint'>
  /** Delete a webhook endpoint. */
  deleteWebhookEndpoint: Handler<'deleteWebhookEndpoint'>
  /** A new secret for a webhook endpoint. */
  rotateWebhookSecret: Handler<'rotateWebhookSecret'>
  /** What was sent to a webhook endpoint, and how it went. */
  listWebhookDeliveries: Handler<'listWebhookDeliveries'>
  /** Send a delivery again. */
  replayWebhookDelivery: Handler<'replayWebhookDelivery'>
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
  /** Delete a patient. */
  deletePatient: Handler<'deletePatient'>
  /** Invite a patient to the portal. */
  invitePatientToPortal: Handler<'invitePatientToPortal'>
  /** Open the portal by a mailed link. */
  acceptPortalInvitation: Handler<'acceptPortalInvitation'>
}

export interface ContactMethodsHandlers {
  /** A patient's contact methods. */
  listContactMethods: Handler<'listContactMethods'>
  /** Add a contact method. */
  createContactMethod: Handler<'createContactMethod'>
  /** Change a contact method. */
  updateContactMethod: Handler<'updateContactMethod'>
  /** Delete a contact method. */
  deleteContactMethod: Handler<'deleteContactMethod'>
}

export interface EnrollmentHandlers {
  /** A patient's enrollment here. */
  getEnrollment: Handler<'getEnrollment'>
  /** Enroll a patient, or enroll again. */
  enrollPatient: Handler<'enrollPatient'>
  /** Change the record number, discharge or restore. */
  updateEnrollment: Handler<'updateEnrollment'>
  /** Where a patient is in care. */
  listPatientOrganizations: Handler<'listPatientOrganizations'>
}

export interface ProxiesHandlers {
  /** Who acts for a patient. */
  listProxies: Handler<'listProxies'>
  /** Let somebody act for a patient. */
  assignProxy: Handler<'assignProxy'>
  /** Change a proxy's access. */
  updateProxy: Handler<'updateProxy'>
  /** End a proxy's access. */
  revokeProxy: Handler<'revokeProxy'>
}

export interface CareTeamHandlers {
  /** A patient's care team here. */
  listCareTeam: Handler<'listCareTeam'>
  /** Add a provider to the care team. */
  addCareTeamMember: Handler<'addCareTeamMember'>
  /** Name the primary, or name none. */
  updateCareTeamMember: Handler<'updateCareTeamMember'>
  /** Take a provider off the care team. */
  removeCareTeamMember: Handler<'removeCareTeamMember'>
}

export interface ProvidersHandlers {
  /** The organization's providers. */
  listProviders: Handler<'listProviders'>
  /** Make a member a provider. */
  createProvider: Handler<'createProvider'>
  /** One provider. */
  getProvider: Handler<'getProvider'>
  /** Change a provider. */
  updateProvider: Handler<'updateProvider'>
  /** Delete a provider. */
  deleteProvider: Handler<'deleteProvider'>
}

export interface StaffHandlers {
  /** The organization's staff profiles. */
  listStaff: Handler<'listStaff'>
  /** Give a member a staff profile. */
  createStaff: Handler<'createStaff'>
  /** One staff profile. */
  getStaff: Handler<'getStaff'>
  /** Change a staff profile. */
  updateStaff: Handler<'updateStaff'>
  /** Delete a staff profile. */
  deleteStaff: Handler<'deleteStaff'>
}

export interface MessagingHandlers {
  /** The caller's threads, the latest first. */
  listThreads: Handler<'listThreads'>
  /** Start a thread about a patient. */
  createThread: Handler<'createThread'>
  /** One thread with its messages. */
  getThread: Handler<'getThread'>
  /** Archive a thread, or mark it read or unread. */
  updateThread: Handler<'updateThread'>
  /** Reply in a thread. */
  replyToThread: Handler<'replyToThread'>
}

export interface TasksHandlers {
  /** An organization's tasks, what is due first. */
  listTasks: Handler<'listTasks'>
  /** Make a task. */
  createTask: Handler<'createTask'>
  /** Change, assign, complete, cancel or reopen a task. */
  updateTask: Handler<'updateTask'>
}

export interface CallCenterHandlers {
  /** Who waits, the first comer first. */
  listCallQueue: Handler<'listCallQueue'>
  /** Take the caller who waits longest. */
  acceptCall: Handler<'acceptCall'>
  /** The caller hung up before anybody answered. */
  hangUpQueuedCall: Handler<'hangUpQueuedCall'>
  /** Put a caller into the queue. */
  enqueueInboundCall: Handler<'enqueueInboundCall'>
  /** Call a patient. */
  startOutboundCall: Handler<'startOutboundCall'>
  /** The caller's own calls, the newest first. */
  listRecentCalls: Handler<'listRecentCalls'>
  /** One call, with its follow-up tasks. */
  getCall: Handler<'getCall'>
  /** Note what came of a call, and whose it was. */
  updateCall: Handler<'updateCall'>
  /** End a call. */
  completeCall: Handler<'completeCall'>
  /** A follow-up of a call. */
  createCallTask: Handler<'createCallTask'>
  /** Hand in the recording of a call. */
  createCallRecordingUpload: Handler<'createCallRecordingUpload'>
  /** Take the recording of a call away. */
  redactCallRecording: Handler<'redactCallRecording'>
  /** A link to the recording of a call. */
  getCallRecordingUrl: Handler<'getCallRecordingUrl'>
  /** A patient's calls, the newest first. */
  listPatientCalls: Handler<'listPatientCalls'>
}

export interface DocumentsHandlers {
  /** Begin to upload a document. */
  createDocumentUpload: Handler<'createDocumentUpload'>
  /** One document, with the text that was found in it. */
  getDocument: Handler<'getDocument'>
  /** Delete a document. */
  deleteDocument: Handler<'deleteDocument'>
  /** Finish the upload of a document. */
  completeDocumentUpload: Handler<'completeDocumentUpload'>
  /** A link to download a document. */
  getDocumentDownloadUrl: Handler<'getDocumentDownloadUrl'>
  /** A patient's documents, the newest first. */
  listPatientDocuments: Handler<'listPatientDocuments'>
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
  /** The queue, by what is due next. */
  listAllTickets: Handler<'listAllTickets'>
  /** One ticket, with internal notes and the requester. */
  getTicketForAgent: Handler<'getTicketForAgent'>
  /** Change status, urgency, category, assignee or tags. */
  updateTicket: Handler<'updateTicket'>
  /** Reply to the owner, or leave an internal note. */
  replyToTicket: Handler<'replyToTicket'>
  /** Take a ticket that nobody has. */
  claimTicket: Handler<'claimTicket'>
  /** Say that one has the ticket open. */
  touchTicketPresence: Handler<'touchTicketPresence'>
  /** Every change of a ticket, who and when. */
  getTicketTimeline: Handler<'getTicketTimeline'>
  /** Merge a ticket into another one. */
  mergeTicket: Handler<'mergeTicket'>
  /** Take a merge back. */
  unmergeTicket: Handler<'unmergeTicket'>
  /** Find tickets by their words. */
  searchTickets: Handler<'searchTickets'>
  /** How many tickets each view holds. */
  getTicketCounts: Handler<'getTicketCounts'>
  /** How the queue stands. */
  getSupportStats: Handler<'getSupportStats'>
  /** The canned answers. */
  listMacros: Handler<'listMacros'>
  /** Make a canned answer. */
  createMacro: Handler<'createMacro'>
  /** Change a canned answer. */
  updateMacro: Handler<'updateMacro'>
  /** Delete a canned answer. */
  deleteMacro: Handler<'deleteMacro'>
  /** What a macro would do to a ticket. */
  previewMacro: Handler<'previewMacro'>
  /** Use a macro on one ticket or up to 100. */
  applyMacro: Handler<'applyMacro'>
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
  /** How the whole system is doing. */
  getSystemHealth: Handler<'getSystemHealth'>
  /** How many requests there were, how fast and how well they were answered. */
  getSystemMetrics: Handler<'getSystemMetrics'>
  /** The work that is done behind the requests. */
  listJobs: Handler<'listJobs'>
  /** Run a failed job once more. */
  retryJob: Handler<'retryJob'>
}

export interface TelemetryHandlers {
  /** Record usage events. */
  recordTelemetry: Handler<'recordTelemetry'>
  /** The most frequent usage events. */
  getTopTelemetry: Handler<'getTopTelemetry'>
}

/** One handler per operation: a missing, extra or mistyped one fails to compile. */
export type Handlers = HealthHandlers &
  AuthHandlers &
  UsersHandlers &
  AppointmentsHandlers &
  MfaHandlers &
  NotificationsHandlers &
  ConsentHandlers &
  OrganizationsHandlers &
  MembersHandlers &
  InvitationsHandlers &
  ApiKeysHandlers &
  BillingHandlers &
  WebhooksHandlers &
  AiHandlers &
  WebhookEndpointsHandlers &
  PatientsHandlers &
  ContactMethodsHandlers &
  EnrollmentHandlers &
  ProxiesHandlers &
  CareTeamHandlers &
  ProvidersHandlers &
  StaffHandlers &
  MessagingHandlers &
  TasksHandlers &
  CallCenterHandlers &
  DocumentsHandlers &
  BlobsHandlers &
  SupportHandlers &
  SupportDeskHandlers &
  EventsHandlers &
  AdminHandlers &
  SuperAdminHandlers &
  TelemetryHandlers
