// Generated from openapi.yaml by `npm run gen`. Never edit.

import type { Core, EventStream, Input, Item, OperationMeta, Output, PagePromise, RequestOptions, StreamOptions, TextBody, TextOptions } from '../core.ts'
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
  requestPasswordReset: {"id":"requestPasswordReset","method":"POST","path":"/api/auth/password/forgot","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":true},
  resetPassword: {"id":"resetPassword","method":"POST","path":"/api/auth/password/reset","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":true},
  changePassword: {"id":"changePassword","method":"POST","path":"/api/auth/password/change","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getCurrentUser: {"id":"getCurrentUser","method":"GET","path":"/api/users/me","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateCurrentUser: {"id":"updateCurrentUser","method":"PATCH","path":"/api/users/me","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  deleteCurrentUser: {"id":"deleteCurrentUser","method":"DELETE","path":"/api/users/me","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listProxyPatients: {"id":"listProxyPatients","method":"GET","path":"/api/users/me/proxy/patients","pathParams":[],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listSessions: {"id":"listSessions","method":"GET","path":"/api/users/me/sessions","pathParams":[],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  revokeSession: {"id":"revokeSession","method":"DELETE","path":"/api/users/me/sessions/{session_id}","pathParams":["session_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  requestDataExport: {"id":"requestDataExport","method":"POST","path":"/api/users/me/export","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getDataExport: {"id":"getDataExport","method":"GET","path":"/api/users/me/exports/{export_id}","pathParams":["export_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getCommunicationPreferences: {"id":"getCommunicationPreferences","method":"GET","path":"/api/users/me/communication-preferences","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateCommunicationPreferences: {"id":"updateCommunicationPreferences","method":"PATCH","path":"/api/users/me/communication-preferences","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listMyAppointments: {"id":"listMyAppointments","method":"GET","path":"/api/users/me/appointments","pathParams":[],"queryParams":["start_date","end_date","status","patient_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  registerDeviceToken: {"id":"registerDeviceToken","method":"POST","path":"/api/users/device-token","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  removeDeviceToken: {"id":"removeDeviceToken","method":"DELETE","path":"/api/users/device-token","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  disableMfa: {"id":"disableMfa","method":"DELETE","path":"/api/users/me/mfa","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  regenerateMfaBackupCodes: {"id":"regenerateMfaBackupCodes","method":"POST","path":"/api/users/me/mfa/backup-codes","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listNotifications: {"id":"listNotifications","method":"GET","path":"/api/users/me/notifications","pathParams":[],"queryParams":["filter","type","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  markAllNotificationsRead: {"id":"markAllNotificationsRead","method":"POST","path":"/api/users/me/notifications/mark-all-read","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateNotification: {"id":"updateNotification","method":"PATCH","path":"/api/users/me/notifications/{notification_id}","pathParams":["notification_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  deleteNotification: {"id":"deleteNotification","method":"DELETE","path":"/api/users/me/notifications/{notification_id}","pathParams":["notification_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  setupMfa: {"id":"setupMfa","method":"POST","path":"/api/users/me/mfa/setup","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  verifyMfa: {"id":"verifyMfa","method":"POST","path":"/api/users/me/mfa/verify","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  recordConsent: {"id":"recordConsent","method":"POST","path":"/api/consent","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listRequiredConsents: {"id":"listRequiredConsents","method":"GET","path":"/api/consent/required","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listConsentHistory: {"id":"listConsentHistory","method":"GET","path":"/api/consent/history","pathParams":[],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getConsentDocument: {"id":"getConsentDocument","method":"GET","path":"/api/consent/documents/{document_id}/content","pathParams":["document_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listOrganizations: {"id":"listOrganizations","method":"GET","path":"/api/organizations","pathParams":[],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createOrganization: {"id":"createOrganization","method":"POST","path":"/api/organizations","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getOrganization: {"id":"getOrganization","method":"GET","path":"/api/organizations/{org_id}","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateOrganization: {"id":"updateOrganization","method":"PATCH","path":"/api/organizations/{org_id}","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  deleteOrganization: {"id":"deleteOrganization","method":"DELETE","path":"/api/organizations/{org_id}","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listMembers: {"id":"listMembers","method":"GET","path":"/api/organizations/{org_id}/members","pathParams":["org_id"],"queryParams":["role","search","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  inviteMember: {"id":"inviteMember","method":"POST","path":"/api/organizations/{org_id}/members","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateMember: {"id":"updateMember","method":"PATCH","path":"/api/organizations/{org_id}/members/{member_id}","pathParams":["org_id","member_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  removeMember: {"id":"removeMember","method":"DELETE","path":"/api/organizations/{org_id}/members/{member_id}","pathParams":["org_id","member_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listInvitations: {"id":"listInvitations","method":"GET","path":"/api/organizations/{org_id}/invitations","pathParams":["org_id"],"queryParams":["status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  cancelInvitation: {"id":"cancelInvitation","method":"DELETE","path":"/api/organizations/{org_id}/invitations/{invitation_id}","pathParams":["org_id","invitation_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  resendInvitation: {"id":"resendInvitation","method":"POST","path":"/api/organizations/{org_id}/invitations/{invitation_id}/resend","pathParams":["org_id","invitation_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getInvitation: {"id":"getInvitation","method":"GET","path":"/api/invitations/{token}","pathParams":["token"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":true},
  acceptInvitation: {"id":"acceptInvitation","method":"POST","path":"/api/invitations/{token}/accept","pathParams":["token"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  declineInvitation: {"id":"declineInvitation","method":"POST","path":"/api/invitations/{token}/decline","pathParams":["token"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":true},
  listApiKeys: {"id":"listApiKeys","method":"GET","path":"/api/organizations/{org_id}/api-keys","pathParams":["org_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createApiKey: {"id":"createApiKey","method":"POST","path":"/api/organizations/{org_id}/api-keys","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  revokeApiKey: {"id":"revokeApiKey","method":"DELETE","path":"/api/organizations/{org_id}/api-keys/{api_key_id}","pathParams":["org_id","api_key_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getOrganizationBilling: {"id":"getOrganizationBilling","method":"GET","path":"/api/organizations/{org_id}/billing","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createOrganizationCheckout: {"id":"createOrganizationCheckout","method":"POST","path":"/api/organizations/{org_id}/billing/checkout","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  createOrganizationPortal: {"id":"createOrganizationPortal","method":"POST","path":"/api/organizations/{org_id}/billing/portal","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getPatientBilling: {"id":"getPatientBilling","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}/billing","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createPatientCheckout: {"id":"createPatientCheckout","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/billing/checkout","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  createPatientPortal: {"id":"createPatientPortal","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/billing/portal","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  summarizeText: {"id":"summarizeText","method":"POST","path":"/api/organizations/{org_id}/ai/summarize","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listWebhookEndpoints: {"id":"listWebhookEndpoints","method":"GET","path":"/api/organizations/{org_id}/webhook-endpoints","pathParams":["org_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createWebhookEndpoint: {"id":"createWebhookEndpoint","method":"POST","path":"/api/organizations/{org_id}/webhook-endpoints","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateWebhookEndpoint: {"id":"updateWebhookEndpoint","method":"PATCH","path":"/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}","pathParams":["org_id","endpoint_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  deleteWebhookEndpoint: {"id":"deleteWebhookEndpoint","method":"DELETE","path":"/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}","pathParams":["org_id","endpoint_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  rotateWebhookSecret: {"id":"rotateWebhookSecret","method":"POST","path":"/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/rotate-secret","pathParams":["org_id","endpoint_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listWebhookDeliveries: {"id":"listWebhookDeliveries","method":"GET","path":"/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/deliveries","pathParams":["org_id","endpoint_id"],"queryParams":["status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  replayWebhookDelivery: {"id":"replayWebhookDelivery","method":"POST","path":"/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay","pathParams":["org_id","endpoint_id","delivery_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listPatients: {"id":"listPatients","method":"GET","path":"/api/organizations/{org_id}/patients","pathParams":["org_id"],"queryParams":["search","status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createPatient: {"id":"createPatient","method":"POST","path":"/api/organizations/{org_id}/patients","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getPatient: {"id":"getPatient","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updatePatient: {"id":"updatePatient","method":"PATCH","path":"/api/organizations/{org_id}/patients/{patient_id}","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  deletePatient: {"id":"deletePatient","method":"DELETE","path":"/api/organizations/{org_id}/patients/{patient_id}","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  invitePatientToPortal: {"id":"invitePatientToPortal","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/portal-invitation","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  acceptPortalInvitation: {"id":"acceptPortalInvitation","method":"POST","path":"/api/portal-invitations/{token}/accept","pathParams":["token"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listContactMethods: {"id":"listContactMethods","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}/contact-methods","pathParams":["org_id","patient_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createContactMethod: {"id":"createContactMethod","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/contact-methods","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateContactMethod: {"id":"updateContactMethod","method":"PATCH","path":"/api/organizations/{org_id}/patients/{patient_id}/contact-methods/{contact_id}","pathParams":["org_id","patient_id","contact_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  deleteContactMethod: {"id":"deleteContactMethod","method":"DELETE","path":"/api/organizations/{org_id}/patients/{patient_id}/contact-methods/{contact_id}","pathParams":["org_id","patient_id","contact_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getEnrollment: {"id":"getEnrollment","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}/enrollment","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  enrollPatient: {"id":"enrollPatient","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/enrollment","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateEnrollment: {"id":"updateEnrollment","method":"PATCH","path":"/api/organizations/{org_id}/patients/{patient_id}/enrollment","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listPatientOrganizations: {"id":"listPatientOrganizations","method":"GET","path":"/api/patients/{patient_id}/organizations","pathParams":["patient_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listProxies: {"id":"listProxies","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}/proxies","pathParams":["org_id","patient_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  assignProxy: {"id":"assignProxy","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/proxies","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateProxy: {"id":"updateProxy","method":"PATCH","path":"/api/organizations/{org_id}/patients/{patient_id}/proxies/{assignment_id}","pathParams":["org_id","patient_id","assignment_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  revokeProxy: {"id":"revokeProxy","method":"DELETE","path":"/api/organizations/{org_id}/patients/{patient_id}/proxies/{assignment_id}","pathParams":["org_id","patient_id","assignment_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listCareTeam: {"id":"listCareTeam","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}/care-team","pathParams":["org_id","patient_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  addCareTeamMember: {"id":"addCareTeamMember","method":"POST","path":"/api/organizations/{org_id}/patients/{patient_id}/care-team","pathParams":["org_id","patient_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateCareTeamMember: {"id":"updateCareTeamMember","method":"PATCH","path":"/api/organizations/{org_id}/patients/{patient_id}/care-team/{assignment_id}","pathParams":["org_id","patient_id","assignment_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  removeCareTeamMember: {"id":"removeCareTeamMember","method":"DELETE","path":"/api/organizations/{org_id}/patients/{patient_id}/care-team/{assignment_id}","pathParams":["org_id","patient_id","assignment_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listProviders: {"id":"listProviders","method":"GET","path":"/api/organizations/{org_id}/providers","pathParams":["org_id"],"queryParams":["specialty","search","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createProvider: {"id":"createProvider","method":"POST","path":"/api/organizations/{org_id}/providers","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getProvider: {"id":"getProvider","method":"GET","path":"/api/organizations/{org_id}/providers/{provider_id}","pathParams":["org_id","provider_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateProvider: {"id":"updateProvider","method":"PATCH","path":"/api/organizations/{org_id}/providers/{provider_id}","pathParams":["org_id","provider_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  deleteProvider: {"id":"deleteProvider","method":"DELETE","path":"/api/organizations/{org_id}/providers/{provider_id}","pathParams":["org_id","provider_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listStaff: {"id":"listStaff","method":"GET","path":"/api/organizations/{org_id}/staff","pathParams":["org_id"],"queryParams":["job_title","search","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createStaff: {"id":"createStaff","method":"POST","path":"/api/organizations/{org_id}/staff","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getStaff: {"id":"getStaff","method":"GET","path":"/api/organizations/{org_id}/staff/{staff_id}","pathParams":["org_id","staff_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateStaff: {"id":"updateStaff","method":"PATCH","path":"/api/organizations/{org_id}/staff/{staff_id}","pathParams":["org_id","staff_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  deleteStaff: {"id":"deleteStaff","method":"DELETE","path":"/api/organizations/{org_id}/staff/{staff_id}","pathParams":["org_id","staff_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getProviderAvailability: {"id":"getProviderAvailability","method":"GET","path":"/api/organizations/{org_id}/providers/{provider_id}/availability","pathParams":["org_id","provider_id"],"queryParams":["start_date","end_date","duration_minutes"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listAppointments: {"id":"listAppointments","method":"GET","path":"/api/organizations/{org_id}/appointments","pathParams":["org_id"],"queryParams":["date","start_date","end_date","status","patient_id","provider_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createAppointment: {"id":"createAppointment","method":"POST","path":"/api/organizations/{org_id}/appointments","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getAppointment: {"id":"getAppointment","method":"GET","path":"/api/organizations/{org_id}/appointments/{appointment_id}","pathParams":["org_id","appointment_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateAppointment: {"id":"updateAppointment","method":"PATCH","path":"/api/organizations/{org_id}/appointments/{appointment_id}","pathParams":["org_id","appointment_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  cancelAppointment: {"id":"cancelAppointment","method":"DELETE","path":"/api/organizations/{org_id}/appointments/{appointment_id}","pathParams":["org_id","appointment_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  rescheduleAppointment: {"id":"rescheduleAppointment","method":"PATCH","path":"/api/organizations/{org_id}/appointments/{appointment_id}/reschedule","pathParams":["org_id","appointment_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  listThreads: {"id":"listThreads","method":"GET","path":"/api/organizations/{org_id}/messages","pathParams":["org_id"],"queryParams":["filter","search","patient_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createThread: {"id":"createThread","method":"POST","path":"/api/organizations/{org_id}/messages","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getThread: {"id":"getThread","method":"GET","path":"/api/organizations/{org_id}/messages/{thread_id}","pathParams":["org_id","thread_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateThread: {"id":"updateThread","method":"PATCH","path":"/api/organizations/{org_id}/messages/{thread_id}","pathParams":["org_id","thread_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  replyToThread: {"id":"replyToThread","method":"POST","path":"/api/organizations/{org_id}/messages/{thread_id}/replies","pathParams":["org_id","thread_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  listTasks: {"id":"listTasks","method":"GET","path":"/api/organizations/{org_id}/tasks","pathParams":["org_id"],"queryParams":["assignee_id","status","due_after","due_before","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createTask: {"id":"createTask","method":"POST","path":"/api/organizations/{org_id}/tasks","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateTask: {"id":"updateTask","method":"PATCH","path":"/api/organizations/{org_id}/tasks/{task_id}","pathParams":["org_id","task_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  listCallQueue: {"id":"listCallQueue","method":"GET","path":"/api/call-center/queue","pathParams":[],"queryParams":["limit","cursor","include_total","organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  acceptCall: {"id":"acceptCall","method":"POST","path":"/api/call-center/queue/{queue_id}/accept","pathParams":["queue_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  hangUpQueuedCall: {"id":"hangUpQueuedCall","method":"POST","path":"/api/call-center/queue/{queue_id}/hang-up","pathParams":["queue_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  enqueueInboundCall: {"id":"enqueueInboundCall","method":"POST","path":"/api/call-center/calls/inbound","pathParams":[],"queryParams":["organization_id"],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  startOutboundCall: {"id":"startOutboundCall","method":"POST","path":"/api/call-center/calls/outbound","pathParams":[],"queryParams":["organization_id"],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  listRecentCalls: {"id":"listRecentCalls","method":"GET","path":"/api/call-center/calls/recent","pathParams":[],"queryParams":["limit","cursor","include_total","organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getCall: {"id":"getCall","method":"GET","path":"/api/call-center/calls/{call_id}","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateCall: {"id":"updateCall","method":"PATCH","path":"/api/call-center/calls/{call_id}","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  completeCall: {"id":"completeCall","method":"POST","path":"/api/call-center/calls/{call_id}/complete","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  createCallTask: {"id":"createCallTask","method":"POST","path":"/api/call-center/calls/{call_id}/tasks","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  createCallRecordingUpload: {"id":"createCallRecordingUpload","method":"POST","path":"/api/call-center/calls/{call_id}/recording","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  redactCallRecording: {"id":"redactCallRecording","method":"DELETE","path":"/api/call-center/calls/{call_id}/recording","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getCallRecordingUrl: {"id":"getCallRecordingUrl","method":"GET","path":"/api/call-center/calls/{call_id}/recording-url","pathParams":["call_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listPatientCalls: {"id":"listPatientCalls","method":"GET","path":"/api/call-center/patients/{patient_id}/call-history","pathParams":["patient_id"],"queryParams":["limit","cursor","include_total","organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createDocumentUpload: {"id":"createDocumentUpload","method":"POST","path":"/api/organizations/{org_id}/documents/upload-url","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getDocument: {"id":"getDocument","method":"GET","path":"/api/organizations/{org_id}/documents/{document_id}","pathParams":["org_id","document_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  deleteDocument: {"id":"deleteDocument","method":"DELETE","path":"/api/organizations/{org_id}/documents/{document_id}","pathParams":["org_id","document_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  completeDocumentUpload: {"id":"completeDocumentUpload","method":"POST","path":"/api/organizations/{org_id}/documents/{document_id}/complete","pathParams":["org_id","document_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getDocumentDownloadUrl: {"id":"getDocumentDownloadUrl","method":"GET","path":"/api/organizations/{org_id}/documents/{document_id}/download-url","pathParams":["org_id","document_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listPatientDocuments: {"id":"listPatientDocuments","method":"GET","path":"/api/organizations/{org_id}/patients/{patient_id}/documents","pathParams":["org_id","patient_id"],"queryParams":["limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listTickets: {"id":"listTickets","method":"GET","path":"/api/support/tickets","pathParams":[],"queryParams":["status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createTicket: {"id":"createTicket","method":"POST","path":"/api/support/tickets","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  getTicket: {"id":"getTicket","method":"GET","path":"/api/support/tickets/{ticket_id}","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  addTicketMessage: {"id":"addTicketMessage","method":"POST","path":"/api/support/tickets/{ticket_id}/messages","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  listAllTickets: {"id":"listAllTickets","method":"GET","path":"/api/admin/support/tickets","pathParams":[],"queryParams":["status","urgency","category","assignee","organization_id","tags","search","view","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getTicketForAgent: {"id":"getTicketForAgent","method":"GET","path":"/api/admin/support/tickets/{ticket_id}","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  updateTicket: {"id":"updateTicket","method":"PATCH","path":"/api/admin/support/tickets/{ticket_id}","pathParams":["ticket_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  replyToTicket: {"id":"replyToTicket","method":"POST","path":"/api/admin/support/tickets/{ticket_id}/messages","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  claimTicket: {"id":"claimTicket","method":"POST","path":"/api/admin/support/tickets/{ticket_id}/claim","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  touchTicketPresence: {"id":"touchTicketPresence","method":"PUT","path":"/api/admin/support/tickets/{ticket_id}/presence","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getTicketTimeline: {"id":"getTicketTimeline","method":"GET","path":"/api/admin/support/tickets/{ticket_id}/timeline","pathParams":["ticket_id"],"queryParams":["limit","cursor"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  mergeTicket: {"id":"mergeTicket","method":"POST","path":"/api/admin/support/tickets/{ticket_id}/merge","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  unmergeTicket: {"id":"unmergeTicket","method":"POST","path":"/api/admin/support/tickets/{ticket_id}/unmerge","pathParams":["ticket_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  searchTickets: {"id":"searchTickets","method":"GET","path":"/api/admin/support/search","pathParams":[],"queryParams":["q","limit","cursor"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getTicketCounts: {"id":"getTicketCounts","method":"GET","path":"/api/admin/support/counts","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getSupportStats: {"id":"getSupportStats","method":"GET","path":"/api/admin/support/stats","pathParams":[],"queryParams":["days"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listMacros: {"id":"listMacros","method":"GET","path":"/api/admin/support/macros","pathParams":[],"queryParams":["limit","cursor"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createMacro: {"id":"createMacro","method":"POST","path":"/api/admin/support/macros","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  updateMacro: {"id":"updateMacro","method":"PATCH","path":"/api/admin/support/macros/{macro_id}","pathParams":["macro_id"],"queryParams":[],"headerParams":{"if_match":"If-Match"},"idempotent":false,"hasBody":true,"public":false},
  deleteMacro: {"id":"deleteMacro","method":"DELETE","path":"/api/admin/support/macros/{macro_id}","pathParams":["macro_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  previewMacro: {"id":"previewMacro","method":"GET","path":"/api/admin/support/macros/{macro_id}/preview","pathParams":["macro_id"],"queryParams":["ticket_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  applyMacro: {"id":"applyMacro","method":"POST","path":"/api/admin/support/macros/{macro_id}/apply","pathParams":["macro_id"],"queryParams":[],"headerParams":{},"idempotent":true,"hasBody":true,"public":false},
  streamEvents: {"id":"streamEvents","method":"GET","path":"/api/events","pathParams":[],"queryParams":["types","patient_id","last_event_id","since"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  createStreamTicket: {"id":"createStreamTicket","method":"POST","path":"/api/events/ticket","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  streamOrganizationEvents: {"id":"streamOrganizationEvents","method":"GET","path":"/api/organizations/{org_id}/events","pathParams":["org_id"],"queryParams":["types","patient_id","last_event_id","since"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  impersonatePatient: {"id":"impersonatePatient","method":"POST","path":"/api/admin/impersonate/{patient_id}","pathParams":["patient_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listImpersonations: {"id":"listImpersonations","method":"GET","path":"/api/admin/impersonations","pathParams":[],"queryParams":["organization_id","status","patient_id","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  endImpersonation: {"id":"endImpersonation","method":"DELETE","path":"/api/admin/impersonations/{impersonation_id}","pathParams":["impersonation_id"],"queryParams":["organization_id"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listAuditLogs: {"id":"listAuditLogs","method":"GET","path":"/api/admin/audit-logs","pathParams":[],"queryParams":["organization_id","actor","resource_type","resource_id","action_type","outcome","start_date","end_date","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  exportAuditLogs: {"id":"exportAuditLogs","method":"GET","path":"/api/admin/audit-logs/export","pathParams":[],"queryParams":["organization_id","actor","resource_type","resource_id","action_type","outcome","start_date","end_date"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  verifyAuditIntegrity: {"id":"verifyAuditIntegrity","method":"GET","path":"/api/admin/audit-logs/integrity","pathParams":[],"queryParams":["organization_id","start_date","end_date","seal_number","seal_hash"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listAllOrganizations: {"id":"listAllOrganizations","method":"GET","path":"/api/super-admin/organizations","pathParams":[],"queryParams":["search","status","subscription_status","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  suspendOrganization: {"id":"suspendOrganization","method":"POST","path":"/api/super-admin/organizations/{org_id}/suspend","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  reactivateOrganization: {"id":"reactivateOrganization","method":"POST","path":"/api/super-admin/organizations/{org_id}/reactivate","pathParams":["org_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  listAllUsers: {"id":"listAllUsers","method":"GET","path":"/api/super-admin/users","pathParams":[],"queryParams":["search","status","mfa_enabled","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getUser: {"id":"getUser","method":"GET","path":"/api/super-admin/users/{user_id}","pathParams":["user_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  unlockUser: {"id":"unlockUser","method":"POST","path":"/api/super-admin/users/{user_id}/unlock","pathParams":["user_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  suspendUser: {"id":"suspendUser","method":"POST","path":"/api/super-admin/users/{user_id}/suspend","pathParams":["user_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  reactivateUser: {"id":"reactivateUser","method":"POST","path":"/api/super-admin/users/{user_id}/reactivate","pathParams":["user_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  forcePasswordReset: {"id":"forcePasswordReset","method":"POST","path":"/api/super-admin/users/{user_id}/force-password-reset","pathParams":["user_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getSystemHealth: {"id":"getSystemHealth","method":"GET","path":"/api/super-admin/system/health","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  getSystemMetrics: {"id":"getSystemMetrics","method":"GET","path":"/api/super-admin/system/metrics","pathParams":[],"queryParams":["period"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  listJobs: {"id":"listJobs","method":"GET","path":"/api/super-admin/jobs","pathParams":[],"queryParams":["state","queue","limit","cursor","include_total"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  retryJob: {"id":"retryJob","method":"POST","path":"/api/super-admin/jobs/{job_id}/retry","pathParams":["job_id"],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
  publishConsentDocument: {"id":"publishConsentDocument","method":"POST","path":"/api/super-admin/consent-documents","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  recordTelemetry: {"id":"recordTelemetry","method":"POST","path":"/api/telemetry","pathParams":[],"queryParams":[],"headerParams":{},"idempotent":false,"hasBody":true,"public":false},
  getTopTelemetry: {"id":"getTopTelemetry","method":"GET","path":"/api/super-admin/telemetry/top","pathParams":[],"queryParams":["period","prefix","limit"],"headerParams":{},"idempotent":false,"hasBody":false,"public":false},
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
     * Readiness. Asks the database and every configured dependency at once, each with a time limit of its own; what was learned serves again for a short while. When one is away that the server cannot serve without (`database`, `keys`) the answer is 503 and its `detail` names it; when another one is, 200 with `degraded`. A server that stops answers 503.
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
     * Answers tokens, or an MFA challenge for an account with multi-factor authentication; `result` says which. An unknown address, a wrong password and a wrong password on a locked account are the same 401, in the same time. Only the right password learns that an account is locked (403 with `retry_after`), suspended, or must reset its password. Five failures lock the account for 15 minutes, further ones for longer.
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
    /**
     * Ask for a password reset.
     *
     * Mails a link for one use within an hour when the address has an account. The answer and its time are the same when it has none. At most three links of an account are open at once. A link is `/reset-password#token=…` under the server's PUBLIC_URL; the page there sends the token to resetPassword.
     *
     * `POST /api/auth/password/forgot`
     */
    forgotPassword: (input: Input<operations['requestPasswordReset']>, options?: RequestOptions): Promise<Output<operations['requestPasswordReset']>> =>
      core.call(meta.requestPasswordReset, input, options),
    /**
     * Set a new password with the mailed token.
     *
     * The token works once; 401 when it is unknown, used or expired. Ends every session of the person, and the lockout. A weak password is 422 and leaves the token as it was.
     *
     * `POST /api/auth/password/reset`
     */
    resetPassword: (input: Input<operations['resetPassword']>, options?: RequestOptions): Promise<Output<operations['resetPassword']>> =>
      core.call(meta.resetPassword, input, options),
    /**
     * Change the password.
     *
     * Needs the current one; a wrong one counts towards the lockout. Ends the other sessions of the person.
     *
     * `POST /api/auth/password/change`
     */
    changePassword: (input: Input<operations['changePassword']>, options?: RequestOptions): Promise<Output<operations['changePassword']>> =>
      core.call(meta.changePassword, input, options),
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
    /**
     * Close one's account.
     *
     * Needs the password; a wrong one counts towards the lockout. Ends memberships, role profiles, access as a proxy, sessions and devices. The care record stays with the practice and the audit trail as it is. The last ADMIN of an organization cannot leave (LAST_ADMIN).
     *
     * `DELETE /api/users/me`
     */
    deleteMe: (input: Input<operations['deleteCurrentUser']>, options?: RequestOptions): Promise<Output<operations['deleteCurrentUser']>> =>
      core.call(meta.deleteCurrentUser, input, options),
    /**
     * Whom one acts for.
     *
     * By name: every patient to whom one has live access as a proxy, with permissions and end. Nobody while impersonating.
     *
     * `GET /api/users/me/proxy/patients`
     */
    proxyPatients: (input?: Input<operations['listProxyPatients']>, options?: RequestOptions): PagePromise<Item<operations['listProxyPatients']>> =>
      core.page(meta.listProxyPatients, input, options),
    /**
     * One's open sessions.
     *
     * Where the person is signed in, the newest sign-in first.
     *
     * `GET /api/users/me/sessions`
     */
    sessions: (input?: Input<operations['listSessions']>, options?: RequestOptions): PagePromise<Item<operations['listSessions']>> =>
      core.page(meta.listSessions, input, options),
    /**
     * End a session.
     *
     * Signs a device out, the current one too if it is named. Takes effect on the session's next request, on every server.
     *
     * `DELETE /api/users/me/sessions/{session_id}`
     */
    revokeSession: (input: Input<operations['revokeSession']>, options?: RequestOptions): Promise<Output<operations['revokeSession']>> =>
      core.call(meta.revokeSession, input, options),
    /**
     * Ask for one's own data.
     *
     * Everything that is kept of the person, as the law gives a right to: profile, sessions, consents, notifications, support tickets, and what each practice keeps of the patient that the person is. A job builds a ZIP; a notification tells when it is there. One at a time.
     *
     * `POST /api/users/me/export`
     */
    requestExport: (input: Input<operations['requestDataExport']>, options?: RequestOptions): Promise<Output<operations['requestDataExport']>> =>
      core.call(meta.requestDataExport, input, options),
    /**
     * How far one's export is, and where to get it.
     *
     * `download_url` is there while the export is READY. It works without further credentials for 15 minutes; ask again for a new one. The file is deleted 7 days after it was finished.
     *
     * `GET /api/users/me/exports/{export_id}`
     */
    getExport: (input: Input<operations['getDataExport']>, options?: RequestOptions): Promise<Output<operations['getDataExport']>> =>
      core.call(meta.getDataExport, input, options),
    /**
     * What one may be contacted about.
     *
     * The consents of the Telephone Consumer Protection Act (TCPA).
     *
     * `GET /api/users/me/communication-preferences`
     */
    communicationPreferences: (input?: Input<operations['getCommunicationPreferences']>, options?: RequestOptions): Promise<Output<operations['getCommunicationPreferences']>> =>
      core.call(meta.getCommunicationPreferences, input, options),
    /**
     * Change what one may be contacted about.
     *
     * What is left out stays. Without `transactional_consent` there are no reminders, billing alerts or calls; mail about the account's own security still comes.
     *
     * `PATCH /api/users/me/communication-preferences`
     */
    updateCommunicationPreferences: (input: Input<operations['updateCommunicationPreferences']>, options?: RequestOptions): Promise<Output<operations['updateCommunicationPreferences']>> =>
      core.call(meta.updateCommunicationPreferences, input, options),
    /**
     * Register a device for push messages.
     *
     * Registering again keeps the device and notes that it is in use. A device that somebody else had registered changes hands.
     *
     * `POST /api/users/device-token`
     */
    registerDevice: (input: Input<operations['registerDeviceToken']>, options?: RequestOptions): Promise<Output<operations['registerDeviceToken']>> =>
      core.call(meta.registerDeviceToken, input, options),
    /**
     * Take a device off push messages.
     *
     * Also answers 204 when it was not registered.
     *
     * `DELETE /api/users/device-token`
     */
    removeDevice: (input: Input<operations['removeDeviceToken']>, options?: RequestOptions): Promise<Output<operations['removeDeviceToken']>> =>
      core.call(meta.removeDeviceToken, input, options),
  },
  appointments: {
    /**
     * One's own visits and those of the patients one acts for.
     *
     * In every organization, by start, then id. A proxy sees those of patients to whom the access is live. With `Accept: text/calendar` the same page as an iCalendar file, without reasons.
     *
     * `GET /api/users/me/appointments`
     */
    listMine: (input?: Input<operations['listMyAppointments']>, options?: RequestOptions): PagePromise<Item<operations['listMyAppointments']>> =>
      core.page(meta.listMyAppointments, input, options),
    /** The answer of `listMine` as `text/calendar`. */
    listMineAsCalendar: (input?: Input<operations['listMyAppointments']>, options?: RequestOptions): Promise<TextBody> =>
      core.text(meta.listMyAppointments, input, { ...options, accept: "text/calendar" }),
    /**
     * When a provider can be booked.
     *
     * The organization's opening hours in its time zone, daylight saving included, cut into slots of `duration_minutes`, less what the provider is booked for anywhere and less what has begun. A provider without an unexpired licence has none.
     *
     * `GET /api/organizations/{org_id}/providers/{provider_id}/availability`
     */
    availability: (input: Input<operations['getProviderAvailability']>, options?: RequestOptions): Promise<Output<operations['getProviderAvailability']>> =>
      core.call(meta.getProviderAvailability, input, options),
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
     * Starts in the future and ends before the provider's next one starts: of two bookings that race for a slot one answers 201 and the other 409. Patients book for themselves, proxies with `can_schedule_appointments` for their patients. Emits `appointment.created` to the patient, live proxies and the provider; a visit that is booked more than 24 (2) hours ahead is reminded of 24 (2) hours before it starts.
     *
     * `POST /api/organizations/{org_id}/appointments`
     */
    create: (input: Input<operations['createAppointment']>, options?: RequestOptions): Promise<Output<operations['createAppointment']>> =>
      core.call(meta.createAppointment, input, options),
    /**
     * One visit, with the times that it had before.
     *
     * With `Accept: text/calendar` the same visit as an iCalendar file: a stable UID, a SEQUENCE that grows with each change, CANCELLED when it was. Whatever the caller's role, the file holds neither reason nor notes.
     *
     * `GET /api/organizations/{org_id}/appointments/{appointment_id}`
     */
    get: (input: Input<operations['getAppointment']>, options?: RequestOptions): Promise<Output<operations['getAppointment']>> =>
      core.call(meta.getAppointment, input, options),
    /** The answer of `get` as `text/calendar`. */
    getAsCalendar: (input: Input<operations['getAppointment']>, options?: RequestOptions): Promise<TextBody> =>
      core.text(meta.getAppointment, input, { ...options, accept: "text/calendar" }),
    /**
     * Confirm, close or cancel a visit, or change its details.
     *
     * SCHEDULED goes to CONFIRMED, CANCELLED, NO_SHOW or COMPLETED; CONFIRMED to the last three; these are final, and any other step is 409 CONFLICT. Of a visit in a final state only the notes still change. CANCELLED needs a `cancellation_reason`. The time is changed by rescheduling. With `If-Match`, a stale version answers 412. Emits `appointment.updated`.
     *
     * `PATCH /api/organizations/{org_id}/appointments/{appointment_id}`
     */
    update: (input: Input<operations['updateAppointment']>, options?: RequestOptions): Promise<Output<operations['updateAppointment']>> =>
      core.call(meta.updateAppointment, input, options),
    /**
     * Cancel a visit.
     *
     * The same as changing its status to CANCELLED: the slot is free again, reminders are off, everybody concerned is told. Patients and proxies only before it starts. The record stays. Emits `appointment.updated`.
     *
     * `DELETE /api/organizations/{org_id}/appointments/{appointment_id}`
     */
    cancel: (input: Input<operations['cancelAppointment']>, options?: RequestOptions): Promise<Output<operations['cancelAppointment']>> =>
      core.call(meta.cancelAppointment, input, options),
    /**
     * Move a visit to another time.
     *
     * Goes back to SCHEDULED, to be confirmed anew; the time that it had is kept, reminders follow the new one, and everybody concerned is told. Patients and proxies only before the old time. A visit in a final state is 409 CONFLICT, a time at which the provider is not free 409 APPOINTMENT_CONFLICT. Emits `appointment.updated`.
     *
     * `PATCH /api/organizations/{org_id}/appointments/{appointment_id}/reschedule`
     */
    reschedule: (input: Input<operations['rescheduleAppointment']>, options?: RequestOptions): Promise<Output<operations['rescheduleAppointment']>> =>
      core.call(meta.rescheduleAppointment, input, options),
  },
  mfa: {
    /**
     * Turn multi-factor authentication off.
     *
     * Needs the password; a wrong one counts towards the lockout. Whoever holds an organization or platform role keeps it (MFA_REQUIRED_FOR_ROLE). 409 when it is not on.
     *
     * `DELETE /api/users/me/mfa`
     */
    disable: (input: Input<operations['disableMfa']>, options?: RequestOptions): Promise<Output<operations['disableMfa']>> =>
      core.call(meta.disableMfa, input, options),
    /**
     * New backup codes.
     *
     * Needs the password; a wrong one counts towards the lockout. The old codes stop working. 409 when multi-factor authentication is not on.
     *
     * `POST /api/users/me/mfa/backup-codes`
     */
    regenerateBackupCodes: (input: Input<operations['regenerateMfaBackupCodes']>, options?: RequestOptions): Promise<Output<operations['regenerateMfaBackupCodes']>> =>
      core.call(meta.regenerateMfaBackupCodes, input, options),
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
  notifications: {
    /**
     * The caller's notifications.
     *
     * Newest first, then by id. `unread_count` counts all that are unread, whatever the filter.
     *
     * `GET /api/users/me/notifications`
     */
    list: (input?: Input<operations['listNotifications']>, options?: RequestOptions): PagePromise<Item<operations['listNotifications']>, Output<operations['listNotifications']>> =>
      core.page(meta.listNotifications, input, options),
    /**
     * Mark all read, up to an instant.
     *
     * What came after `before` stays unread: give the time of the newest one that was shown.
     *
     * `POST /api/users/me/notifications/mark-all-read`
     */
    markAllRead: (input: Input<operations['markAllNotificationsRead']>, options?: RequestOptions): Promise<Output<operations['markAllNotificationsRead']>> =>
      core.call(meta.markAllNotificationsRead, input, options),
    /**
     * Mark one read or unread.
     *
     * Changes nothing when it is so already.
     *
     * `PATCH /api/users/me/notifications/{notification_id}`
     */
    update: (input: Input<operations['updateNotification']>, options?: RequestOptions): Promise<Output<operations['updateNotification']>> =>
      core.call(meta.updateNotification, input, options),
    /**
     * Delete one.
     *
     * It is gone from every list and count.
     *
     * `DELETE /api/users/me/notifications/{notification_id}`
     */
    delete: (input: Input<operations['deleteNotification']>, options?: RequestOptions): Promise<Output<operations['deleteNotification']>> =>
      core.call(meta.deleteNotification, input, options),
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
     * What one has signed.
     *
     * Every signature, also of versions that are no longer in force. Newest first, then by id.
     *
     * `GET /api/consent/history`
     */
    history: (input?: Input<operations['listConsentHistory']>, options?: RequestOptions): PagePromise<Item<operations['listConsentHistory']>> =>
      core.page(meta.listConsentHistory, input, options),
    /**
     * The text of a document.
     *
     * Any version, also one that is no longer in force.
     *
     * `GET /api/consent/documents/{document_id}/content`
     */
    document: (input: Input<operations['getConsentDocument']>, options?: RequestOptions): Promise<Output<operations['getConsentDocument']>> =>
      core.call(meta.getConsentDocument, input, options),
    /**
     * Put a new version into force.
     *
     * From its effective date on everyone must sign it before anything else opens, and is told so (`consent.required`). A version that exists already answers 409.
     *
     * `POST /api/super-admin/consent-documents`
     */
    publish: (input: Input<operations['publishConsentDocument']>, options?: RequestOptions): Promise<Output<operations['publishConsentDocument']>> =>
      core.call(meta.publishConsentDocument, input, options),
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
    /**
     * Change an organization.
     *
     * Only what is sent changes; `settings` replaces the settings as a whole.
     *
     * `PATCH /api/organizations/{org_id}`
     */
    update: (input: Input<operations['updateOrganization']>, options?: RequestOptions): Promise<Output<operations['updateOrganization']>> =>
      core.call(meta.updateOrganization, input, options),
    /**
     * Delete an organization.
     *
     * Everything in it answers 404 from now on: for its members, whose streams close, its patients and its API keys. Its subscription ends.
     *
     * `DELETE /api/organizations/{org_id}`
     */
    delete: (input: Input<operations['deleteOrganization']>, options?: RequestOptions): Promise<Output<operations['deleteOrganization']>> =>
      core.call(meta.deleteOrganization, input, options),
  },
  members: {
    /**
     * An organization's members.
     *
     * In the order in which they joined.
     *
     * `GET /api/organizations/{org_id}/members`
     */
    list: (input: Input<operations['listMembers']>, options?: RequestOptions): PagePromise<Item<operations['listMembers']>> =>
      core.page(meta.listMembers, input, options),
    /**
     * Invite somebody.
     *
     * Mails a link that is good for 7 days. Whoever opens it, signed in, becomes a member with this role.
     *
     * `POST /api/organizations/{org_id}/members`
     */
    invite: (input: Input<operations['inviteMember']>, options?: RequestOptions): Promise<Output<operations['inviteMember']>> =>
      core.call(meta.inviteMember, input, options),
    /**
     * Change a member's role.
     *
     * Takes effect on their next request. The last ADMIN cannot be demoted. API keys that a former ADMIN made are refused.
     *
     * `PATCH /api/organizations/{org_id}/members/{member_id}`
     */
    update: (input: Input<operations['updateMember']>, options?: RequestOptions): Promise<Output<operations['updateMember']>> =>
      core.call(meta.updateMember, input, options),
    /**
     * Remove a member.
     *
     * Access ends at once, open streams and the API keys that they made too. One may remove oneself; the last ADMIN stays.
     *
     * `DELETE /api/organizations/{org_id}/members/{member_id}`
     */
    remove: (input: Input<operations['removeMember']>, options?: RequestOptions): Promise<Output<operations['removeMember']>> =>
      core.call(meta.removeMember, input, options),
  },
  invitations: {
    /**
     * An organization's invitations.
     *
     * The newest first. PENDING ones unless asked otherwise; one that ran out is EXPIRED.
     *
     * `GET /api/organizations/{org_id}/invitations`
     */
    list: (input: Input<operations['listInvitations']>, options?: RequestOptions): PagePromise<Item<operations['listInvitations']>> =>
      core.page(meta.listInvitations, input, options),
    /**
     * Cancel an invitation.
     *
     * Only one that is still open.
     *
     * `DELETE /api/organizations/{org_id}/invitations/{invitation_id}`
     */
    cancel: (input: Input<operations['cancelInvitation']>, options?: RequestOptions): Promise<Output<operations['cancelInvitation']>> =>
      core.call(meta.cancelInvitation, input, options),
    /**
     * Send an invitation again.
     *
     * A new link, good for 7 days from now, also when the old one ran out; the old one is void. At most 5 times.
     *
     * `POST /api/organizations/{org_id}/invitations/{invitation_id}/resend`
     */
    resend: (input: Input<operations['resendInvitation']>, options?: RequestOptions): Promise<Output<operations['resendInvitation']>> =>
      core.call(meta.resendInvitation, input, options),
    /**
     * What an invitation offers.
     *
     * For whoever holds the link: its token is the credential.
     *
     * `GET /api/invitations/{token}`
     */
    get: (input: Input<operations['getInvitation']>, options?: RequestOptions): Promise<Output<operations['getInvitation']>> =>
      core.call(meta.getInvitation, input, options),
    /**
     * Accept an invitation.
     *
     * The caller becomes a member. Another e-mail address than the invited one is no hindrance; the audit trail says so. Roles need multi-factor authentication before they open anything.
     *
     * `POST /api/invitations/{token}/accept`
     */
    accept: (input: Input<operations['acceptInvitation']>, options?: RequestOptions): Promise<Output<operations['acceptInvitation']>> =>
      core.call(meta.acceptInvitation, input, options),
    /**
     * Decline an invitation.
     *
     * Needs no sign-in: the token is the credential.
     *
     * `POST /api/invitations/{token}/decline`
     */
    decline: (input: Input<operations['declineInvitation']>, options?: RequestOptions): Promise<Output<operations['declineInvitation']>> =>
      core.call(meta.declineInvitation, input, options),
  },
  apiKeys: {
    /**
     * An organization's API keys.
     *
     * The newest first, revoked and expired ones included; never a secret.
     *
     * `GET /api/organizations/{org_id}/api-keys`
     */
    list: (input: Input<operations['listApiKeys']>, options?: RequestOptions): PagePromise<Item<operations['listApiKeys']>> =>
      core.page(meta.listApiKeys, input, options),
    /**
     * A new API key.
     *
     * Send it as `Authorization: Bearer wlk_…`. It acts with its role inside this organization, as long as who made it is a usable ADMIN there. The secret is shown this once.
     *
     * `POST /api/organizations/{org_id}/api-keys`
     */
    create: (input: Input<operations['createApiKey']>, options?: RequestOptions): Promise<Output<operations['createApiKey']>> =>
      core.call(meta.createApiKey, input, options),
    /**
     * Revoke an API key.
     *
     * Its next request is refused, on every server. Revoking again changes nothing.
     *
     * `DELETE /api/organizations/{org_id}/api-keys/{api_key_id}`
     */
    revoke: (input: Input<operations['revokeApiKey']>, options?: RequestOptions): Promise<Output<operations['revokeApiKey']>> =>
      core.call(meta.revokeApiKey, input, options),
  },
  billing: {
    /**
     * How an organization's subscription stands.
     *
     * `writes_until` is when health information can no longer be written: seven days after the payment failed or the subscription ended. Reads stay open.
     *
     * `GET /api/organizations/{org_id}/billing`
     */
    organization: (input: Input<operations['getOrganizationBilling']>, options?: RequestOptions): Promise<Output<operations['getOrganizationBilling']>> =>
      core.call(meta.getOrganizationBilling, input, options),
    /**
     * A page where an organization subscribes.
     *
     * Open `url` in a browser; it leads back to `return_url` with `billing=done` or `billing=canceled`. The subscription counts once Stripe has said so, some seconds later. CONFLICT when there is a subscription: change it in the portal.
     *
     * `POST /api/organizations/{org_id}/billing/checkout`
     */
    checkoutOrganization: (input: Input<operations['createOrganizationCheckout']>, options?: RequestOptions): Promise<Output<operations['createOrganizationCheckout']>> =>
      core.call(meta.createOrganizationCheckout, input, options),
    /**
     * A page where an organization changes its subscription.
     *
     * Stripe's customer portal: cards, invoices, cancelling. CONFLICT while nobody has subscribed yet.
     *
     * `POST /api/organizations/{org_id}/billing/portal`
     */
    portalOrganization: (input: Input<operations['createOrganizationPortal']>, options?: RequestOptions): Promise<Output<operations['createOrganizationPortal']>> =>
      core.call(meta.createOrganizationPortal, input, options),
    /**
     * How a patient's subscription stands.
     *
     * Nothing of a patient's care depends on it.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}/billing`
     */
    patient: (input: Input<operations['getPatientBilling']>, options?: RequestOptions): Promise<Output<operations['getPatientBilling']>> =>
      core.call(meta.getPatientBilling, input, options),
    /**
     * A page where a patient subscribes.
     *
     * As for an organization. Stripe learns the patient's id, and nothing else of the patient.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/billing/checkout`
     */
    checkoutPatient: (input: Input<operations['createPatientCheckout']>, options?: RequestOptions): Promise<Output<operations['createPatientCheckout']>> =>
      core.call(meta.createPatientCheckout, input, options),
    /**
     * A page where a patient changes the subscription.
     *
     * Stripe's customer portal. CONFLICT while nobody has subscribed yet.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/billing/portal`
     */
    portalPatient: (input: Input<operations['createPatientPortal']>, options?: RequestOptions): Promise<Output<operations['createPatientPortal']>> =>
      core.call(meta.createPatientPortal, input, options),
  },
  ai: {
    /**
     * Summarize a clinical text.
     *
     * The text goes to the language model that the server was told to use, and is kept nowhere here: not in the database, not in logs, not for a replay. A summary can be wrong or leave out what matters: it is for a professional who has read the text. Hanging up stops the model.
     *
     * `POST /api/organizations/{org_id}/ai/summarize`
     */
    summarize: (input: Input<operations['summarizeText']>, options?: RequestOptions): Promise<Output<operations['summarizeText']>> =>
      core.call(meta.summarizeText, input, options),
  },
  webhooks: {
    /**
     * An organization's webhook endpoints.
     *
     * The newest first; never a secret.
     *
     * `GET /api/organizations/{org_id}/webhook-endpoints`
     */
    list: (input: Input<operations['listWebhookEndpoints']>, options?: RequestOptions): PagePromise<Item<operations['listWebhookEndpoints']>> =>
      core.page(meta.listWebhookEndpoints, input, options),
    /**
     * A new webhook endpoint.
     *
     * The organization's events are posted there as JSON, the same `{id, event, data}` as in its stream, signed by the Standard Webhooks scheme: `webhook-id` is the event's id and stays the same over retries and replays, so whoever has seen it skips it. Each arrives at least once, in no promised order. Any 2xx within the time limit is taken for an answer, a redirect is not followed; anything else is tried again, ever more slowly, for 3 days, and not before the time of a Retry-After that comes with 429 or 503 (a day at most). 410 disables the endpoint at once. The secret (`whsec_…`) is shown this once. At most 10 endpoints an organization.
     *
     * `POST /api/organizations/{org_id}/webhook-endpoints`
     */
    create: (input: Input<operations['createWebhookEndpoint']>, options?: RequestOptions): Promise<Output<operations['createWebhookEndpoint']>> =>
      core.call(meta.createWebhookEndpoint, input, options),
    /**
     * Change, disable or enable a webhook endpoint.
     *
     * What is left out stays. While an endpoint is disabled nothing new is recorded for it; what waited for its next attempt goes on once it is enabled again.
     *
     * `PATCH /api/organizations/{org_id}/webhook-endpoints/{endpoint_id}`
     */
    update: (input: Input<operations['updateWebhookEndpoint']>, options?: RequestOptions): Promise<Output<operations['updateWebhookEndpoint']>> =>
      core.call(meta.updateWebhookEndpoint, input, options),
    /**
     * Delete a webhook endpoint.
     *
     * With its deliveries; nothing more is sent there.
     *
     * `DELETE /api/organizations/{org_id}/webhook-endpoints/{endpoint_id}`
     */
    delete: (input: Input<operations['deleteWebhookEndpoint']>, options?: RequestOptions): Promise<Output<operations['deleteWebhookEndpoint']>> =>
      core.call(meta.deleteWebhookEndpoint, input, options),
    /**
     * A new secret for a webhook endpoint.
     *
     * For 24 hours every delivery is signed with both, the new one first; rotating again meanwhile ends the older one at once. The new secret is shown this once.
     *
     * `POST /api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/rotate-secret`
     */
    rotateSecret: (input: Input<operations['rotateWebhookSecret']>, options?: RequestOptions): Promise<Output<operations['rotateWebhookSecret']>> =>
      core.call(meta.rotateWebhookSecret, input, options),
    /**
     * What was sent to a webhook endpoint, and how it went.
     *
     * The newest first, of the last 30 days, each with its last attempt. Of an answer only its status is kept.
     *
     * `GET /api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/deliveries`
     */
    listDeliveries: (input: Input<operations['listWebhookDeliveries']>, options?: RequestOptions): PagePromise<Item<operations['listWebhookDeliveries']>> =>
      core.page(meta.listWebhookDeliveries, input, options),
    /**
     * Send a delivery again.
     *
     * As a delivery of its own, with the same event and `webhook-id`, retried for 3 days like the first. Refused with CONFLICT while the endpoint is disabled, or while the delivery is still being tried.
     *
     * `POST /api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay`
     */
    replay: (input: Input<operations['replayWebhookDelivery']>, options?: RequestOptions): Promise<Output<operations['replayWebhookDelivery']>> =>
      core.call(meta.replayWebhookDelivery, input, options),
  },
  patients: {
    /**
     * The organization's patients, by name.
     *
     * Ordered by last name, first name, id. With `search`, the best match first: what begins with the text (last name, first name, MRN), what contains it, what is spelled like it. Two or three letters are taken as a beginning. Lists ACTIVE patients unless `status` says otherwise.
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
    /**
     * Delete a patient.
     *
     * Ends the enrollment here and hides it; the record itself goes when no other organization treats the patient, and with it the portal and the proxies' access. The medical record number is free again. CONFLICT while appointments are booked. The audit trail stays.
     *
     * `DELETE /api/organizations/{org_id}/patients/{patient_id}`
     */
    delete: (input: Input<operations['deletePatient']>, options?: RequestOptions): Promise<Output<operations['deletePatient']>> =>
      core.call(meta.deletePatient, input, options),
    /**
     * Invite a patient to the portal.
     *
     * Mails a single-use link that is good for 7 days; earlier ones of this organization are void. Without `email` it goes to the patient's e-mail contact that is safe for automated messages; an address that is marked unsafe is refused (VOICEMAIL_UNSAFE). A patient with a sign-in answers CONFLICT.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/portal-invitation`
     */
    inviteToPortal: (input: Input<operations['invitePatientToPortal']>, options?: RequestOptions): Promise<Output<operations['invitePatientToPortal']>> =>
      core.call(meta.invitePatientToPortal, input, options),
    /**
     * Where a patient is in care.
     *
     * By name of the organization. For the patient, for a proxy with live access, and for a super-admin: the one thing that the platform sees of a patient without impersonation, always audited.
     *
     * `GET /api/patients/{patient_id}/organizations`
     */
    organizations: (input: Input<operations['listPatientOrganizations']>, options?: RequestOptions): PagePromise<Item<operations['listPatientOrganizations']>> =>
      core.page(meta.listPatientOrganizations, input, options),
  },
  portalInvitations: {
    /**
     * Open the portal by a mailed link.
     *
     * Links the caller's account to the patient, or makes the caller a proxy, as the invitation says. Asks for the patient's date of birth. A wrong date, an unknown, used, replaced or expired link and one with 5 wrong tries all answer the same 404. CONFLICT when the account is another patient's, or the patient has a sign-in.
     *
     * `POST /api/portal-invitations/{token}/accept`
     */
    accept: (input: Input<operations['acceptPortalInvitation']>, options?: RequestOptions): Promise<Output<operations['acceptPortalInvitation']>> =>
      core.call(meta.acceptPortalInvitation, input, options),
  },
  contactMethods: {
    /**
     * A patient's contact methods.
     *
     * By type, the primary first. Also for the patient, and for a proxy with live access.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}/contact-methods`
     */
    list: (input: Input<operations['listContactMethods']>, options?: RequestOptions): PagePromise<Item<operations['listContactMethods']>> =>
      core.page(meta.listContactMethods, input, options),
    /**
     * Add a contact method.
     *
     * A number may be written as people of the organization's country (`settings.country`) write it; it is kept in E.164. A new primary takes the place of the old one of its type. Nothing automated goes there until `is_safe_for_voicemail` is true. The same value twice under one type answers CONFLICT, so does a fifty-first contact. Counts the patient's version up.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/contact-methods`
     */
    create: (input: Input<operations['createContactMethod']>, options?: RequestOptions): Promise<Output<operations['createContactMethod']>> =>
      core.call(meta.createContactMethod, input, options),
    /**
     * Change a contact method.
     *
     * What is left out stays; the type cannot change. `is_primary: true` demotes the old primary of the type in the same step. `If-Match` names the version of the contact method; a stale one answers 412 and nothing changes.
     *
     * `PATCH /api/organizations/{org_id}/patients/{patient_id}/contact-methods/{contact_id}`
     */
    update: (input: Input<operations['updateContactMethod']>, options?: RequestOptions): Promise<Output<operations['updateContactMethod']>> =>
      core.call(meta.updateContactMethod, input, options),
    /**
     * Delete a contact method.
     *
     * Never the last one (CONFLICT): somebody must remain reachable. Another contact does not become the primary by itself.
     *
     * `DELETE /api/organizations/{org_id}/patients/{patient_id}/contact-methods/{contact_id}`
     */
    delete: (input: Input<operations['deleteContactMethod']>, options?: RequestOptions): Promise<Output<operations['deleteContactMethod']>> =>
      core.call(meta.deleteContactMethod, input, options),
  },
  enrollment: {
    /**
     * A patient's enrollment here.
     *
     * Record number, status and when care began and ended.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}/enrollment`
     */
    get: (input: Input<operations['getEnrollment']>, options?: RequestOptions): Promise<Output<operations['getEnrollment']>> =>
      core.call(meta.getEnrollment, input, options),
    /**
     * Enroll a patient, or enroll again.
     *
     * A patient who was discharged here is restored and keeps the record number unless another is given. Somebody known to the platform and new here is enrolled by id, last name and date of birth together, as the patient tells them: whoever does not match is answered 404, exactly as if there were no such patient; after 5 wrong tries the id answers 404 for a day whatever is sent. The patient is told. ACTIVE here already answers CONFLICT.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/enrollment`
     */
    enroll: (input: Input<operations['enrollPatient']>, options?: RequestOptions): Promise<Output<operations['enrollPatient']>> =>
      core.call(meta.enrollPatient, input, options),
    /**
     * Change the record number, discharge or restore.
     *
     * DISCHARGED sets `discharged_at`; the patient stays readable and takes no new appointments, calls or messages. What is booked stays until somebody cancels it. ACTIVE restores.
     *
     * `PATCH /api/organizations/{org_id}/patients/{patient_id}/enrollment`
     */
    update: (input: Input<operations['updateEnrollment']>, options?: RequestOptions): Promise<Output<operations['updateEnrollment']>> =>
      core.call(meta.updateEnrollment, input, options),
  },
  proxies: {
    /**
     * Who acts for a patient.
     *
     * The newest first: whose access is live, whose has run out, and who was invited here and has not answered. Revoked access is history, in the audit trail.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}/proxies`
     */
    list: (input: Input<operations['listProxies']>, options?: RequestOptions): PagePromise<Item<operations['listProxies']>> =>
      core.page(meta.listProxies, input, options),
    /**
     * Let somebody act for a patient.
     *
     * Named by e-mail address. Somebody with an account has access at once (ACTIVE) and is told; anybody else is mailed a link, good for 7 days, and has access after giving the patient's date of birth (INVITED). Whoever has live access already, or was invited, answers CONFLICT. Nobody can name themselves.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/proxies`
     */
    assign: (input: Input<operations['assignProxy']>, options?: RequestOptions): Promise<Output<operations['assignProxy']>> =>
      core.call(meta.assignProxy, input, options),
    /**
     * Change a proxy's access.
     *
     * Permissions, relationship, end. Takes effect on the next request; a new end opens access again that had run out.
     *
     * `PATCH /api/organizations/{org_id}/patients/{patient_id}/proxies/{assignment_id}`
     */
    update: (input: Input<operations['updateProxy']>, options?: RequestOptions): Promise<Output<operations['updateProxy']>> =>
      core.call(meta.updateProxy, input, options),
    /**
     * End a proxy's access.
     *
     * At once: the next request is refused and open streams close. An invitation that was not answered is void. What was is kept.
     *
     * `DELETE /api/organizations/{org_id}/patients/{patient_id}/proxies/{assignment_id}`
     */
    revoke: (input: Input<operations['revokeProxy']>, options?: RequestOptions): Promise<Output<operations['revokeProxy']>> =>
      core.call(meta.revokeProxy, input, options),
  },
  careTeam: {
    /**
     * A patient's care team here.
     *
     * The primary first, then in the order of assignment. Also for the patient, and for a proxy with live access.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}/care-team`
     */
    list: (input: Input<operations['listCareTeam']>, options?: RequestOptions): PagePromise<Item<operations['listCareTeam']>> =>
      core.page(meta.listCareTeam, input, options),
    /**
     * Add a provider to the care team.
     *
     * For ADMINs, and for the patient's primary provider here. A new primary takes the place of the old one in the same step. A provider who is on the team already answers CONFLICT.
     *
     * `POST /api/organizations/{org_id}/patients/{patient_id}/care-team`
     */
    add: (input: Input<operations['addCareTeamMember']>, options?: RequestOptions): Promise<Output<operations['addCareTeamMember']>> =>
      core.call(meta.addCareTeamMember, input, options),
    /**
     * Name the primary, or name none.
     *
     * For ADMINs, and for the patient's primary provider here. Naming one demotes the old. A primary with booked appointments cannot just step down (CONFLICT): name another.
     *
     * `PATCH /api/organizations/{org_id}/patients/{patient_id}/care-team/{assignment_id}`
     */
    update: (input: Input<operations['updateCareTeamMember']>, options?: RequestOptions): Promise<Output<operations['updateCareTeamMember']>> =>
      core.call(meta.updateCareTeamMember, input, options),
    /**
     * Take a provider off the care team.
     *
     * The primary with booked appointments of this patient stays (CONFLICT): move or cancel them, or name another primary.
     *
     * `DELETE /api/organizations/{org_id}/patients/{patient_id}/care-team/{assignment_id}`
     */
    remove: (input: Input<operations['removeCareTeamMember']>, options?: RequestOptions): Promise<Output<operations['removeCareTeamMember']>> =>
      core.call(meta.removeCareTeamMember, input, options),
  },
  providers: {
    /**
     * The organization's providers.
     *
     * In the order in which they joined the organization. Also for its patients and their proxies, who book with them.
     *
     * `GET /api/organizations/{org_id}/providers`
     */
    list: (input: Input<operations['listProviders']>, options?: RequestOptions): PagePromise<Item<operations['listProviders']>> =>
      core.page(meta.listProviders, input, options),
    /**
     * Make a member a provider.
     *
     * The person must be a member already (NOT_FOUND otherwise). The NPI has 10 digits with a check digit and is unique (CONFLICT).
     *
     * `POST /api/organizations/{org_id}/providers`
     */
    create: (input: Input<operations['createProvider']>, options?: RequestOptions): Promise<Output<operations['createProvider']>> =>
      core.call(meta.createProvider, input, options),
    /**
     * One provider.
     *
     * The DEA number shows to ADMINs and to the provider; it is null for everybody else.
     *
     * `GET /api/organizations/{org_id}/providers/{provider_id}`
     */
    get: (input: Input<operations['getProvider']>, options?: RequestOptions): Promise<Output<operations['getProvider']>> =>
      core.call(meta.getProvider, input, options),
    /**
     * Change a provider.
     *
     * For ADMINs, and for the provider. `state_licenses` replaces the list as a whole. A stale `If-Match` answers 412. The audit trail says that the DEA number changed, not what it was.
     *
     * `PATCH /api/organizations/{org_id}/providers/{provider_id}`
     */
    update: (input: Input<operations['updateProvider']>, options?: RequestOptions): Promise<Output<operations['updateProvider']>> =>
      core.call(meta.updateProvider, input, options),
    /**
     * Delete a provider.
     *
     * The person stays a member, and leaves the care teams. CONFLICT while appointments are booked, and while the profile serves another organization too: remove the member instead.
     *
     * `DELETE /api/organizations/{org_id}/providers/{provider_id}`
     */
    delete: (input: Input<operations['deleteProvider']>, options?: RequestOptions): Promise<Output<operations['deleteProvider']>> =>
      core.call(meta.deleteProvider, input, options),
  },
  staff: {
    /**
     * The organization's staff profiles.
     *
     * In the order in which they joined the organization.
     *
     * `GET /api/organizations/{org_id}/staff`
     */
    list: (input: Input<operations['listStaff']>, options?: RequestOptions): PagePromise<Item<operations['listStaff']>> =>
      core.page(meta.listStaff, input, options),
    /**
     * Give a member a staff profile.
     *
     * The person must be a member already (NOT_FOUND otherwise), and has one profile at most (CONFLICT).
     *
     * `POST /api/organizations/{org_id}/staff`
     */
    create: (input: Input<operations['createStaff']>, options?: RequestOptions): Promise<Output<operations['createStaff']>> =>
      core.call(meta.createStaff, input, options),
    /**
     * One staff profile.
     *
     * For ADMINs, and for the person whose profile it is.
     *
     * `GET /api/organizations/{org_id}/staff/{staff_id}`
     */
    get: (input: Input<operations['getStaff']>, options?: RequestOptions): Promise<Output<operations['getStaff']>> =>
      core.call(meta.getStaff, input, options),
    /**
     * Change a staff profile.
     *
     * What is left out stays; null empties.
     *
     * `PATCH /api/organizations/{org_id}/staff/{staff_id}`
     */
    update: (input: Input<operations['updateStaff']>, options?: RequestOptions): Promise<Output<operations['updateStaff']>> =>
      core.call(meta.updateStaff, input, options),
    /**
     * Delete a staff profile.
     *
     * The person stays a member. CONFLICT while the profile serves another organization too: remove the member instead.
     *
     * `DELETE /api/organizations/{org_id}/staff/{staff_id}`
     */
    delete: (input: Input<operations['deleteStaff']>, options?: RequestOptions): Promise<Output<operations['deleteStaff']>> =>
      core.call(meta.deleteStaff, input, options),
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
     * Archive a thread, or mark it read or unread.
     *
     * For the caller alone; the other participants see no difference, except who has read what. `mark_unread` makes the latest message of somebody else unread again. An archived thread comes back with the next message of somebody else.
     *
     * `PATCH /api/organizations/{org_id}/messages/{thread_id}`
     */
    update: (input: Input<operations['updateThread']>, options?: RequestOptions): Promise<Output<operations['updateThread']>> =>
      core.call(meta.updateThread, input, options),
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
  tasks: {
    /**
     * An organization's tasks, what is due first.
     *
     * Ordered by due time, those without one last, then id.
     *
     * `GET /api/organizations/{org_id}/tasks`
     */
    list: (input: Input<operations['listTasks']>, options?: RequestOptions): PagePromise<Item<operations['listTasks']>> =>
      core.page(meta.listTasks, input, options),
    /**
     * Make a task.
     *
     * For a member who may see tasks, or for nobody yet. What it is about must be of this organization. The assignee, unless that is who made it, gets a notification.
     *
     * `POST /api/organizations/{org_id}/tasks`
     */
    create: (input: Input<operations['createTask']>, options?: RequestOptions): Promise<Output<operations['createTask']>> =>
      core.call(meta.createTask, input, options),
    /**
     * Change, assign, complete, cancel or reopen a task.
     *
     * What is left out stays, null empties. COMPLETED stamps `completed_at`, any other status empties it. With `If-Match`, a stale version answers 412. A new assignee, unless that is who changed it, gets a notification.
     *
     * `PATCH /api/organizations/{org_id}/tasks/{task_id}`
     */
    update: (input: Input<operations['updateTask']>, options?: RequestOptions): Promise<Output<operations['updateTask']>> =>
      core.call(meta.updateTask, input, options),
  },
  calls: {
    /**
     * Who waits, the first comer first.
     *
     * By `entered_queue_at`, then id. The averages are of the last 24 hours, and of the whole queue, whatever the page. A queue entry's id is its call's.
     *
     * `GET /api/call-center/queue`
     */
    queue: (input?: Input<operations['listCallQueue']>, options?: RequestOptions): PagePromise<Item<operations['listCallQueue']>, Output<operations['listCallQueue']>> =>
      core.page(meta.listCallQueue, input, options),
    /**
     * Take the caller who waits longest.
     *
     * First come, first served: a queue entry can be taken when nobody waits longer, and by one agent. CONFLICT when another agent was faster (named in `assignee`), the caller hung up, somebody waits longer, or the agent is in a call already.
     *
     * `POST /api/call-center/queue/{queue_id}/accept`
     */
    accept: (input: Input<operations['acceptCall']>, options?: RequestOptions): Promise<Output<operations['acceptCall']>> =>
      core.call(meta.acceptCall, input, options),
    /**
     * The caller hung up before anybody answered.
     *
     * For the telephony bridge: the call becomes MISSED. Said again, it changes nothing. INVALID_TRANSITION once it was answered.
     *
     * `POST /api/call-center/queue/{queue_id}/hang-up`
     */
    hangUp: (input: Input<operations['hangUpQueuedCall']>, options?: RequestOptions): Promise<Output<operations['hangUpQueuedCall']>> =>
      core.call(meta.hangUpQueuedCall, input, options),
    /**
     * Put a caller into the queue.
     *
     * For a telephony bridge with an API key, or by hand. `caller_id` is kept as E.164, read as of the organization's country where it has no country code; left out for a withheld number. When exactly one patient here has that number, the call is that patient's; several are listed as `candidates` and none is chosen. Every free agent gets `call.incoming`.
     *
     * `POST /api/call-center/calls/inbound`
     */
    enqueueInbound: (input: Input<operations['enqueueInboundCall']>, options?: RequestOptions): Promise<Output<operations['enqueueInboundCall']>> =>
      core.call(meta.enqueueInboundCall, input, options),
    /**
     * Call a patient.
     *
     * To a telephone number of the patient that is marked safe. At most 3 attempts on a patient in a day of the organization's time zone. The call is INITIATING until `updateCall` says that it was answered, or `completeCall` ends it. CONFLICT while the agent is in another call.
     *
     * `POST /api/call-center/calls/outbound`
     */
    startOutbound: (input: Input<operations['startOutboundCall']>, options?: RequestOptions): Promise<Output<operations['startOutboundCall']>> =>
      core.call(meta.startOutboundCall, input, options),
    /**
     * The caller's own calls, the newest first.
     *
     * Ordered by `created_at` descending, then id descending.
     *
     * `GET /api/call-center/calls/recent`
     */
    recent: (input?: Input<operations['listRecentCalls']>, options?: RequestOptions): PagePromise<Item<operations['listRecentCalls']>> =>
      core.page(meta.listRecentCalls, input, options),
    /**
     * One call, with its follow-up tasks.
     *
     * `candidates` are the patients whose number it is, while none is chosen.
     *
     * `GET /api/call-center/calls/{call_id}`
     */
    get: (input: Input<operations['getCall']>, options?: RequestOptions): Promise<Output<operations['getCall']>> =>
      core.call(meta.getCall, input, options),
    /**
     * Note what came of a call, and whose it was.
     *
     * What is left out stays, null empties. An agent changes the own calls, ADMIN and API keys every one. `status` says that the other side has answered an outbound call: the duration counts from then. With `If-Match`, a stale version answers 412.
     *
     * `PATCH /api/call-center/calls/{call_id}`
     */
    update: (input: Input<operations['updateCall']>, options?: RequestOptions): Promise<Output<operations['updateCall']>> =>
      core.call(meta.updateCall, input, options),
    /**
     * End a call.
     *
     * Computes its duration. An agent ends the own calls, ADMIN and API keys every one. VOICEMAIL and MISSED are for outbound calls: a message was left, nobody answered. The agent and the organization get `call.completed`. INVALID_TRANSITION for a call that waits or is over.
     *
     * `POST /api/call-center/calls/{call_id}/complete`
     */
    complete: (input: Input<operations['completeCall']>, options?: RequestOptions): Promise<Output<operations['completeCall']>> =>
      core.call(meta.completeCall, input, options),
    /**
     * A follow-up of a call.
     *
     * A task about the call, for a member who may see tasks, or for nobody yet. The assignee, unless that is who made it, gets a notification.
     *
     * `POST /api/call-center/calls/{call_id}/tasks`
     */
    createTask: (input: Input<operations['createCallTask']>, options?: RequestOptions): Promise<Output<operations['createCallTask']>> =>
      core.call(meta.createCallTask, input, options),
    /**
     * Hand in the recording of a call.
     *
     * For the telephony bridge. Answers a link, good for 15 minutes, to which the recording is sent by PUT with the headers given; once it is there, `getCallRecordingUrl` has it. CONFLICT when the call has one.
     *
     * `POST /api/call-center/calls/{call_id}/recording`
     */
    createRecordingUpload: (input: Input<operations['createCallRecordingUpload']>, options?: RequestOptions): Promise<Output<operations['createCallRecordingUpload']>> =>
      core.call(meta.createCallRecordingUpload, input, options),
    /**
     * Take the recording of a call away.
     *
     * Deletes the file for good; that there was one is kept. Done again, it changes nothing.
     *
     * `DELETE /api/call-center/calls/{call_id}/recording`
     */
    redactRecording: (input: Input<operations['redactCallRecording']>, options?: RequestOptions): Promise<Output<operations['redactCallRecording']>> =>
      core.call(meta.redactCallRecording, input, options),
    /**
     * A link to the recording of a call.
     *
     * Good for 15 minutes. RECORDING_NOT_AVAILABLE when there is none, RECORDING_REDACTED once it was taken away.
     *
     * `GET /api/call-center/calls/{call_id}/recording-url`
     */
    getRecordingUrl: (input: Input<operations['getCallRecordingUrl']>, options?: RequestOptions): Promise<Output<operations['getCallRecordingUrl']>> =>
      core.call(meta.getCallRecordingUrl, input, options),
    /**
     * A patient's calls, the newest first.
     *
     * Those of this organization, whoever called whom. Ordered by `created_at` descending, then id descending.
     *
     * `GET /api/call-center/patients/{patient_id}/call-history`
     */
    history: (input: Input<operations['listPatientCalls']>, options?: RequestOptions): PagePromise<Item<operations['listPatientCalls']>> =>
      core.page(meta.listPatientCalls, input, options),
  },
  documents: {
    /**
     * Begin to upload a document.
     *
     * Answers a link, good for 15 minutes, to which the file is sent by PUT with the headers given; then comes `completeDocumentUpload`. Until then the document shows nowhere. pdf, jpg, png, gif, doc, docx, xls, xlsx, txt and csv, at most 50 MB. Patients upload for themselves, not once they are discharged.
     *
     * `POST /api/organizations/{org_id}/documents/upload-url`
     */
    createUpload: (input: Input<operations['createDocumentUpload']>, options?: RequestOptions): Promise<Output<operations['createDocumentUpload']>> =>
      core.call(meta.createDocumentUpload, input, options),
    /**
     * One document, with the text that was found in it.
     *
     * Text is read from pdf, txt and csv, once the scan has found them clean.
     *
     * `GET /api/organizations/{org_id}/documents/{document_id}`
     */
    get: (input: Input<operations['getDocument']>, options?: RequestOptions): Promise<Output<operations['getDocument']>> =>
      core.call(meta.getDocument, input, options),
    /**
     * Delete a document.
     *
     * It shows no longer, and cannot be downloaded. The file itself is kept, as records must be.
     *
     * `DELETE /api/organizations/{org_id}/documents/{document_id}`
     */
    delete: (input: Input<operations['deleteDocument']>, options?: RequestOptions): Promise<Output<operations['deleteDocument']>> =>
      core.call(meta.deleteDocument, input, options),
    /**
     * Finish the upload of a document.
     *
     * Checks that the file has the announced size and type, by its content, and the SHA-256 that the caller has sent it with; then queues its scan. What fails a check is thrown away, and the link takes another try. Once complete, it answers the document.
     *
     * `POST /api/organizations/{org_id}/documents/{document_id}/complete`
     */
    completeUpload: (input: Input<operations['completeDocumentUpload']>, options?: RequestOptions): Promise<Output<operations['completeDocumentUpload']>> =>
      core.call(meta.completeDocumentUpload, input, options),
    /**
     * A link to download a document.
     *
     * Good for 15 minutes. Only of a file that the scan has found clean; where the server has no scanner, its operator can allow what is not scanned. An infected file is quarantined and nobody can download it.
     *
     * `GET /api/organizations/{org_id}/documents/{document_id}/download-url`
     */
    getDownloadUrl: (input: Input<operations['getDocumentDownloadUrl']>, options?: RequestOptions): Promise<Output<operations['getDocumentDownloadUrl']>> =>
      core.call(meta.getDocumentDownloadUrl, input, options),
    /**
     * A patient's documents, the newest first.
     *
     * Those of this organization. Ordered by `created_at` descending, then id descending.
     *
     * `GET /api/organizations/{org_id}/patients/{patient_id}/documents`
     */
    list: (input: Input<operations['listPatientDocuments']>, options?: RequestOptions): PagePromise<Item<operations['listPatientDocuments']>> =>
      core.page(meta.listPatientDocuments, input, options),
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
     * The queue, by what is due next.
     *
     * The unanswered first, by `first_response_due_at`; then the others, by `resolution_due_at`; then by id. Without `status`, the tickets that are neither RESOLVED nor CLOSED. `view` narrows: `mine` to the caller's, `unassigned` to nobody's, `breaching` to those that are `overdue`. The other filters narrow further.
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
     * Change status, urgency, category, assignee or tags.
     *
     * Needs `If-Match` with the version last seen; a stale one overwrites nothing and answers 412 with `current_version` and `changes`: who changed what since. OPEN goes to IN_PROGRESS; IN_PROGRESS to WAITING_ON_USER or RESOLVED; WAITING_ON_USER to IN_PROGRESS; RESOLVED to CLOSED. A CLOSED ticket does not change any more. A new urgency counts its due times from the ticket's creation; the first response's only as long as nobody has answered. Both clocks stand still while the ticket is WAITING_ON_USER or RESOLVED. Emits `ticket.updated`, and `ticket.resolved` to the owner.
     *
     * `PATCH /api/admin/support/tickets/{ticket_id}`
     */
    update: (input: Input<operations['updateTicket']>, options?: RequestOptions): Promise<Output<operations['updateTicket']>> =>
      core.call(meta.updateTicket, input, options),
    /**
     * Reply to the owner, or leave an internal note.
     *
     * `is_internal_note` must be said each time. A note reaches the desk only and may be left on a CLOSED ticket too. The first reply stamps `first_responded_at` and takes an OPEN ticket to IN_PROGRESS; `status`, when given, is judged from there. Emits `ticket.desk_message` to the desk, and a reply `ticket.reply` to the owner.
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
     * Say that one has the ticket open.
     *
     * Holds for 30 seconds: repeat it while the ticket is open, say GONE when it is left. Answers who else is there. Emits `ticket.presence` to the desk when something changed, so a mere repetition is silent.
     *
     * `PUT /api/admin/support/tickets/{ticket_id}/presence`
     */
    touchPresence: (input: Input<operations['touchTicketPresence']>, options?: RequestOptions): Promise<Output<operations['touchTicketPresence']>> =>
      core.call(meta.touchTicketPresence, input, options),
    /**
     * Every change of a ticket, who and when.
     *
     * The oldest first. Nothing of it ever changes or goes away, and no text of a message or a note is in it.
     *
     * `GET /api/admin/support/tickets/{ticket_id}/timeline`
     */
    timeline: (input: Input<operations['getTicketTimeline']>, options?: RequestOptions): PagePromise<Item<operations['getTicketTimeline']>> =>
      core.page(meta.getTicketTimeline, input, options),
    /**
     * Merge a ticket into another one.
     *
     * Into a ticket of the same person or the same organization. This ticket is CLOSED and says where it went; both keep their numbers, and the other one shows this one's messages to the desk, and to an owner who owns both. For 10 minutes `unmergeTicket` takes it back. The owner is told. Emits `ticket.updated` for both.
     *
     * `POST /api/admin/support/tickets/{ticket_id}/merge`
     */
    merge: (input: Input<operations['mergeTicket']>, options?: RequestOptions): Promise<Output<operations['mergeTicket']>> =>
      core.call(meta.mergeTicket, input, options),
    /**
     * Take a merge back.
     *
     * Within 10 minutes. The ticket stands where it stood before, its clocks included; they ran meanwhile.
     *
     * `POST /api/admin/support/tickets/{ticket_id}/unmerge`
     */
    unmerge: (input: Input<operations['unmergeTicket']>, options?: RequestOptions): Promise<Output<operations['unmergeTicket']>> =>
      core.call(meta.unmergeTicket, input, options),
    /**
     * Find tickets by their words.
     *
     * Searches subject, body, messages and internal notes of every ticket, whatever its status. The best match first, then by id; a ticket whose number is asked for comes before all others. The last word may be unfinished.
     *
     * `GET /api/admin/support/search`
     */
    search: (input: Input<operations['searchTickets']>, options?: RequestOptions): PagePromise<Item<operations['searchTickets']>> =>
      core.page(meta.searchTickets, input, options),
    /**
     * How many tickets each view holds.
     *
     * Cheap enough to ask after every event.
     *
     * `GET /api/admin/support/counts`
     */
    counts: (input?: Input<operations['getTicketCounts']>, options?: RequestOptions): Promise<Output<operations['getTicketCounts']>> =>
      core.call(meta.getTicketCounts, input, options),
    /**
     * How the queue stands.
     *
     * The counts are of the tickets that are neither RESOLVED nor CLOSED. The percentiles and each agent's `resolved` are of the tickets first answered, or resolved, in the last `days`; the series has one entry a day (UTC), the latest last. Resolution times leave out what was spent waiting on the owner.
     *
     * `GET /api/admin/support/stats`
     */
    stats: (input?: Input<operations['getSupportStats']>, options?: RequestOptions): Promise<Output<operations['getSupportStats']>> =>
      core.call(meta.getSupportStats, input, options),
  },
  macros: {
    /**
     * The canned answers.
     *
     * Ordered by title, then id.
     *
     * `GET /api/admin/support/macros`
     */
    list: (input?: Input<operations['listMacros']>, options?: RequestOptions): PagePromise<Item<operations['listMacros']>> =>
      core.page(meta.listMacros, input, options),
    /**
     * Make a canned answer.
     *
     * A body may hold placeholders: `{{requester.name}}`, `{{requester.first_name}}`, `{{ticket.number}}`, `{{ticket.subject}}`, `{{ticket.status}}`, `{{ticket.urgency}}`, `{{ticket.category}}`, `{{agent.name}}`, `{{agent.first_name}}` and `{{organization.name}}`. An unknown one is refused with 422.
     *
     * `POST /api/admin/support/macros`
     */
    create: (input: Input<operations['createMacro']>, options?: RequestOptions): Promise<Output<operations['createMacro']>> =>
      core.call(meta.createMacro, input, options),
    /**
     * Change a canned answer.
     *
     * What is left out stays. A stale `If-Match` answers 412 and changes nothing.
     *
     * `PATCH /api/admin/support/macros/{macro_id}`
     */
    update: (input: Input<operations['updateMacro']>, options?: RequestOptions): Promise<Output<operations['updateMacro']>> =>
      core.call(meta.updateMacro, input, options),
    /**
     * Delete a canned answer.
     *
     * What it wrote stays, and so does its name in timelines.
     *
     * `DELETE /api/admin/support/macros/{macro_id}`
     */
    delete: (input: Input<operations['deleteMacro']>, options?: RequestOptions): Promise<Output<operations['deleteMacro']>> =>
      core.call(meta.deleteMacro, input, options),
    /**
     * What a macro would do to a ticket.
     *
     * Changes nothing. The text is what the ticket's owner, or the desk, would read.
     *
     * `GET /api/admin/support/macros/{macro_id}/preview`
     */
    preview: (input: Input<operations['previewMacro']>, options?: RequestOptions): Promise<Output<operations['previewMacro']>> =>
      core.call(meta.previewMacro, input, options),
    /**
     * Use a macro on one ticket or up to 100.
     *
     * Each ticket stands for itself: one that refuses (closed, gone, changed since `version`, a status that cannot be reached) is left as it is and says why, the others go on. Each changed ticket has its own row in the audit trail and in its timeline, and tells its owner as a reply does. A status that OPEN cannot reach by itself is reached when the macro replies.
     *
     * `POST /api/admin/support/macros/{macro_id}/apply`
     */
    apply: (input: Input<operations['applyMacro']>, options?: RequestOptions): Promise<Output<operations['applyMacro']>> =>
      core.call(meta.applyMacro, input, options),
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
    /**
     * The audit trail as a file.
     *
     * What listAuditLogs lists, all of it, as CSV or, by `Accept: application/x-ndjson`, one JSON object a line. Written while it is read. The last line is a trailer: in CSV `END`, the number of rows, and the SHA-256 of every byte before that line; in NDJSON `{"end":true,"rows":…,"sha256":"…"}`. An export without it broke off and is not whole. CSV fields that a spreadsheet would take for a formula begin with `'`.
     *
     * `GET /api/admin/audit-logs/export`
     */
    exportAuditLogs: (input?: Input<operations['exportAuditLogs']>, options?: TextOptions<operations['exportAuditLogs']>): Promise<TextBody> =>
      core.text(meta.exportAuditLogs, input, options),
    /**
     * Check that nobody rewrote the audit trail.
     *
     * Compares the rows, every organization's, with the seals that a job puts on them, and says which range is the first that was changed, removed from or added to. The chain of seals is checked whole; rows only under the seals of the given days. A seal that was kept outside (`seal_number`, `seal_hash`) finds even a chain that was made anew.
     *
     * `GET /api/admin/audit-logs/integrity`
     */
    verifyAuditIntegrity: (input?: Input<operations['verifyAuditIntegrity']>, options?: RequestOptions): Promise<Output<operations['verifyAuditIntegrity']>> =>
      core.call(meta.verifyAuditIntegrity, input, options),
  },
  superAdmin: {
    /**
     * Every organization.
     *
     * Ordered by name, then id. Deleted ones are left out.
     *
     * `GET /api/super-admin/organizations`
     */
    organizations: (input?: Input<operations['listAllOrganizations']>, options?: RequestOptions): PagePromise<Item<operations['listAllOrganizations']>> =>
      core.page(meta.listAllOrganizations, input, options),
    /**
     * Close an organization to everyone in it.
     *
     * Members, patients and proxies are refused there from the next request on; open streams of the organization close. Nothing is deleted. One that is suspended already answers 409.
     *
     * `POST /api/super-admin/organizations/{org_id}/suspend`
     */
    suspendOrganization: (input: Input<operations['suspendOrganization']>, options?: RequestOptions): Promise<Output<operations['suspendOrganization']>> =>
      core.call(meta.suspendOrganization, input, options),
    /**
     * Open a suspended organization again.
     *
     * One that is not suspended answers 409.
     *
     * `POST /api/super-admin/organizations/{org_id}/reactivate`
     */
    reactivateOrganization: (input: Input<operations['reactivateOrganization']>, options?: RequestOptions): Promise<Output<operations['reactivateOrganization']>> =>
      core.call(meta.reactivateOrganization, input, options),
    /**
     * Every account.
     *
     * Newest first, then by id. Deleted ones are left out. `status` tells what counts most: a suspended account that is also locked is SUSPENDED.
     *
     * `GET /api/super-admin/users`
     */
    users: (input?: Input<operations['listAllUsers']>, options?: RequestOptions): PagePromise<Item<operations['listAllUsers']>> =>
      core.page(meta.listAllUsers, input, options),
    /**
     * One account.
     *
     * With its lockout, its organizations by name, and its live sessions, the last used first (the first 100).
     *
     * `GET /api/super-admin/users/{user_id}`
     */
    user: (input: Input<operations['getUser']>, options?: RequestOptions): Promise<Output<operations['getUser']>> =>
      core.call(meta.getUser, input, options),
    /**
     * Lift a lockout.
     *
     * Also forgets the failed sign-ins. An account that is not locked stays as it is.
     *
     * `POST /api/super-admin/users/{user_id}/unlock`
     */
    unlockUser: (input: Input<operations['unlockUser']>, options?: RequestOptions): Promise<Output<operations['unlockUser']>> =>
      core.call(meta.unlockUser, input, options),
    /**
     * Suspend an account.
     *
     * Its sessions die and its streams close at once; sign-in is refused until it is reactivated. Nobody can suspend themselves, and the last super-admin cannot be suspended (409).
     *
     * `POST /api/super-admin/users/{user_id}/suspend`
     */
    suspendUser: (input: Input<operations['suspendUser']>, options?: RequestOptions): Promise<Output<operations['suspendUser']>> =>
      core.call(meta.suspendUser, input, options),
    /**
     * Let a suspended account in again.
     *
     * Old sessions stay dead. An account that is not suspended answers 409.
     *
     * `POST /api/super-admin/users/{user_id}/reactivate`
     */
    reactivateUser: (input: Input<operations['reactivateUser']>, options?: RequestOptions): Promise<Output<operations['reactivateUser']>> =>
      core.call(meta.reactivateUser, input, options),
    /**
     * Make somebody choose a new password.
     *
     * Its sessions die, the old password opens nothing any more, and a link for a new one is mailed.
     *
     * `POST /api/super-admin/users/{user_id}/force-password-reset`
     */
    forcePasswordReset: (input: Input<operations['forcePasswordReset']>, options?: RequestOptions): Promise<Output<operations['forcePasswordReset']>> =>
      core.call(meta.forcePasswordReset, input, options),
  },
  system: {
    /**
     * How the whole system is doing.
     *
     * Every dependency with its time, the pools, the queue of jobs, the outbox, the seals, webhooks, open streams, and every server and worker that is there. `problems` says in words what is wrong; without any, `status` is `ok`. A part that cannot be read is null. The figures are at most a few seconds old.
     *
     * `GET /api/super-admin/system/health`
     */
    health: (input?: Input<operations['getSystemHealth']>, options?: RequestOptions): Promise<Output<operations['getSystemHealth']>> =>
      core.call(meta.getSystemHealth, input, options),
    /**
     * How many requests there were, how fast and how well they were answered.
     *
     * Measured by every server, added up, and kept in the database: restarts lose nothing. Up to the last full minute. Probes of `/health` and `/health/deep` do not count. Percentiles are exact to 10 %.
     *
     * `GET /api/super-admin/system/metrics`
     */
    metrics: (input?: Input<operations['getSystemMetrics']>, options?: RequestOptions): Promise<Output<operations['getSystemMetrics']>> =>
      core.call(meta.getSystemMetrics, input, options),
  },
  jobs: {
    /**
     * The work that is done behind the requests.
     *
     * Jobs that failed for good, unless asked otherwise: they wait here for `retryJob`, for 14 days. Ordered by `created_at` descending, then id descending. What a job carries is not shown.
     *
     * `GET /api/super-admin/jobs`
     */
    list: (input?: Input<operations['listJobs']>, options?: RequestOptions): PagePromise<Item<operations['listJobs']>> =>
      core.page(meta.listJobs, input, options),
    /**
     * Run a failed job once more.
     *
     * Only one that failed for good; any other answers 409. It gets one further attempt.
     *
     * `POST /api/super-admin/jobs/{job_id}/retry`
     */
    retry: (input: Input<operations['retryJob']>, options?: RequestOptions): Promise<Output<operations['retryJob']>> =>
      core.call(meta.retryJob, input, options),
  },
  telemetry: {
    /**
     * Record usage events.
     *
     * One event, or up to 100 in one call; all or none are kept. The answer comes once they are stored. Properties carry no health information: at most 50, nested at most three deep, at most 8,192 bytes as JSON. The server notes the person, the address and the program. An event with an `event_id` is kept once, however often it is sent with the same `occurred_at`: so a batch whose answer did not arrive can be sent again. A server that has too much to store answers 503 with Retry-After at once, and keeps nothing of it.
     *
     * `POST /api/telemetry`
     */
    record: (input: Input<operations['recordTelemetry']>, options?: RequestOptions): Promise<Output<operations['recordTelemetry']>> =>
      core.call(meta.recordTelemetry, input, options),
    /**
     * The most frequent usage events.
     *
     * Of the whole platform, counted by the hour of `occurred_at`: the hour that runs and those of the period before it. The most frequent first, equal ones by name.
     *
     * `GET /api/super-admin/telemetry/top`
     */
    top: (input?: Input<operations['getTopTelemetry']>, options?: RequestOptions): Promise<Output<operations['getTopTelemetry']>> =>
      core.call(meta.getTopTelemetry, input, options),
  },
})

export type Resources = ReturnType<typeof createResources>
