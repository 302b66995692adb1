// Generated from openapi.yaml by `npm run gen`. Never edit.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the process alive
         * @description Liveness. Touches nothing but the process itself.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/deep": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is it ready to serve
         * @description Readiness. Asks the database and every configured dependency at once, each with a time limit of its own; what was learned serves again for a short while. When one is away that the server cannot serve without (`database`, `keys`) the answer is 503 and its `detail` names it; when another one is, 200 with `degraded`. A server that stops answers 503.
         */
        get: operations["getDeepHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The keys that verify access tokens
         * @description A JSON Web Key Set (RFC 7517). Keep it for as long as `Cache-Control` says, and look again for an unknown `kid`.
         */
        get: operations["getJwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new account, signed in
         * @description The password has at least 12 characters and is not a common one (422 otherwise). An e-mail address belongs to one account, whatever its case.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with a password
         * @description Answers tokens, or an MFA challenge for an account with multi-factor authentication; `result` says which. An unknown address, a wrong password and a wrong password on a locked account are the same 401, in the same time. Only the right password learns that an account is locked (403 with `retry_after`), suspended, or must reset its password. Five failures lock the account for 15 minutes, further ones for longer.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/mfa/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish a challenged sign-in
         * @description Takes the challenge of login with a TOTP code or one backup code. A code works once, and so does a challenge. A wrong code is 401 and counts towards the lockout; a challenge takes five tries within five minutes.
         */
        post: operations["completeMfaChallenge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/step-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm with a fresh MFA code
         * @description Makes the session strong for 10 minutes, as a code given at sign-in does. Operations that answer STEP_UP_REQUIRED need it. 409 when multi-factor authentication is not set up.
         */
        post: operations["stepUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * New tokens for a refresh token
         * @description Each refresh token works once. Using an older one again revokes the whole session, because somebody else may hold it.
         */
        post: operations["refreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Revokes the current session at once, its access token included.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a password reset
         * @description Mails a link for one use within an hour when the address has an account. The answer and its time are the same when it has none. At most three links of an account are open at once. A link is `/reset-password#token=…` under the server's PUBLIC_URL; the page there sends the token to resetPassword.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a new password with the mailed token
         * @description The token works once; 401 when it is unknown, used or expired. Ends every session of the person, and the lockout. A weak password is 422 and leaves the token as it was.
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Needs the current one; a wrong one counts towards the lockout. Ends the other sessions of the person.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who am I, and what may I do
         * @description Profile, platform roles, memberships, and the patients reachable as oneself or as a proxy. `impersonation` is set while an administrator looks through this account. Open before the consents are signed.
         */
        get: operations["getCurrentUser"];
        put?: never;
        post?: never;
        /**
         * Close one's account
         * @description Needs the password; a wrong one counts towards the lockout. Ends memberships, role profiles, access as a proxy, sessions and devices. The care record stays with the practice and the audit trail as it is. The last ADMIN of an organization cannot leave (LAST_ADMIN).
         */
        delete: operations["deleteCurrentUser"];
        options?: never;
        head?: never;
        /**
         * Change one's name or time zone
         * @description What is left out stays.
         */
        patch: operations["updateCurrentUser"];
        trace?: never;
    };
    "/api/users/me/proxy/patients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whom one acts for
         * @description By name: every patient to whom one has live access as a proxy, with permissions and end. Nobody while impersonating.
         */
        get: operations["listProxyPatients"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One's open sessions
         * @description Where the person is signed in, the newest sign-in first.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Signs a device out, the current one too if it is named. Takes effect on the session's next request, on every server.
         */
        delete: operations["revokeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for one's own data
         * @description Everything that is kept of the person, as the law gives a right to: profile, sessions, consents, notifications, support tickets, and what each practice keeps of the patient that the person is. A job builds a ZIP; a notification tells when it is there. One at a time.
         */
        post: operations["requestDataExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/exports/{export_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far one's export is, and where to get it
         * @description `download_url` is there while the export is READY. It works without further credentials for 15 minutes; ask again for a new one. The file is deleted 7 days after it was finished.
         */
        get: operations["getDataExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/communication-preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What one may be contacted about
         * @description The consents of the Telephone Consumer Protection Act (TCPA).
         */
        get: operations["getCommunicationPreferences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change what one may be contacted about
         * @description What is left out stays. Without `transactional_consent` there are no reminders, billing alerts or calls; mail about the account's own security still comes.
         */
        patch: operations["updateCommunicationPreferences"];
        trace?: never;
    };
    "/api/users/me/appointments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One's own visits and those of the patients one acts for
         * @description In every organization, by start, then id. A proxy sees those of patients to whom the access is live. With `Accept: text/calendar` the same page as an iCalendar file, without reasons.
         */
        get: operations["listMyAppointments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/device-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register a device for push messages
         * @description Registering again keeps the device and notes that it is in use. A device that somebody else had registered changes hands.
         */
        post: operations["registerDeviceToken"];
        /**
         * Take a device off push messages
         * @description Also answers 204 when it was not registered.
         */
        delete: operations["removeDeviceToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/mfa": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Turn multi-factor authentication off
         * @description Needs the password; a wrong one counts towards the lockout. Whoever holds an organization or platform role keeps it (MFA_REQUIRED_FOR_ROLE). 409 when it is not on.
         */
        delete: operations["disableMfa"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/mfa/backup-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * New backup codes
         * @description Needs the password; a wrong one counts towards the lockout. The old codes stop working. 409 when multi-factor authentication is not on.
         */
        post: operations["regenerateMfaBackupCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's notifications
         * @description Newest first, then by id. `unread_count` counts all that are unread, whatever the filter.
         */
        get: operations["listNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/notifications/mark-all-read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark all read, up to an instant
         * @description What came after `before` stays unread: give the time of the newest one that was shown.
         */
        post: operations["markAllNotificationsRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/notifications/{notification_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete one
         * @description It is gone from every list and count.
         */
        delete: operations["deleteNotification"];
        options?: never;
        head?: never;
        /**
         * Mark one read or unread
         * @description Changes nothing when it is so already.
         */
        patch: operations["updateNotification"];
        trace?: never;
    };
    "/api/users/me/mfa/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin setting up multi-factor authentication
         * @description Answers the secret and 8 backup codes, shown this once. Nothing changes until verify confirms a code within 15 minutes; beginning again replaces what is pending. 409 when it is already on.
         */
        post: operations["setupMfa"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/mfa/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn multi-factor authentication on
         * @description Confirms the pending setup with a code of the authenticator. The session counts as freshly confirmed. 409 when it is already on or nothing is pending.
         */
        post: operations["verifyMfa"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a document
         * @description The server notes time and address. Signing again answers the first signature. A version that is not in force cannot be signed (409).
         */
        post: operations["recordConsent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/consent/required": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is still to sign
         * @description The documents in force that the person has not signed, by type. Empty when the consent gate is open. One page.
         */
        get: operations["listRequiredConsents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/consent/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What one has signed
         * @description Every signature, also of versions that are no longer in force. Newest first, then by id.
         */
        get: operations["listConsentHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/consent/documents/{document_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The text of a document
         * @description Any version, also one that is no longer in force.
         */
        get: operations["getConsentDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organizations one works in
         * @description Ordered by name, then id. Those where the caller is a member, with the role there.
         */
        get: operations["listOrganizations"];
        put?: never;
        /**
         * A new organization
         * @description The caller becomes its ADMIN.
         */
        post: operations["createOrganization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One organization
         * @description For its members and for super-admins.
         */
        get: operations["getOrganization"];
        put?: never;
        post?: never;
        /**
         * Delete an organization
         * @description Everything in it answers 404 from now on: for its members, whose streams close, its patients and its API keys. Its subscription ends.
         */
        delete: operations["deleteOrganization"];
        options?: never;
        head?: never;
        /**
         * Change an organization
         * @description Only what is sent changes; `settings` replaces the settings as a whole.
         */
        patch: operations["updateOrganization"];
        trace?: never;
    };
    "/api/organizations/{org_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An organization's members
         * @description In the order in which they joined.
         */
        get: operations["listMembers"];
        put?: never;
        /**
         * Invite somebody
         * @description Mails a link that is good for 7 days. Whoever opens it, signed in, becomes a member with this role.
         */
        post: operations["inviteMember"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/members/{member_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a member
         * @description Access ends at once, open streams and the API keys that they made too. One may remove oneself; the last ADMIN stays.
         */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        /**
         * Change a member's role
         * @description Takes effect on their next request. The last ADMIN cannot be demoted. API keys that a former ADMIN made are refused.
         */
        patch: operations["updateMember"];
        trace?: never;
    };
    "/api/organizations/{org_id}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An organization's invitations
         * @description The newest first. PENDING ones unless asked otherwise; one that ran out is EXPIRED.
         */
        get: operations["listInvitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/invitations/{invitation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel an invitation
         * @description Only one that is still open.
         */
        delete: operations["cancelInvitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/invitations/{invitation_id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an invitation again
         * @description A new link, good for 7 days from now, also when the old one ran out; the old one is void. At most 5 times.
         */
        post: operations["resendInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/invitations/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What an invitation offers
         * @description For whoever holds the link: its token is the credential.
         */
        get: operations["getInvitation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/invitations/{token}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept an invitation
         * @description The caller becomes a member. Another e-mail address than the invited one is no hindrance; the audit trail says so. Roles need multi-factor authentication before they open anything.
         */
        post: operations["acceptInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/invitations/{token}/decline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decline an invitation
         * @description Needs no sign-in: the token is the credential.
         */
        post: operations["declineInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An organization's API keys
         * @description The newest first, revoked and expired ones included; never a secret.
         */
        get: operations["listApiKeys"];
        put?: never;
        /**
         * A new API key
         * @description Send it as `Authorization: Bearer wlk_…`. It acts with its role inside this organization, as long as who made it is a usable ADMIN there. The secret is shown this once.
         */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/api-keys/{api_key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description Its next request is refused, on every server. Revoking again changes nothing.
         */
        delete: operations["revokeApiKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/billing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How an organization's subscription stands
         * @description `writes_until` is when health information can no longer be written: seven days after the payment failed or the subscription ended. Reads stay open.
         */
        get: operations["getOrganizationBilling"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/billing/checkout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A page where an organization subscribes
         * @description Open `url` in a browser; it leads back to `return_url` with `billing=done` or `billing=canceled`. The subscription counts once Stripe has said so, some seconds later. CONFLICT when there is a subscription: change it in the portal.
         */
        post: operations["createOrganizationCheckout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/billing/portal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A page where an organization changes its subscription
         * @description Stripe's customer portal: cards, invoices, cancelling. CONFLICT while nobody has subscribed yet.
         */
        post: operations["createOrganizationPortal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/billing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How a patient's subscription stands
         * @description Nothing of a patient's care depends on it.
         */
        get: operations["getPatientBilling"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/billing/checkout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A page where a patient subscribes
         * @description As for an organization. Stripe learns the patient's id, and nothing else of the patient.
         */
        post: operations["createPatientCheckout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/billing/portal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A page where a patient changes the subscription
         * @description Stripe's customer portal. CONFLICT while nobody has subscribed yet.
         */
        post: operations["createPatientPortal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/stripe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What Stripe tells of its customers
         * @description For Stripe only: the signature in `Stripe-Signature` goes over the bytes of the body, which are checked before they are read. Each event is applied once, in whatever order events come; what does not concern us is answered and forgotten.
         */
        post: operations["handleStripeWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/ai/summarize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Summarize a clinical text
         * @description The text goes to the language model that the server was told to use, and is kept nowhere here: not in the database, not in logs, not for a replay. A summary can be wrong or leave out what matters: it is for a professional who has read the text. Hanging up stops the model.
         */
        post: operations["summarizeText"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/webhook-endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An organization's webhook endpoints
         * @description The newest first; never a secret.
         */
        get: operations["listWebhookEndpoints"];
        put?: never;
        /**
         * A new webhook endpoint
         * @description The organization's events are posted there as JSON, the same `{id, event, data}` as in its stream, signed by the Standard Webhooks scheme: `webhook-id` is the event's id and stays the same over retries and replays, so whoever has seen it skips it. Each arrives at least once, in no promised order. Any 2xx within the time limit is taken for an answer, a redirect is not followed; anything else is tried again, ever more slowly, for 3 days, and not before the time of a Retry-After that comes with 429 or 503 (a day at most). 410 disables the endpoint at once. The secret (`whsec_…`) is shown this once. At most 10 endpoints an organization.
         */
        post: operations["createWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a webhook endpoint
         * @description With its deliveries; nothing more is sent there.
         */
        delete: operations["deleteWebhookEndpoint"];
        options?: never;
        head?: never;
        /**
         * Change, disable or enable a webhook endpoint
         * @description What is left out stays. While an endpoint is disabled nothing new is recorded for it; what waited for its next attempt goes on once it is enabled again.
         */
        patch: operations["updateWebhookEndpoint"];
        trace?: never;
    };
    "/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new secret for a webhook endpoint
         * @description For 24 hours every delivery is signed with both, the new one first; rotating again meanwhile ends the older one at once. The new secret is shown this once.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was sent to a webhook endpoint, and how it went
         * @description The newest first, of the last 30 days, each with its last attempt. Of an answer only its status is kept.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a delivery again
         * @description As a delivery of its own, with the same event and `webhook-id`, retried for 3 days like the first. Refused with CONFLICT while the endpoint is disabled, or while the delivery is still being tried.
         */
        post: operations["replayWebhookDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organization's patients, by name
         * @description Ordered by last name, first name, id. With `search`, the best match first: what begins with the text (last name, first name, MRN), what contains it, what is spelled like it. Two or three letters are taken as a beginning. Lists ACTIVE patients unless `status` says otherwise.
         */
        get: operations["listPatients"];
        put?: never;
        /**
         * A new patient, enrolled here
         * @description The medical record number is unique within the organization; without one the server makes one.
         */
        post: operations["createPatient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One patient, with contact methods and care team
         * @description Also for the patient, and for a proxy with live access.
         */
        get: operations["getPatient"];
        put?: never;
        post?: never;
        /**
         * Delete a patient
         * @description Ends the enrollment here and hides it; the record itself goes when no other organization treats the patient, and with it the portal and the proxies' access. The medical record number is free again. CONFLICT while appointments are booked. The audit trail stays.
         */
        delete: operations["deletePatient"];
        options?: never;
        head?: never;
        /**
         * Change demographics or the MRN
         * @description Patients may change their own name and nothing else of the record. The audit row records old and new values. `If-Match` is optional here; when sent, a stale version answers 412.
         */
        patch: operations["updatePatient"];
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/portal-invitation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite a patient to the portal
         * @description Mails a single-use link that is good for 7 days; earlier ones of this organization are void. Without `email` it goes to the patient's e-mail contact that is safe for automated messages; an address that is marked unsafe is refused (VOICEMAIL_UNSAFE). A patient with a sign-in answers CONFLICT.
         */
        post: operations["invitePatientToPortal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/portal-invitations/{token}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open the portal by a mailed link
         * @description Links the caller's account to the patient, or makes the caller a proxy, as the invitation says. Asks for the patient's date of birth. A wrong date, an unknown, used, replaced or expired link and one with 5 wrong tries all answer the same 404. CONFLICT when the account is another patient's, or the patient has a sign-in.
         */
        post: operations["acceptPortalInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/contact-methods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A patient's contact methods
         * @description By type, the primary first. Also for the patient, and for a proxy with live access.
         */
        get: operations["listContactMethods"];
        put?: never;
        /**
         * Add a contact method
         * @description A number may be written as people of the organization's country (`settings.country`) write it; it is kept in E.164. A new primary takes the place of the old one of its type. Nothing automated goes there until `is_safe_for_voicemail` is true. The same value twice under one type answers CONFLICT, so does a fifty-first contact. Counts the patient's version up.
         */
        post: operations["createContactMethod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/contact-methods/{contact_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a contact method
         * @description Never the last one (CONFLICT): somebody must remain reachable. Another contact does not become the primary by itself.
         */
        delete: operations["deleteContactMethod"];
        options?: never;
        head?: never;
        /**
         * Change a contact method
         * @description What is left out stays; the type cannot change. `is_primary: true` demotes the old primary of the type in the same step. `If-Match` names the version of the contact method; a stale one answers 412 and nothing changes.
         */
        patch: operations["updateContactMethod"];
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/enrollment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A patient's enrollment here
         * @description Record number, status and when care began and ended.
         */
        get: operations["getEnrollment"];
        put?: never;
        /**
         * Enroll a patient, or enroll again
         * @description A patient who was discharged here is restored and keeps the record number unless another is given. Somebody known to the platform and new here is enrolled by id, last name and date of birth together, as the patient tells them: whoever does not match is answered 404, exactly as if there were no such patient; after 5 wrong tries the id answers 404 for a day whatever is sent. The patient is told. ACTIVE here already answers CONFLICT.
         */
        post: operations["enrollPatient"];
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the record number, discharge or restore
         * @description DISCHARGED sets `discharged_at`; the patient stays readable and takes no new appointments, calls or messages. What is booked stays until somebody cancels it. ACTIVE restores.
         */
        patch: operations["updateEnrollment"];
        trace?: never;
    };
    "/api/patients/{patient_id}/organizations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where a patient is in care
         * @description By name of the organization. For the patient, for a proxy with live access, and for a super-admin: the one thing that the platform sees of a patient without impersonation, always audited.
         */
        get: operations["listPatientOrganizations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/proxies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who acts for a patient
         * @description The newest first: whose access is live, whose has run out, and who was invited here and has not answered. Revoked access is history, in the audit trail.
         */
        get: operations["listProxies"];
        put?: never;
        /**
         * Let somebody act for a patient
         * @description Named by e-mail address. Somebody with an account has access at once (ACTIVE) and is told; anybody else is mailed a link, good for 7 days, and has access after giving the patient's date of birth (INVITED). Whoever has live access already, or was invited, answers CONFLICT. Nobody can name themselves.
         */
        post: operations["assignProxy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/proxies/{assignment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a proxy's access
         * @description At once: the next request is refused and open streams close. An invitation that was not answered is void. What was is kept.
         */
        delete: operations["revokeProxy"];
        options?: never;
        head?: never;
        /**
         * Change a proxy's access
         * @description Permissions, relationship, end. Takes effect on the next request; a new end opens access again that had run out.
         */
        patch: operations["updateProxy"];
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/care-team": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A patient's care team here
         * @description The primary first, then in the order of assignment. Also for the patient, and for a proxy with live access.
         */
        get: operations["listCareTeam"];
        put?: never;
        /**
         * Add a provider to the care team
         * @description For ADMINs, and for the patient's primary provider here. A new primary takes the place of the old one in the same step. A provider who is on the team already answers CONFLICT.
         */
        post: operations["addCareTeamMember"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/care-team/{assignment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take a provider off the care team
         * @description The primary with booked appointments of this patient stays (CONFLICT): move or cancel them, or name another primary.
         */
        delete: operations["removeCareTeamMember"];
        options?: never;
        head?: never;
        /**
         * Name the primary, or name none
         * @description For ADMINs, and for the patient's primary provider here. Naming one demotes the old. A primary with booked appointments cannot just step down (CONFLICT): name another.
         */
        patch: operations["updateCareTeamMember"];
        trace?: never;
    };
    "/api/organizations/{org_id}/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organization's providers
         * @description In the order in which they joined the organization. Also for its patients and their proxies, who book with them.
         */
        get: operations["listProviders"];
        put?: never;
        /**
         * Make a member a provider
         * @description The person must be a member already (NOT_FOUND otherwise). The NPI has 10 digits with a check digit and is unique (CONFLICT).
         */
        post: operations["createProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/providers/{provider_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One provider
         * @description The DEA number shows to ADMINs and to the provider; it is null for everybody else.
         */
        get: operations["getProvider"];
        put?: never;
        post?: never;
        /**
         * Delete a provider
         * @description The person stays a member, and leaves the care teams. CONFLICT while appointments are booked, and while the profile serves another organization too: remove the member instead.
         */
        delete: operations["deleteProvider"];
        options?: never;
        head?: never;
        /**
         * Change a provider
         * @description For ADMINs, and for the provider. `state_licenses` replaces the list as a whole. A stale `If-Match` answers 412. The audit trail says that the DEA number changed, not what it was.
         */
        patch: operations["updateProvider"];
        trace?: never;
    };
    "/api/organizations/{org_id}/staff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organization's staff profiles
         * @description In the order in which they joined the organization.
         */
        get: operations["listStaff"];
        put?: never;
        /**
         * Give a member a staff profile
         * @description The person must be a member already (NOT_FOUND otherwise), and has one profile at most (CONFLICT).
         */
        post: operations["createStaff"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/staff/{staff_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One staff profile
         * @description For ADMINs, and for the person whose profile it is.
         */
        get: operations["getStaff"];
        put?: never;
        post?: never;
        /**
         * Delete a staff profile
         * @description The person stays a member. CONFLICT while the profile serves another organization too: remove the member instead.
         */
        delete: operations["deleteStaff"];
        options?: never;
        head?: never;
        /**
         * Change a staff profile
         * @description What is left out stays; null empties.
         */
        patch: operations["updateStaff"];
        trace?: never;
    };
    "/api/organizations/{org_id}/providers/{provider_id}/availability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * When a provider can be booked
         * @description The organization's opening hours in its time zone, daylight saving included, cut into slots of `duration_minutes`, less what the provider is booked for anywhere and less what has begun. A provider without an unexpired licence has none.
         */
        get: operations["getProviderAvailability"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/appointments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organization's appointments, by time
         * @description Ordered by start, then id. Dates are days in the organization's time zone; `date` is short for a `start_date` and `end_date` of the same day and does not go with them.
         */
        get: operations["listAppointments"];
        put?: never;
        /**
         * Book a visit
         * @description Starts in the future and ends before the provider's next one starts: of two bookings that race for a slot one answers 201 and the other 409. Patients book for themselves, proxies with `can_schedule_appointments` for their patients. Emits `appointment.created` to the patient, live proxies and the provider; a visit that is booked more than 24 (2) hours ahead is reminded of 24 (2) hours before it starts.
         */
        post: operations["createAppointment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/appointments/{appointment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One visit, with the times that it had before
         * @description With `Accept: text/calendar` the same visit as an iCalendar file: a stable UID, a SEQUENCE that grows with each change, CANCELLED when it was. Whatever the caller's role, the file holds neither reason nor notes.
         */
        get: operations["getAppointment"];
        put?: never;
        post?: never;
        /**
         * Cancel a visit
         * @description The same as changing its status to CANCELLED: the slot is free again, reminders are off, everybody concerned is told. Patients and proxies only before it starts. The record stays. Emits `appointment.updated`.
         */
        delete: operations["cancelAppointment"];
        options?: never;
        head?: never;
        /**
         * Confirm, close or cancel a visit, or change its details
         * @description SCHEDULED goes to CONFIRMED, CANCELLED, NO_SHOW or COMPLETED; CONFIRMED to the last three; these are final, and any other step is 409 CONFLICT. Of a visit in a final state only the notes still change. CANCELLED needs a `cancellation_reason`. The time is changed by rescheduling. With `If-Match`, a stale version answers 412. Emits `appointment.updated`.
         */
        patch: operations["updateAppointment"];
        trace?: never;
    };
    "/api/organizations/{org_id}/appointments/{appointment_id}/reschedule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Move a visit to another time
         * @description Goes back to SCHEDULED, to be confirmed anew; the time that it had is kept, reminders follow the new one, and everybody concerned is told. Patients and proxies only before the old time. A visit in a final state is 409 CONFLICT, a time at which the provider is not free 409 APPOINTMENT_CONFLICT. Emits `appointment.updated`.
         */
        patch: operations["rescheduleAppointment"];
        trace?: never;
    };
    "/api/organizations/{org_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's threads, the latest first
         * @description Ordered by `updated_at` descending, then id descending. Only threads that the caller takes part in; a proxy only sees those of patients whose clinical notes it may view. Archived threads show with `filter=archived` only.
         */
        get: operations["listThreads"];
        put?: never;
        /**
         * Start a thread about a patient
         * @description The caller takes part by itself. Participants are the patient, live proxies with `can_view_clinical_notes`, and the organization's ADMIN, PROVIDER and STAFF members; anybody else is refused with 403. The others get a notification and `message.new`.
         */
        post: operations["createThread"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/messages/{thread_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One thread with its messages
         * @description For its participants, as long as their role or proxy access holds; to others the thread does not exist. Holds the latest 500 messages, oldest first. Reading marks the thread read for this reader only.
         */
        get: operations["getThread"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Archive a thread, or mark it read or unread
         * @description For the caller alone; the other participants see no difference, except who has read what. `mark_unread` makes the latest message of somebody else unread again. An archived thread comes back with the next message of somebody else.
         */
        patch: operations["updateThread"];
        trace?: never;
    };
    "/api/organizations/{org_id}/messages/{thread_id}/replies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reply in a thread
         * @description For its participants. Moves the thread to the top of everybody's list; the others get a notification and `message.new`, and an archived thread comes back for them.
         */
        post: operations["replyToThread"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An organization's tasks, what is due first
         * @description Ordered by due time, those without one last, then id.
         */
        get: operations["listTasks"];
        put?: never;
        /**
         * Make a task
         * @description For a member who may see tasks, or for nobody yet. What it is about must be of this organization. The assignee, unless that is who made it, gets a notification.
         */
        post: operations["createTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change, assign, complete, cancel or reopen a task
         * @description What is left out stays, null empties. COMPLETED stamps `completed_at`, any other status empties it. With `If-Match`, a stale version answers 412. A new assignee, unless that is who changed it, gets a notification.
         */
        patch: operations["updateTask"];
        trace?: never;
    };
    "/api/call-center/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who waits, the first comer first
         * @description By `entered_queue_at`, then id. The averages are of the last 24 hours, and of the whole queue, whatever the page. A queue entry's id is its call's.
         */
        get: operations["listCallQueue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/queue/{queue_id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take the caller who waits longest
         * @description First come, first served: a queue entry can be taken when nobody waits longer, and by one agent. CONFLICT when another agent was faster (named in `assignee`), the caller hung up, somebody waits longer, or the agent is in a call already.
         */
        post: operations["acceptCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/queue/{queue_id}/hang-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The caller hung up before anybody answered
         * @description For the telephony bridge: the call becomes MISSED. Said again, it changes nothing. INVALID_TRANSITION once it was answered.
         */
        post: operations["hangUpQueuedCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/inbound": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a caller into the queue
         * @description For a telephony bridge with an API key, or by hand. `caller_id` is kept as E.164, read as of the organization's country where it has no country code; left out for a withheld number. When exactly one patient here has that number, the call is that patient's; several are listed as `candidates` and none is chosen. Every free agent gets `call.incoming`.
         */
        post: operations["enqueueInboundCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/outbound": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call a patient
         * @description To a telephone number of the patient that is marked safe. At most 3 attempts on a patient in a day of the organization's time zone. The call is INITIATING until `updateCall` says that it was answered, or `completeCall` ends it. CONFLICT while the agent is in another call.
         */
        post: operations["startOutboundCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/recent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's own calls, the newest first
         * @description Ordered by `created_at` descending, then id descending.
         */
        get: operations["listRecentCalls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/{call_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One call, with its follow-up tasks
         * @description `candidates` are the patients whose number it is, while none is chosen.
         */
        get: operations["getCall"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Note what came of a call, and whose it was
         * @description What is left out stays, null empties. An agent changes the own calls, ADMIN and API keys every one. `status` says that the other side has answered an outbound call: the duration counts from then. With `If-Match`, a stale version answers 412.
         */
        patch: operations["updateCall"];
        trace?: never;
    };
    "/api/call-center/calls/{call_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a call
         * @description Computes its duration. An agent ends the own calls, ADMIN and API keys every one. VOICEMAIL and MISSED are for outbound calls: a message was left, nobody answered. The agent and the organization get `call.completed`. INVALID_TRANSITION for a call that waits or is over.
         */
        post: operations["completeCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/{call_id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A follow-up of a call
         * @description A task about the call, for a member who may see tasks, or for nobody yet. The assignee, unless that is who made it, gets a notification.
         */
        post: operations["createCallTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/{call_id}/recording": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand in the recording of a call
         * @description For the telephony bridge. Answers a link, good for 15 minutes, to which the recording is sent by PUT with the headers given; once it is there, `getCallRecordingUrl` has it. CONFLICT when the call has one.
         */
        post: operations["createCallRecordingUpload"];
        /**
         * Take the recording of a call away
         * @description Deletes the file for good; that there was one is kept. Done again, it changes nothing.
         */
        delete: operations["redactCallRecording"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/calls/{call_id}/recording-url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A link to the recording of a call
         * @description Good for 15 minutes. RECORDING_NOT_AVAILABLE when there is none, RECORDING_REDACTED once it was taken away.
         */
        get: operations["getCallRecordingUrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/call-center/patients/{patient_id}/call-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A patient's calls, the newest first
         * @description Those of this organization, whoever called whom. Ordered by `created_at` descending, then id descending.
         */
        get: operations["listPatientCalls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/documents/upload-url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to upload a document
         * @description Answers a link, good for 15 minutes, to which the file is sent by PUT with the headers given; then comes `completeDocumentUpload`. Until then the document shows nowhere. pdf, jpg, png, gif, doc, docx, xls, xlsx, txt and csv, at most 50 MB. Patients upload for themselves, not once they are discharged.
         */
        post: operations["createDocumentUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/documents/{document_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One document, with the text that was found in it
         * @description Text is read from pdf, txt and csv, once the scan has found them clean.
         */
        get: operations["getDocument"];
        put?: never;
        post?: never;
        /**
         * Delete a document
         * @description It shows no longer, and cannot be downloaded. The file itself is kept, as records must be.
         */
        delete: operations["deleteDocument"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/documents/{document_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish the upload of a document
         * @description Checks that the file has the announced size and type, by its content, and the SHA-256 that the caller has sent it with; then queues its scan. What fails a check is thrown away, and the link takes another try. Once complete, it answers the document.
         */
        post: operations["completeDocumentUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/documents/{document_id}/download-url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A link to download a document
         * @description Good for 15 minutes. Only of a file that the scan has found clean; where the server has no scanner, its operator can allow what is not scanned. An infected file is quarantined and nobody can download it.
         */
        get: operations["getDocumentDownloadUrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/patients/{patient_id}/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A patient's documents, the newest first
         * @description Those of this organization. Ordered by `created_at` descending, then id descending.
         */
        get: operations["listPatientDocuments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/blobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download the file that a link is for
         * @description The link is the credential. Always an attachment, under the file's name.
         */
        get: operations["downloadBlob"];
        /**
         * Upload the file that a link is for
         * @description The link is the credential. Exactly as many bytes as were announced; until the link expires, a second upload replaces the first.
         */
        put: operations["uploadBlob"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/support/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's own tickets, the latest first
         * @description Ordered by `created_at` descending, then id descending.
         */
        get: operations["listTickets"];
        put?: never;
        /**
         * Ask for help
         * @description The number is gapless within a year. A first response is due by urgency: URGENT 1 hour, HIGH 4, NORMAL 24, LOW 72. `organization_id`, when given, is one that the caller works in or is a patient or proxy of. Emits `ticket.created` to the desk.
         */
        post: operations["createTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/support/tickets/{ticket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One of the caller's tickets, with the conversation
         * @description For its owner; to others it does not exist. Holds the latest 500 messages, oldest first.
         */
        get: operations["getTicket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/support/tickets/{ticket_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add to one's own ticket
         * @description For its owner. A ticket that is WAITING_ON_USER or RESOLVED goes back to IN_PROGRESS; a CLOSED one takes nothing more. Emits `ticket.message` to the desk.
         */
        post: operations["addTicketMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The queue, by what is due next
         * @description The unanswered first, by `first_response_due_at`; then the others, by `resolution_due_at`; then by id. Without `status`, the tickets that are neither RESOLVED nor CLOSED. `view` narrows: `mine` to the caller's, `unassigned` to nobody's, `breaching` to those that are `overdue`. The other filters narrow further.
         */
        get: operations["listAllTickets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One ticket, with internal notes and the requester
         * @description Holds the latest 500 messages and notes, oldest first.
         */
        get: operations["getTicketForAgent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change status, urgency, category, assignee or tags
         * @description Needs `If-Match` with the version last seen; a stale one overwrites nothing and answers 412 with `current_version` and `changes`: who changed what since. OPEN goes to IN_PROGRESS; IN_PROGRESS to WAITING_ON_USER or RESOLVED; WAITING_ON_USER to IN_PROGRESS; RESOLVED to CLOSED. A CLOSED ticket does not change any more. A new urgency counts its due times from the ticket's creation; the first response's only as long as nobody has answered. Both clocks stand still while the ticket is WAITING_ON_USER or RESOLVED. Emits `ticket.updated`, and `ticket.resolved` to the owner.
         */
        patch: operations["updateTicket"];
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reply to the owner, or leave an internal note
         * @description `is_internal_note` must be said each time. A note reaches the desk only and may be left on a CLOSED ticket too. The first reply stamps `first_responded_at` and takes an OPEN ticket to IN_PROGRESS; `status`, when given, is judged from there. Emits `ticket.desk_message` to the desk, and a reply `ticket.reply` to the owner.
         */
        post: operations["replyToTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a ticket that nobody has
         * @description Of two agents who claim at once one gets the ticket, the other 409 with the `assignee`. Claiming one's own ticket again changes nothing and answers it. Emits `ticket.updated`.
         */
        post: operations["claimTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say that one has the ticket open
         * @description Holds for 30 seconds: repeat it while the ticket is open, say GONE when it is left. Answers who else is there. Emits `ticket.presence` to the desk when something changed, so a mere repetition is silent.
         */
        put: operations["touchTicketPresence"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every change of a ticket, who and when
         * @description The oldest first. Nothing of it ever changes or goes away, and no text of a message or a note is in it.
         */
        get: operations["getTicketTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Merge a ticket into another one
         * @description Into a ticket of the same person or the same organization. This ticket is CLOSED and says where it went; both keep their numbers, and the other one shows this one's messages to the desk, and to an owner who owns both. For 10 minutes `unmergeTicket` takes it back. The owner is told. Emits `ticket.updated` for both.
         */
        post: operations["mergeTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/tickets/{ticket_id}/unmerge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a merge back
         * @description Within 10 minutes. The ticket stands where it stood before, its clocks included; they ran meanwhile.
         */
        post: operations["unmergeTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find tickets by their words
         * @description Searches subject, body, messages and internal notes of every ticket, whatever its status. The best match first, then by id; a ticket whose number is asked for comes before all others. The last word may be unfinished.
         */
        get: operations["searchTickets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many tickets each view holds
         * @description Cheap enough to ask after every event.
         */
        get: operations["getTicketCounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the queue stands
         * @description The counts are of the tickets that are neither RESOLVED nor CLOSED. The percentiles and each agent's `resolved` are of the tickets first answered, or resolved, in the last `days`; the series has one entry a day (UTC), the latest last. Resolution times leave out what was spent waiting on the owner.
         */
        get: operations["getSupportStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/macros": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The canned answers
         * @description Ordered by title, then id.
         */
        get: operations["listMacros"];
        put?: never;
        /**
         * Make a canned answer
         * @description A body may hold placeholders: `{{requester.name}}`, `{{requester.first_name}}`, `{{ticket.number}}`, `{{ticket.subject}}`, `{{ticket.status}}`, `{{ticket.urgency}}`, `{{ticket.category}}`, `{{agent.name}}`, `{{agent.first_name}}` and `{{organization.name}}`. An unknown one is refused with 422.
         */
        post: operations["createMacro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/macros/{macro_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a canned answer
         * @description What it wrote stays, and so does its name in timelines.
         */
        delete: operations["deleteMacro"];
        options?: never;
        head?: never;
        /**
         * Change a canned answer
         * @description What is left out stays. A stale `If-Match` answers 412 and changes nothing.
         */
        patch: operations["updateMacro"];
        trace?: never;
    };
    "/api/admin/support/macros/{macro_id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a macro would do to a ticket
         * @description Changes nothing. The text is what the ticket's owner, or the desk, would read.
         */
        get: operations["previewMacro"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/support/macros/{macro_id}/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Use a macro on one ticket or up to 100
         * @description Each ticket stands for itself: one that refuses (closed, gone, changed since `version`, a status that cannot be reached) is left as it is and says why, the others go on. Each changed ticket has its own row in the audit trail and in its timeline, and tells its owner as a reply does. A status that OPEN cannot reach by itself is reached when the macro replies.
         */
        post: operations["applyMacro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's own live events
         * @description Server-sent events for the person; support agents also get the desk's `ticket.*`. Resume with `Last-Event-ID` (or `last_event_id`): every event since, in order, each once, for 7 days; an older id answers `stream.reset`. Losing access sends `stream.closed` with the reason and ends the stream.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/ticket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A ticket for one stream
         * @description For EventSource clients, which cannot send a header: put it into the query as `ticket`. Good once, for 60 seconds, for either stream, as the person and session that asked.
         */
        post: operations["createStreamTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/organizations/{org_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An organization's live events
         * @description Server-sent events about the organization, and the caller's own. Resumes and closes as `streamEvents` does.
         */
        get: operations["streamOrganizationEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/impersonate/{patient_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * See what a patient sees
         * @description Break glass: writes the audit row first, then makes a token that acts as the patient for at most an hour, without refresh. The patient is ACTIVE here (400 PATIENT_DISCHARGED otherwise) and has a sign-in (409 otherwise).
         */
        post: operations["impersonatePatient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/impersonations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Impersonations, now and before
         * @description Newest first, then by id. Names are masked for all but the organization's ADMIN.
         */
        get: operations["listImpersonations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/impersonations/{impersonation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End an impersonation
         * @description Its token dies at once. Ending one that is over changes nothing and answers the same.
         */
        delete: operations["endImpersonation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit-logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organization's audit trail
         * @description Newest first, then by id. Every call that touched health information, refused ones too, and every change. Names and changed values are masked for all but the organization's ADMIN.
         */
        get: operations["listAuditLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit-logs/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The audit trail as a file
         * @description What listAuditLogs lists, all of it, as CSV or, by `Accept: application/x-ndjson`, one JSON object a line. Written while it is read. The last line is a trailer: in CSV `END`, the number of rows, and the SHA-256 of every byte before that line; in NDJSON `{"end":true,"rows":…,"sha256":"…"}`. An export without it broke off and is not whole. CSV fields that a spreadsheet would take for a formula begin with `'`.
         */
        get: operations["exportAuditLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit-logs/integrity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check that nobody rewrote the audit trail
         * @description Compares the rows, every organization's, with the seals that a job puts on them, and says which range is the first that was changed, removed from or added to. The chain of seals is checked whole; rows only under the seals of the given days. A seal that was kept outside (`seal_number`, `seal_hash`) finds even a chain that was made anew.
         */
        get: operations["verifyAuditIntegrity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/organizations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every organization
         * @description Ordered by name, then id. Deleted ones are left out.
         */
        get: operations["listAllOrganizations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/organizations/{org_id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close an organization to everyone in it
         * @description Members, patients and proxies are refused there from the next request on; open streams of the organization close. Nothing is deleted. One that is suspended already answers 409.
         */
        post: operations["suspendOrganization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/organizations/{org_id}/reactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a suspended organization again
         * @description One that is not suspended answers 409.
         */
        post: operations["reactivateOrganization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every account
         * @description Newest first, then by id. Deleted ones are left out. `status` tells what counts most: a suspended account that is also locked is SUSPENDED.
         */
        get: operations["listAllUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One account
         * @description With its lockout, its organizations by name, and its live sessions, the last used first (the first 100).
         */
        get: operations["getUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/users/{user_id}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lift a lockout
         * @description Also forgets the failed sign-ins. An account that is not locked stays as it is.
         */
        post: operations["unlockUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/users/{user_id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Suspend an account
         * @description Its sessions die and its streams close at once; sign-in is refused until it is reactivated. Nobody can suspend themselves, and the last super-admin cannot be suspended (409).
         */
        post: operations["suspendUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/users/{user_id}/reactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a suspended account in again
         * @description Old sessions stay dead. An account that is not suspended answers 409.
         */
        post: operations["reactivateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/users/{user_id}/force-password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make somebody choose a new password
         * @description Its sessions die, the old password opens nothing any more, and a link for a new one is mailed.
         */
        post: operations["forcePasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/system/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the whole system is doing
         * @description Every dependency with its time, the pools, the queue of jobs, the outbox, the seals, webhooks, open streams, and every server and worker that is there. `problems` says in words what is wrong; without any, `status` is `ok`. A part that cannot be read is null. The figures are at most a few seconds old.
         */
        get: operations["getSystemHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/system/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many requests there were, how fast and how well they were answered
         * @description Measured by every server, added up, and kept in the database: restarts lose nothing. Up to the last full minute. Probes of `/health` and `/health/deep` do not count. Percentiles are exact to 10 %.
         */
        get: operations["getSystemMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The work that is done behind the requests
         * @description Jobs that failed for good, unless asked otherwise: they wait here for `retryJob`, for 14 days. Ordered by `created_at` descending, then id descending. What a job carries is not shown.
         */
        get: operations["listJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a failed job once more
         * @description Only one that failed for good; any other answers 409. It gets one further attempt.
         */
        post: operations["retryJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/consent-documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a new version into force
         * @description From its effective date on everyone must sign it before anything else opens, and is told so (`consent.required`). A version that exists already answers 409.
         */
        post: operations["publishConsentDocument"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/telemetry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record usage events
         * @description One event, or up to 100 in one call; all or none are kept. The answer comes once they are stored. Properties carry no health information: at most 50, nested at most three deep, at most 8,192 bytes as JSON. The server notes the person, the address and the program. An event with an `event_id` is kept once, however often it is sent with the same `occurred_at`: so a batch whose answer did not arrive can be sent again. A server that has too much to store answers 503 with Retry-After at once, and keeps nothing of it.
         */
        post: operations["recordTelemetry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/super-admin/telemetry/top": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The most frequent usage events
         * @description Of the whole platform, counted by the hour of `occurred_at`: the hour that runs and those of the period before it. The most frequent first, equal ones by name.
         */
        get: operations["getTopTelemetry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description A living process.
         * @example {
         *       "status": "ok",
         *       "version": "0.1.0"
         *     }
         */
        Health: {
            /**
             * @description Always `ok`; a dead process does not answer.
             * @enum {string}
             */
            status: "ok";
            /** @description The server's version. */
            version: string;
        };
        /**
         * @description The error catalogue. Clients branch on the code, never on the text.
         * @example NOT_FOUND
         * @enum {string}
         */
        ProblemCode: "UNAUTHORIZED" | "FORBIDDEN" | "CONSENT_REQUIRED" | "MFA_REQUIRED" | "STEP_UP_REQUIRED" | "PROXY_ACCESS_EXPIRED" | "PROXY_PERMISSION_DENIED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "PASSWORD_RESET_REQUIRED" | "MFA_REQUIRED_FOR_ROLE" | "NOT_FOUND" | "CONFLICT" | "DUPLICATE_MRN" | "ALREADY_MEMBER" | "LAST_ADMIN" | "EMAIL_TAKEN" | "APPOINTMENT_CONFLICT" | "INVALID_TRANSITION" | "DOCUMENT_INFECTED" | "DOCUMENT_NOT_SCANNED" | "IDEMPOTENCY_IN_PROGRESS" | "PRECONDITION_FAILED" | "PAYLOAD_TOO_LARGE" | "VALIDATION_ERROR" | "IDEMPOTENCY_KEY_REUSED" | "RATE_LIMITED" | "INVALID_CURSOR" | "ORGANIZATION_REQUIRED" | "INVALID_MFA_CODE" | "INVALID_PASSWORD" | "LICENSE_EXPIRED" | "PATIENT_DISCHARGED" | "VOICEMAIL_UNSAFE" | "CONSENT_NOT_GRANTED" | "CALL_LIMIT_EXCEEDED" | "RECORDING_NOT_AVAILABLE" | "RECORDING_REDACTED" | "INVITATION_EXPIRED" | "INVITATION_USED" | "INVITATION_ACCEPTED" | "INVITATION_DECLINED" | "RESEND_LIMIT_EXCEEDED" | "SUBSCRIPTION_REQUIRED" | "INVALID_SIGNATURE" | "BILLING_NOT_CONFIGURED" | "BILLING_UNAVAILABLE" | "AI_NOT_CONFIGURED" | "AI_UNAVAILABLE" | "AI_TIMEOUT" | "INTERNAL_ERROR" | "UNAVAILABLE";
        /**
         * @description One invalid field.
         * @example {
         *       "pointer": "/dob",
         *       "message": "must match format \"date\""
         *     }
         */
        FieldError: {
            /** @description A JSON pointer into the body, or `/query/…`, `/path/…`, `/header/…`. */
            pointer: string;
            /** @description What is wrong with it. */
            message: string;
        };
        /**
         * Format: uuid
         * @description A UUIDv7 (RFC 9562), made by the server.
         * @example 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10
         */
        Uuid: string;
        /**
         * @description A consent document still to be signed.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "type": "HIPAA_NOTICE",
         *       "version": "1.0",
         *       "title": "Notice of Privacy Practices"
         *     }
         */
        PendingDocument: {
            id: components["schemas"]["Uuid"];
            /**
             * @description Which kind of document.
             * @enum {string}
             */
            type: "HIPAA_NOTICE" | "TERMS_OF_SERVICE" | "TREATMENT_AGREEMENT";
            /** @description Its version. */
            version: string;
            /** @description Its title. */
            title: string;
        };
        /**
         * Format: date-time
         * @description An instant in UTC, RFC 3339 with milliseconds.
         * @example 2026-03-02T14:30:00.000Z
         */
        Timestamp: string;
        /**
         * @description What of a ticket can change.
         * @example urgency
         * @enum {string}
         */
        TicketField: "status" | "urgency" | "category" | "assignee" | "tags" | "merge";
        /**
         * @description A change that the caller had not seen.
         * @example {
         *       "version": 2,
         *       "changed_by": "Kim Park",
         *       "changed_at": "2026-03-02T15:02:00.000Z",
         *       "field": "urgency",
         *       "from": "NORMAL",
         *       "to": "HIGH"
         *     }
         */
        MissedChange: {
            /**
             * Format: int32
             * @description The version that it made.
             */
            version: number;
            /** @description Who did it; null for the system. */
            changed_by: string | null;
            changed_at: components["schemas"]["Timestamp"];
            field: components["schemas"]["TicketField"];
            /** @description What it was. */
            from: string | null;
            /** @description What it is. */
            to: string | null;
        };
        /**
         * @description An error (RFC 9457). Carries no stack, SQL or health information.
         * @example {
         *       "type": "https://wardline.dev/problems/not-found",
         *       "title": "Not found",
         *       "status": 404,
         *       "detail": "There is no such patient.",
         *       "instance": "/api/organizations/01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10/patients/01934f6e-8d2a-7c41-9a57-0f6f2b7c1d11",
         *       "code": "NOT_FOUND",
         *       "request_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d12"
         *     }
         */
        Problem: {
            /**
             * Format: uri-reference
             * @description A URI for the kind of problem.
             */
            type: string;
            /** @description The same for every problem of this code. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description What happened this time, for a person to read. */
            detail?: string;
            /**
             * Format: uri-reference
             * @description The path that was called.
             */
            instance?: string;
            code: components["schemas"]["ProblemCode"];
            /** @description Quote it when asking for help. */
            request_id: string;
            /** @description Each invalid field, with VALIDATION_ERROR. */
            errors?: components["schemas"]["FieldError"][];
            /** @description What is still to be signed, with CONSENT_REQUIRED. */
            pending_documents?: components["schemas"]["PendingDocument"][];
            /**
             * Format: int32
             * @description Seconds to wait, with RATE_LIMITED, ACCOUNT_LOCKED, UNAVAILABLE, BILLING_UNAVAILABLE and AI_UNAVAILABLE.
             */
            retry_after?: number;
            /**
             * Format: int32
             * @description The version that stands now, with PRECONDITION_FAILED.
             */
            current_version?: number;
            /** @description Who changed what since the version that the caller had seen, the oldest first, with PRECONDITION_FAILED on a ticket. */
            changes?: components["schemas"]["MissedChange"][];
            /** @description Who has it, with CONFLICT on a claimed ticket or an accepted call. */
            assignee?: string;
        };
        /**
         * @description One dependency, and how it answered.
         * @example {
         *       "name": "database",
         *       "status": "ok",
         *       "essential": true,
         *       "latency_ms": 1.4
         *     }
         */
        HealthCheck: {
            /** @description Which dependency. */
            name: string;
            /**
             * @description Whether it answered, answered wrong or not at all, or not in time.
             * @enum {string}
             */
            status: "ok" | "failing" | "timeout";
            /** @description Whether the server cannot serve without it. */
            essential: boolean;
            /** @description How long it took to answer, or until it was given up, in milliseconds. */
            latency_ms: number;
        };
        /**
         * @description A server that can serve.
         * @example {
         *       "status": "ok",
         *       "version": "0.1.0",
         *       "checks": [
         *         {
         *           "name": "database",
         *           "status": "ok",
         *           "essential": true,
         *           "latency_ms": 1.4
         *         }
         *       ]
         *     }
         */
        DeepHealth: {
            /**
             * @description `degraded` when something is away that the server can do without.
             * @enum {string}
             */
            status: "ok" | "degraded";
            /** @description The server's version. */
            version: string;
            /** @description Each dependency. */
            checks: components["schemas"]["HealthCheck"][];
        };
        /**
         * @description A public Ed25519 key (RFC 8037).
         * @example {
         *       "kty": "OKP",
         *       "crv": "Ed25519",
         *       "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
         *       "kid": "2026-03-02-a1b2",
         *       "alg": "EdDSA",
         *       "use": "sig"
         *     }
         */
        JsonWebKey: {
            /**
             * @description The key type.
             * @enum {string}
             */
            kty: "OKP";
            /**
             * @description The curve.
             * @enum {string}
             */
            crv: "Ed25519";
            /** @description The public key, base64url. */
            x: string;
            /** @description Names the key in a token's header. */
            kid: string;
            /**
             * @description The algorithm.
             * @enum {string}
             */
            alg: "EdDSA";
            /**
             * @description What it is for.
             * @enum {string}
             */
            use: "sig";
        };
        /**
         * @description Every key that may have signed a token still alive.
         * @example {
         *       "keys": [
         *         {
         *           "kty": "OKP",
         *           "crv": "Ed25519",
         *           "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
         *           "kid": "2026-03-02-a1b2",
         *           "alg": "EdDSA",
         *           "use": "sig"
         *         }
         *       ]
         *     }
         */
        JsonWebKeySet: {
            /** @description The keys, the signing one first. */
            keys: components["schemas"]["JsonWebKey"][];
        };
        /**
         * Format: email
         * @description An e-mail address. Compared without regard to case.
         * @example ada@example.com
         */
        Email: string;
        /**
         * Format: password
         * @description A new password. Checked against a list of common ones.
         * @example otter-lantern-basalt-47
         */
        NewPassword: string;
        /**
         * @description How others see the person.
         * @example Ada Moreau
         */
        DisplayName: string;
        /**
         * @description An IANA time zone name.
         * @example America/New_York
         */
        TimeZone: string;
        /**
         * @description A name for this device, shown in the list of sessions.
         * @example ward on a laptop
         */
        DeviceName: string;
        /**
         * @description An account to make.
         * @example {
         *       "email": "ada@example.com",
         *       "password": "otter-lantern-basalt-47",
         *       "display_name": "Ada Moreau",
         *       "timezone": "America/New_York"
         *     }
         */
        Registration: {
            email: components["schemas"]["Email"];
            password: components["schemas"]["NewPassword"];
            display_name: components["schemas"]["DisplayName"];
            timezone?: components["schemas"]["TimeZone"];
            device?: components["schemas"]["DeviceName"];
        };
        /**
         * @description A JWT (EdDSA). Send it as `Authorization: Bearer …`.
         * @example eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTkzIn0.c2lnbmF0dXJl
         */
        AccessToken: string;
        /**
         * @description Opaque, for one use.
         * @example kZ8vT1oQf5rLk9wEb7nUcQ.hYx3q0m2Zs8vJt1oQf5rLk9wEb7nUc4dAg6iPy2xTzM
         */
        RefreshToken: string;
        /**
         * @description Who is signed in.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "email": "ada@example.com",
         *       "display_name": "Ada Moreau"
         *     }
         */
        SignedInUser: {
            id: components["schemas"]["Uuid"];
            email: components["schemas"]["Email"];
            display_name: components["schemas"]["DisplayName"];
        };
        /**
         * @description A signed-in session.
         * @example {
         *       "result": "tokens",
         *       "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTkzIn0.c2lnbmF0dXJl",
         *       "refresh_token": "kZ8vT1oQf5rLk9wEb7nUcQ.hYx3q0m2Zs8vJt1oQf5rLk9wEb7nUc4dAg6iPy2xTzM",
         *       "token_type": "Bearer",
         *       "expires_in": 600,
         *       "session_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d21",
         *       "user": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "email": "ada@example.com",
         *         "display_name": "Ada Moreau"
         *       }
         *     }
         */
        Tokens: {
            /**
             * @description Says that these are tokens. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            result: "tokens";
            access_token: components["schemas"]["AccessToken"];
            refresh_token: components["schemas"]["RefreshToken"];
            /**
             * @description How to send the access token.
             * @enum {string}
             */
            token_type: "Bearer";
            /**
             * Format: int32
             * @description Seconds that the access token lasts.
             */
            expires_in: number;
            session_id: components["schemas"]["Uuid"];
            user: components["schemas"]["SignedInUser"];
        };
        /**
         * Format: password
         * @description The password.
         * @example otter-lantern-basalt-47
         */
        Password: string;
        /**
         * @description Who, and the password.
         * @example {
         *       "email": "ada@example.com",
         *       "password": "otter-lantern-basalt-47",
         *       "device": "ward on a laptop"
         *     }
         */
        LoginRequest: {
            email: components["schemas"]["Email"];
            password: components["schemas"]["Password"];
            device?: components["schemas"]["DeviceName"];
        };
        /**
         * @description Opaque, for one sign-in.
         * @example Qm5vT2xk8sYw1aZc4uJ7eRf0hGi3pBn6oXd9tKy2LqE
         */
        MfaToken: string;
        /**
         * @description The password is right; an MFA code is still needed.
         * @example {
         *       "result": "mfa_required",
         *       "mfa_token": "Qm5vT2xk8sYw1aZc4uJ7eRf0hGi3pBn6oXd9tKy2LqE",
         *       "expires_in": 300
         *     }
         */
        MfaRequired: {
            /**
             * @description Says that a code is needed. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            result: "mfa_required";
            mfa_token: components["schemas"]["MfaToken"];
            /**
             * Format: int32
             * @description Seconds that the challenge lasts.
             */
            expires_in: number;
        };
        /**
         * @description Tokens, or an MFA challenge.
         * @example {
         *       "result": "tokens",
         *       "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTkzIn0.c2lnbmF0dXJl",
         *       "refresh_token": "kZ8vT1oQf5rLk9wEb7nUcQ.hYx3q0m2Zs8vJt1oQf5rLk9wEb7nUc4dAg6iPy2xTzM",
         *       "token_type": "Bearer",
         *       "expires_in": 600,
         *       "session_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d21",
         *       "user": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "email": "ada@example.com",
         *         "display_name": "Ada Moreau"
         *       }
         *     }
         */
        LoginResult: components["schemas"]["Tokens"] | components["schemas"]["MfaRequired"];
        /**
         * @description Six digits of the authenticator, or one backup code.
         * @example 492039
         * @example 7KQ2M-XW9TD
         */
        MfaCode: string;
        /**
         * @description The challenge and a code.
         * @example {
         *       "mfa_token": "Qm5vT2xk8sYw1aZc4uJ7eRf0hGi3pBn6oXd9tKy2LqE",
         *       "code": "492039"
         *     }
         */
        MfaChallengeAnswer: {
            mfa_token: components["schemas"]["MfaToken"];
            code: components["schemas"]["MfaCode"];
        };
        /**
         * @description Six digits of the authenticator.
         * @example 492039
         */
        TotpCode: string;
        /**
         * @description A fresh code.
         * @example {
         *       "code": "492039"
         *     }
         */
        StepUpRequest: {
            code: components["schemas"]["TotpCode"];
        };
        /**
         * @description A strong session.
         * @example {
         *       "session_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d21",
         *       "step_up_until": "2026-03-02T14:40:00.000Z"
         *     }
         */
        StepUp: {
            session_id: components["schemas"]["Uuid"];
            step_up_until: components["schemas"]["Timestamp"];
        };
        /**
         * @description The latest refresh token.
         * @example {
         *       "refresh_token": "kZ8vT1oQf5rLk9wEb7nUcQ.hYx3q0m2Zs8vJt1oQf5rLk9wEb7nUc4dAg6iPy2xTzM"
         *     }
         */
        RefreshRequest: {
            refresh_token: components["schemas"]["RefreshToken"];
        };
        /**
         * @description Whose password is to be reset.
         * @example {
         *       "email": "ada@example.com"
         *     }
         */
        PasswordResetRequest: {
            email: components["schemas"]["Email"];
        };
        /**
         * @description The token of the mailed link. Opaque, for one use.
         * @example Qm5vT2xk8sYw1aZc4uJ7eRf0hGi3pBn6oXd9tKy2LqE
         */
        PasswordResetToken: string;
        /**
         * @description The mailed token and the new password.
         * @example {
         *       "token": "Qm5vT2xk8sYw1aZc4uJ7eRf0hGi3pBn6oXd9tKy2LqE",
         *       "password": "otter-lantern-basalt-47"
         *     }
         */
        PasswordReset: {
            token: components["schemas"]["PasswordResetToken"];
            password: components["schemas"]["NewPassword"];
        };
        /**
         * @description Whose password was reset. Sign in with it.
         * @example {
         *       "user": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "email": "ada@example.com",
         *         "display_name": "Ada Moreau"
         *       }
         *     }
         */
        PasswordResetResult: {
            user: components["schemas"]["SignedInUser"];
        };
        /**
         * @description The current password and the next.
         * @example {
         *       "current_password": "otter-lantern-basalt-47",
         *       "new_password": "heron-copper-meadow-12"
         *     }
         */
        PasswordChange: {
            current_password: components["schemas"]["Password"];
            new_password: components["schemas"]["NewPassword"];
        };
        /**
         * @description What a person may do on the whole platform.
         * @example SUPPORT_AGENT
         * @enum {string}
         */
        PlatformRole: "SUPER_ADMIN" | "SUPPORT_AGENT";
        /**
         * @description An organization's name.
         * @example Harbor Family Practice
         */
        OrganizationName: string;
        /**
         * @description What a member may do in an organization.
         * @example PROVIDER
         * @enum {string}
         */
        OrganizationRole: "ADMIN" | "PROVIDER" | "STAFF" | "CALL_CENTER_AGENT" | "AUDITOR";
        /**
         * @description One organization that the person works in.
         * @example {
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "organization_name": "Harbor Family Practice",
         *       "role": "PROVIDER",
         *       "role_entity_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31"
         *     }
         */
        CurrentMembership: {
            organization_id: components["schemas"]["Uuid"];
            organization_name: components["schemas"]["OrganizationName"];
            role: components["schemas"]["OrganizationRole"];
            /**
             * Format: uuid
             * @description The provider or staff record behind the role, if there is one.
             */
            role_entity_id: string | null;
        };
        /**
         * @description A person's name.
         * @example Okafor
         */
        Name: string;
        /**
         * @description Whether the patient is in care here.
         * @example ACTIVE
         * @enum {string}
         */
        EnrollmentStatus: "ACTIVE" | "DISCHARGED";
        /**
         * @description An organization that cares for the patient.
         * @example {
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "organization_name": "Harbor Family Practice",
         *       "status": "ACTIVE"
         *     }
         */
        PatientOrganization: {
            organization_id: components["schemas"]["Uuid"];
            organization_name: components["schemas"]["OrganizationName"];
            status: components["schemas"]["EnrollmentStatus"];
        };
        /**
         * @description The patient that the person is.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "first_name": "Ngozi",
         *       "last_name": "Okafor",
         *       "organizations": [
         *         {
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "organization_name": "Harbor Family Practice",
         *           "status": "ACTIVE"
         *         }
         *       ]
         *     }
         */
        PatientProfile: {
            patient_id: components["schemas"]["Uuid"];
            first_name: components["schemas"]["Name"];
            last_name: components["schemas"]["Name"];
            /** @description Where the patient is in care. */
            organizations: components["schemas"]["PatientOrganization"][];
        };
        /**
         * @description What the proxy is to the patient.
         * @example PARENT
         * @enum {string}
         */
        ProxyRelationship: "PARENT" | "GUARDIAN" | "POA" | "SPOUSE";
        /**
         * @description A patient that the person acts for, while the access lasts.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d11",
         *       "first_name": "Emeka",
         *       "last_name": "Okafor",
         *       "relationship_type": "PARENT",
         *       "can_view_clinical_notes": true,
         *       "can_view_billing": true,
         *       "can_schedule_appointments": true,
         *       "expires_at": null,
         *       "organizations": [
         *         {
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "organization_name": "Harbor Family Practice",
         *           "status": "ACTIVE"
         *         }
         *       ]
         *     }
         */
        ManagedPatient: {
            patient_id: components["schemas"]["Uuid"];
            first_name: components["schemas"]["Name"];
            last_name: components["schemas"]["Name"];
            relationship_type: components["schemas"]["ProxyRelationship"];
            /** @description May read clinical notes, documents and messages. */
            can_view_clinical_notes: boolean;
            /** @description May see and pay bills. */
            can_view_billing: boolean;
            /** @description May book, move and cancel appointments. */
            can_schedule_appointments: boolean;
            /**
             * Format: date-time
             * @description When the access ends by itself; null for never.
             */
            expires_at: string | null;
            /** @description Where the patient is in care. */
            organizations: components["schemas"]["PatientOrganization"][];
        };
        /**
         * @description The person as a proxy.
         * @example {
         *       "proxy_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *       "patients": [
         *         {
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d11",
         *           "first_name": "Emeka",
         *           "last_name": "Okafor",
         *           "relationship_type": "PARENT",
         *           "can_view_clinical_notes": true,
         *           "can_view_billing": true,
         *           "can_schedule_appointments": true,
         *           "expires_at": null,
         *           "organizations": [
         *             {
         *               "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *               "organization_name": "Harbor Family Practice",
         *               "status": "ACTIVE"
         *             }
         *           ]
         *         }
         *       ]
         *     }
         */
        ProxyProfile: {
            proxy_id: components["schemas"]["Uuid"];
            /** @description Whom the person acts for. */
            patients: components["schemas"]["ManagedPatient"][];
        };
        /**
         * @description The medical record number, unique within the organization.
         * @example MRN-000123
         */
        Mrn: string;
        /**
         * @description What to show above everything while impersonating.
         * @example {
         *       "impersonation_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "patient_name": "Ngozi Okafor",
         *       "medical_record_number": "MRN-000123",
         *       "reason": "Patient reports an empty appointment list",
         *       "impersonator_name": "Ada Moreau",
         *       "expires_at": "2026-03-02T15:30:00.000Z"
         *     }
         */
        ImpersonationBanner: {
            impersonation_id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            /** @description The patient's full name. */
            patient_name: string;
            medical_record_number: components["schemas"]["Mrn"];
            /** @description Why, in the administrator's words. */
            reason: string;
            /** @description Who is looking. */
            impersonator_name: string;
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description The signed-in person.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "email": "ada@example.com",
         *       "display_name": "Ada Moreau",
         *       "timezone": "America/New_York",
         *       "platform_roles": [],
         *       "mfa_enabled": true,
         *       "memberships": [
         *         {
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "organization_name": "Harbor Family Practice",
         *           "role": "PROVIDER",
         *           "role_entity_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31"
         *         }
         *       ],
         *       "patient_profile": {
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "first_name": "Ngozi",
         *         "last_name": "Okafor",
         *         "organizations": [
         *           {
         *             "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *             "organization_name": "Harbor Family Practice",
         *             "status": "ACTIVE"
         *           }
         *         ]
         *       },
         *       "proxy_profile": {
         *         "proxy_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *         "patients": [
         *           {
         *             "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d11",
         *             "first_name": "Emeka",
         *             "last_name": "Okafor",
         *             "relationship_type": "PARENT",
         *             "can_view_clinical_notes": true,
         *             "can_view_billing": true,
         *             "can_schedule_appointments": true,
         *             "expires_at": null,
         *             "organizations": [
         *               {
         *                 "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *                 "organization_name": "Harbor Family Practice",
         *                 "status": "ACTIVE"
         *               }
         *             ]
         *           }
         *         ]
         *       },
         *       "impersonation": {
         *         "impersonation_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "patient_name": "Ngozi Okafor",
         *         "medical_record_number": "MRN-000123",
         *         "reason": "Patient reports an empty appointment list",
         *         "impersonator_name": "Ada Moreau",
         *         "expires_at": "2026-03-02T15:30:00.000Z"
         *       },
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        CurrentUser: {
            id: components["schemas"]["Uuid"];
            email: components["schemas"]["Email"];
            display_name: components["schemas"]["DisplayName"];
            timezone: components["schemas"]["TimeZone"];
            /** @description Roles on the whole platform. */
            platform_roles: components["schemas"]["PlatformRole"][];
            /** @description Whether sign-in asks for a code. */
            mfa_enabled: boolean;
            /** @description The organizations that the person works in. */
            memberships: components["schemas"]["CurrentMembership"][];
            /** @description Set when the person is a patient. */
            patient_profile: components["schemas"]["PatientProfile"] | null;
            /** @description Set when the person acts for patients. */
            proxy_profile: components["schemas"]["ProxyProfile"] | null;
            /** @description Set while an administrator impersonates. */
            impersonation: components["schemas"]["ImpersonationBanner"] | null;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description The password, again.
         * @example {
         *       "password": "otter-lantern-basalt-47"
         *     }
         */
        PasswordConfirmation: {
            password: components["schemas"]["Password"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "timezone": "America/Chicago"
         *     }
         */
        CurrentUserUpdate: {
            display_name?: components["schemas"]["DisplayName"];
            timezone?: components["schemas"]["TimeZone"];
        };
        /**
         * @description Opaque. Valid only with the filters it was made with.
         * @example eyJrIjpbIkhhcnQiXX0.c2lnbmF0dXJl
         */
        Cursor: string;
        /**
         * @description Pass it as `cursor` for the next page; null on the last one.
         * @example eyJrIjpbIkhhcnQiXX0.c2lnbmF0dXJl
         */
        NextCursor: string | null;
        /**
         * Format: int64
         * @description How many items match; only with `include_total=true`.
         * @example 128
         */
        Total: number;
        /**
         * @description A page of patients that one acts for.
         * @example {
         *       "items": [
         *         {
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d11",
         *           "first_name": "Emeka",
         *           "last_name": "Okafor",
         *           "relationship_type": "PARENT",
         *           "can_view_clinical_notes": true,
         *           "can_view_billing": true,
         *           "can_schedule_appointments": true,
         *           "expires_at": null,
         *           "organizations": [
         *             {
         *               "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *               "organization_name": "Harbor Family Practice",
         *               "status": "ACTIVE"
         *             }
         *           ]
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ManagedPatientPage: {
            /** @description The patients, in order. */
            items: components["schemas"]["ManagedPatient"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description A sign-in that has not ended.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d21",
         *       "device": "ward on a laptop",
         *       "issuer": null,
         *       "user_agent": "ward/0.1.0",
         *       "ip_address": "203.0.113.7",
         *       "is_current": true,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "last_active_at": "2026-03-02T15:10:00.000Z"
         *     }
         */
        OpenSession: {
            id: components["schemas"]["Uuid"];
            /** @description What the device was called at sign-in. */
            device: string | null;
            /** @description The external issuer that the person signed in at; null for a sign-in here. */
            issuer: string | null;
            /** @description What the program said it is. */
            user_agent: string | null;
            /** @description Where the sign-in came from. */
            ip_address: string | null;
            /** @description Whether this call is made with it. */
            is_current: boolean;
            created_at: components["schemas"]["Timestamp"];
            last_active_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description Some of one's sessions.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d21",
         *           "device": "ward on a laptop",
         *           "issuer": null,
         *           "user_agent": "ward/0.1.0",
         *           "ip_address": "203.0.113.7",
         *           "is_current": true,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "last_active_at": "2026-03-02T15:10:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        SessionPage: {
            /** @description The sessions. */
            items: components["schemas"]["OpenSession"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description What to export.
         * @example {
         *       "format": "json",
         *       "include_documents": true
         *     }
         */
        DataExportRequest: {
            /**
             * @description `json` to be read by programs, `pdf` by people.
             * @default json
             * @enum {string}
             */
            format?: "json" | "pdf";
            /**
             * @description Whether the files of the patient's documents come with it.
             * @default false
             */
            include_documents?: boolean;
        };
        /**
         * @description `json` to be read by programs, `pdf` by people.
         * @example json
         * @enum {string}
         */
        DataExportFormat: "json" | "pdf";
        /**
         * @description How far it is. EXPIRED when its file has been deleted.
         * @example READY
         * @enum {string}
         */
        DataExportStatus: "PENDING" | "RUNNING" | "READY" | "FAILED" | "EXPIRED";
        /**
         * @description An export of one's own data.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "format": "json",
         *       "include_documents": false,
         *       "status": "READY",
         *       "progress": 100,
         *       "size_bytes": 20480,
         *       "download_url": "https://api.example.com/api/blobs/download?link=s6Wm3",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "finished_at": "2026-03-02T14:30:10.000Z",
         *       "expires_at": "2026-03-09T14:30:10.000Z"
         *     }
         */
        DataExport: {
            id: components["schemas"]["Uuid"];
            format: components["schemas"]["DataExportFormat"];
            /** @description Whether files come with it. */
            include_documents: boolean;
            status: components["schemas"]["DataExportStatus"];
            /**
             * Format: int32
             * @description Per cent.
             */
            progress: number;
            /**
             * Format: int64
             * @description The size of the file.
             */
            size_bytes: number | null;
            /**
             * Format: uri
             * @description Where the file is, for 15 minutes; null unless READY.
             */
            download_url: string | null;
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When it was finished.
             */
            finished_at: string | null;
            /**
             * Format: date-time
             * @description When the file is deleted.
             */
            expires_at: string | null;
        };
        /**
         * @description What the person may be contacted about.
         * @example {
         *       "transactional_consent": true,
         *       "marketing_consent": false,
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        CommunicationPreferences: {
            /** @description Reminders, billing alerts and calls. */
            transactional_consent: boolean;
            /** @description Everything else. */
            marketing_consent: boolean;
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "marketing_consent": true
         *     }
         */
        CommunicationPreferencesUpdate: {
            /** @description Reminders, billing alerts and calls. */
            transactional_consent?: boolean;
            /** @description Everything else. */
            marketing_consent?: boolean;
        };
        /**
         * Format: date
         * @description A calendar date, without a time zone.
         * @example 1984-07-21
         */
        LocalDate: string;
        /**
         * @description Where the visit stands. COMPLETED, CANCELLED and NO_SHOW are final.
         * @example SCHEDULED
         * @enum {string}
         */
        AppointmentStatus: "SCHEDULED" | "CONFIRMED" | "COMPLETED" | "CANCELLED" | "NO_SHOW";
        /**
         * @description Where the visit takes place.
         * @example IN_PERSON
         * @enum {string}
         */
        AppointmentType: "IN_PERSON" | "TELEHEALTH";
        /**
         * Format: int32
         * @description How long it takes, in minutes.
         * @example 30
         */
        DurationMinutes: number;
        /**
         * @description A visit of one's own or of a patient one acts for.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "organization_name": "Harbor Family Practice",
         *       "timezone": "America/New_York",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "patient_name": "Ngozi Okafor",
         *       "is_own": true,
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "provider_name": "Dr. Ines Baptiste",
         *       "appointment_type": "IN_PERSON",
         *       "status": "SCHEDULED",
         *       "scheduled_at": "2026-03-09T15:00:00.000Z",
         *       "duration_minutes": 30,
         *       "reason": "Yearly check-up",
         *       "location": "Room 4",
         *       "telehealth_url": null,
         *       "cancellation_reason": null,
         *       "version": 1,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        MyAppointment: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            organization_name: components["schemas"]["OrganizationName"];
            timezone: components["schemas"]["TimeZone"];
            patient_id: components["schemas"]["Uuid"];
            /** @description The patient's first and last name. */
            patient_name: string;
            /** @description Whether the caller is the patient; otherwise a proxy. */
            is_own: boolean;
            provider_id: components["schemas"]["Uuid"];
            /** @description The provider's name. */
            provider_name: string;
            appointment_type: components["schemas"]["AppointmentType"];
            status: components["schemas"]["AppointmentStatus"];
            scheduled_at: components["schemas"]["Timestamp"];
            duration_minutes: components["schemas"]["DurationMinutes"];
            /** @description Why the patient comes. */
            reason: string | null;
            /** @description Where in the practice. */
            location: string | null;
            /**
             * Format: uri
             * @description Where to join by video.
             */
            telehealth_url: string | null;
            /** @description Why it was cancelled. */
            cancellation_reason: string | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of visits.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *           "organization_name": "Harbor Family Practice",
         *           "timezone": "America/New_York",
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "patient_name": "Ngozi Okafor",
         *           "is_own": true,
         *           "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *           "provider_name": "Dr. Ines Baptiste",
         *           "appointment_type": "IN_PERSON",
         *           "status": "SCHEDULED",
         *           "scheduled_at": "2026-03-09T15:00:00.000Z",
         *           "duration_minutes": 30,
         *           "reason": "Yearly check-up",
         *           "location": "Room 4",
         *           "telehealth_url": null,
         *           "cancellation_reason": null,
         *           "version": 1,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        MyAppointmentPage: {
            /** @description The visits, in order. */
            items: components["schemas"]["MyAppointment"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description An iCalendar file (RFC 5545).
         * @example BEGIN:VCALENDAR
         *     VERSION:2.0
         *     END:VCALENDAR
         */
        Calendar: string;
        /**
         * @description What the push service calls the device. Opaque.
         * @example fJq3xT8aRk2:APA91bHun4MxP5egoKMwt2KZFBaFUH
         */
        DeviceToken: string;
        /**
         * @description What kind of device it is.
         * @example ios
         * @enum {string}
         */
        DevicePlatform: "ios" | "android" | "web";
        /**
         * @description The device to register.
         * @example {
         *       "token": "fJq3xT8aRk2:APA91bHun4MxP5egoKMwt2KZFBaFUH",
         *       "platform": "ios"
         *     }
         */
        DeviceRegistration: {
            token: components["schemas"]["DeviceToken"];
            platform: components["schemas"]["DevicePlatform"];
        };
        /**
         * @description A device that gets push messages.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d62",
         *       "platform": "ios",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "last_active_at": "2026-03-02T15:10:00.000Z"
         *     }
         */
        Device: {
            id: components["schemas"]["Uuid"];
            platform: components["schemas"]["DevicePlatform"];
            created_at: components["schemas"]["Timestamp"];
            last_active_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description The device to take off.
         * @example {
         *       "token": "fJq3xT8aRk2:APA91bHun4MxP5egoKMwt2KZFBaFUH"
         *     }
         */
        DeviceRemoval: {
            token: components["schemas"]["DeviceToken"];
        };
        /**
         * @description Stands in for a TOTP code, once.
         * @example 7KQ2M-XW9TD
         */
        BackupCode: string;
        /**
         * @description Keep them somewhere safe. Each works once.
         * @example [
         *       "7KQ2M-XW9TD",
         *       "3FHTA-9QZ4C",
         *       "M8XEP-2WYRK",
         *       "D5VNB-7TGQH",
         *       "9CZKW-4MXFA",
         *       "Q2RHT-8PYVD",
         *       "X6EBN-3KWCG",
         *       "T4QMZ-5HFRP"
         *     ]
         */
        BackupCodes: components["schemas"]["BackupCode"][];
        /**
         * @description The codes that count from now on. They are never shown again.
         * @example {
         *       "backup_codes": [
         *         "7KQ2M-XW9TD",
         *         "3FHTA-9QZ4C",
         *         "M8XEP-2WYRK",
         *         "D5VNB-7TGQH",
         *         "9CZKW-4MXFA",
         *         "Q2RHT-8PYVD",
         *         "X6EBN-3KWCG",
         *         "T4QMZ-5HFRP"
         *       ]
         *     }
         */
        MfaBackupCodes: {
            backup_codes: components["schemas"]["BackupCodes"];
        };
        /**
         * @description What it is about.
         * @example message
         * @enum {string}
         */
        NotificationType: "appointment" | "message" | "billing" | "system" | "admin";
        /**
         * @description One notification.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "type": "message",
         *       "title": "New secure message",
         *       "body": "You have a new secure message.",
         *       "action_url": "/messages/01934f6e-8d2a-7c41-9a57-0f6f2b7c1d71",
         *       "is_read": false,
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Notification: {
            id: components["schemas"]["Uuid"];
            /**
             * Format: uuid
             * @description The organization that it comes from, if any.
             */
            organization_id: string | null;
            type: components["schemas"]["NotificationType"];
            /** @description One line. */
            title: string;
            /** @description A sentence or two, without health information. */
            body: string;
            /** @description Where in the app it leads. */
            action_url: string | null;
            /** @description Whether it was read. */
            is_read: boolean;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of notifications.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "type": "message",
         *           "title": "New secure message",
         *           "body": "You have a new secure message.",
         *           "action_url": "/messages/01934f6e-8d2a-7c41-9a57-0f6f2b7c1d71",
         *           "is_read": false,
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null,
         *       "unread_count": 1
         *     }
         */
        NotificationPage: {
            /** @description The notifications, in order. */
            items: components["schemas"]["Notification"][];
            next_cursor: components["schemas"]["NextCursor"];
            /**
             * Format: int32
             * @description How many of the person's notifications are unread, on every page and of every type.
             */
            unread_count: number;
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Up to when.
         * @example {
         *       "before": "2026-03-02T14:30:00.000Z"
         *     }
         */
        NotificationsReadUntil: {
            /**
             * Format: date-time
             * @description Up to this instant and with it; now when left out.
             */
            before?: string;
        };
        /**
         * @description What was done.
         * @example {
         *       "marked_count": 3
         *     }
         */
        NotificationsMarked: {
            /**
             * Format: int32
             * @description How many were unread until now.
             */
            marked_count: number;
        };
        /**
         * @description What to change.
         * @example {
         *       "is_read": true
         *     }
         */
        NotificationUpdate: {
            /** @description Whether it was read. */
            is_read: boolean;
        };
        /**
         * @description A pending setup. The secrets are never shown again.
         * @example {
         *       "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
         *       "otpauth_url": "otpauth://totp/Wardline:ada%40example.com?issuer=Wardline&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30",
         *       "qr_code": "data:image/png;base64,iVBORw0KGgo=",
         *       "backup_codes": [
         *         "7KQ2M-XW9TD",
         *         "3FHTA-9QZ4C",
         *         "M8XEP-2WYRK",
         *         "D5VNB-7TGQH",
         *         "9CZKW-4MXFA",
         *         "Q2RHT-8PYVD",
         *         "X6EBN-3KWCG",
         *         "T4QMZ-5HFRP"
         *       ],
         *       "expires_at": "2026-03-02T14:45:00.000Z"
         *     }
         */
        MfaSetup: {
            /** @description The TOTP secret, base32, for typing in. */
            secret: string;
            /**
             * Format: uri
             * @description The same as a link that authenticators open.
             */
            otpauth_url: string;
            /** @description The same as a picture, a PNG data URL. */
            qr_code: string;
            backup_codes: components["schemas"]["BackupCodes"];
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A code of the new authenticator.
         * @example {
         *       "code": "492039"
         *     }
         */
        MfaVerification: {
            code: components["schemas"]["TotpCode"];
        };
        /**
         * @description Multi-factor authentication of the account.
         * @example {
         *       "mfa_enabled": true,
         *       "step_up_until": "2026-03-02T14:40:00.000Z"
         *     }
         */
        MfaStatus: {
            /** @description Whether sign-in asks for a code. */
            mfa_enabled: boolean;
            step_up_until: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to sign.
         * @example {
         *       "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10"
         *     }
         */
        ConsentCreate: {
            document_id: components["schemas"]["Uuid"];
        };
        /**
         * @description Which kind of document.
         * @example HIPAA_NOTICE
         * @enum {string}
         */
        ConsentDocumentType: "HIPAA_NOTICE" | "TERMS_OF_SERVICE" | "TREATMENT_AGREEMENT";
        /**
         * @description A signature.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d34",
         *       "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "type": "HIPAA_NOTICE",
         *       "version": "1.0",
         *       "agreed_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Consent: {
            id: components["schemas"]["Uuid"];
            document_id: components["schemas"]["Uuid"];
            type: components["schemas"]["ConsentDocumentType"];
            /** @description The version that was signed. */
            version: string;
            agreed_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description The documents still to be signed.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "type": "HIPAA_NOTICE",
         *           "version": "1.0",
         *           "title": "Notice of Privacy Practices"
         *         }
         *       ]
         *     }
         */
        RequiredConsents: {
            /** @description The documents. */
            items: components["schemas"]["PendingDocument"][];
        };
        /**
         * @description A signature, with what it stands under.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d34",
         *       "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "type": "HIPAA_NOTICE",
         *       "version": "1.0",
         *       "title": "Notice of Privacy Practices",
         *       "agreed_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        ConsentHistoryItem: {
            id: components["schemas"]["Uuid"];
            document_id: components["schemas"]["Uuid"];
            type: components["schemas"]["ConsentDocumentType"];
            /** @description The version that was signed. */
            version: string;
            /** @description The document's title. */
            title: string;
            agreed_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of signatures.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d34",
         *           "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "type": "HIPAA_NOTICE",
         *           "version": "1.0",
         *           "title": "Notice of Privacy Practices",
         *           "agreed_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ConsentHistoryPage: {
            /** @description The signatures, in order. */
            items: components["schemas"]["ConsentHistoryItem"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description A document to sign.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "type": "HIPAA_NOTICE",
         *       "version": "1.0",
         *       "title": "Notice of Privacy Practices",
         *       "content": "This notice describes how medical information about you may be used.",
         *       "effective_date": "2026-01-01T05:00:00.000Z"
         *     }
         */
        ConsentDocument: {
            id: components["schemas"]["Uuid"];
            type: components["schemas"]["ConsentDocumentType"];
            /** @description Its version. */
            version: string;
            /** @description Its title. */
            title: string;
            /** @description Its text, Markdown. */
            content: string;
            effective_date: components["schemas"]["Timestamp"];
        };
        /**
         * @description Where the subscription stands.
         * @example ACTIVE
         * @enum {string}
         */
        SubscriptionStatus: "ACTIVE" | "PAST_DUE" | "CANCELED" | "INCOMPLETE" | "TRIALING";
        /**
         * @description An organization as lists show it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "name": "Harbor Family Practice",
         *       "timezone": "America/New_York",
         *       "subscription_status": "ACTIVE",
         *       "role": "ADMIN",
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Organization: {
            id: components["schemas"]["Uuid"];
            name: components["schemas"]["OrganizationName"];
            timezone: components["schemas"]["TimeZone"];
            subscription_status: components["schemas"]["SubscriptionStatus"];
            role: components["schemas"]["OrganizationRole"];
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of organizations.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "name": "Harbor Family Practice",
         *           "timezone": "America/New_York",
         *           "subscription_status": "ACTIVE",
         *           "role": "ADMIN",
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        OrganizationPage: {
            /** @description The organizations, in order. */
            items: components["schemas"]["Organization"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description One stretch of a weekday.
         * @example {
         *       "weekday": 1,
         *       "opens": "09:00",
         *       "closes": "17:00"
         *     }
         */
        OpeningHours: {
            /**
             * Format: int32
             * @description ISO weekday, 1 is Monday.
             */
            weekday: number;
            /** @description Wall-clock time. */
            opens: string;
            /** @description Wall-clock time; `24:00` is the end of the day. */
            closes: string;
        };
        /**
         * @description How the organization presents itself and when it is open.
         * @example {
         *       "primary_color": "#0a6e8a",
         *       "opening_hours": [
         *         {
         *           "weekday": 1,
         *           "opens": "09:00",
         *           "closes": "17:00"
         *         }
         *       ]
         *     }
         */
        OrganizationSettings: {
            /**
             * Format: uri
             * @description Its logo.
             */
            logo_url?: string;
            /** @description Its colour. */
            primary_color?: string;
            /** @description The country (ISO 3166-1) whose way of writing telephone numbers is understood without a country code. US when left out. */
            country?: string;
            /** @description When it is open, in its own time zone. Monday to Friday 9 to 5 when left out. */
            opening_hours?: components["schemas"]["OpeningHours"][];
        };
        /**
         * @description An organization to make.
         * @example {
         *       "name": "Harbor Family Practice",
         *       "timezone": "America/New_York"
         *     }
         */
        OrganizationCreate: {
            name: components["schemas"]["OrganizationName"];
            /** @description The tax number. */
            tax_id?: string;
            timezone?: components["schemas"]["TimeZone"];
            settings?: components["schemas"]["OrganizationSettings"];
        };
        /**
         * @description One organization.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "name": "Harbor Family Practice",
         *       "tax_id": null,
         *       "timezone": "America/New_York",
         *       "settings": {
         *         "primary_color": "#0a6e8a",
         *         "opening_hours": [
         *           {
         *             "weekday": 1,
         *             "opens": "09:00",
         *             "closes": "17:00"
         *           }
         *         ]
         *       },
         *       "subscription_status": "ACTIVE",
         *       "member_count": 12,
         *       "patient_count": 128,
         *       "role": "ADMIN",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        OrganizationDetail: {
            id: components["schemas"]["Uuid"];
            name: components["schemas"]["OrganizationName"];
            /** @description The tax number. */
            tax_id: string | null;
            timezone: components["schemas"]["TimeZone"];
            settings: components["schemas"]["OrganizationSettings"];
            subscription_status: components["schemas"]["SubscriptionStatus"];
            /**
             * Format: int32
             * @description Members now.
             */
            member_count: number;
            /**
             * Format: int32
             * @description Patients enrolled, discharged ones included.
             */
            patient_count: number;
            /** @description The caller's role here; null for a super-admin who is not a member. */
            role: components["schemas"]["OrganizationRole"] | null;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to change of an organization.
         * @example {
         *       "name": "Harbor Family Practice",
         *       "timezone": "America/Chicago"
         *     }
         */
        OrganizationUpdate: {
            name?: components["schemas"]["OrganizationName"];
            timezone?: components["schemas"]["TimeZone"];
            settings?: components["schemas"]["OrganizationSettings"];
        };
        /**
         * @description Somebody who works in an organization.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d65",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *       "display_name": "Ada Moreau",
         *       "email": "ada@example.com",
         *       "role": "STAFF",
         *       "joined_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Member: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            user_id: components["schemas"]["Uuid"];
            /** @description The person's name. */
            display_name: string;
            email: components["schemas"]["Email"];
            role: components["schemas"]["OrganizationRole"];
            joined_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of members.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d65",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *           "display_name": "Ada Moreau",
         *           "email": "ada@example.com",
         *           "role": "STAFF",
         *           "joined_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        MemberPage: {
            /** @description The members, in order. */
            items: components["schemas"]["Member"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Whom to invite, as what.
         * @example {
         *       "email": "ada@example.com",
         *       "role": "STAFF"
         *     }
         */
        MemberInvite: {
            email: components["schemas"]["Email"];
            role: components["schemas"]["OrganizationRole"];
        };
        /**
         * @description Where an invitation stands.
         * @example PENDING
         * @enum {string}
         */
        InvitationStatus: "PENDING" | "ACCEPTED" | "DECLINED" | "EXPIRED" | "CANCELLED";
        /**
         * @description An invitation as administrators see it; never its token.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "email": "ada@example.com",
         *       "role": "STAFF",
         *       "status": "PENDING",
         *       "inviter": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "resend_count": 0,
         *       "expires_at": "2026-03-09T14:30:00.000Z",
         *       "accepted_at": null,
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Invitation: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            email: components["schemas"]["Email"];
            role: components["schemas"]["OrganizationRole"];
            status: components["schemas"]["InvitationStatus"];
            /** @description Who invited. */
            inviter: {
                id: components["schemas"]["Uuid"];
                /** @description Their name. */
                display_name: string;
            };
            /**
             * Format: int32
             * @description How often it was sent again.
             */
            resend_count: number;
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When it was accepted.
             */
            accepted_at: string | null;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to change of a member.
         * @example {
         *       "role": "PROVIDER"
         *     }
         */
        MemberUpdate: {
            role: components["schemas"]["OrganizationRole"];
        };
        /**
         * @description A page of invitations.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "email": "ada@example.com",
         *           "role": "STAFF",
         *           "status": "PENDING",
         *           "inviter": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "resend_count": 0,
         *           "expires_at": "2026-03-09T14:30:00.000Z",
         *           "accepted_at": null,
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        InvitationPage: {
            /** @description The invitations, in order. */
            items: components["schemas"]["Invitation"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description An invitation as whoever holds its link sees it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "organization_name": "Harbor Family Practice",
         *       "email": "ada@example.com",
         *       "role": "STAFF",
         *       "inviter_name": "Sam Adeyemi",
         *       "status": "PENDING",
         *       "expires_at": "2026-03-09T14:30:00.000Z"
         *     }
         */
        InvitationOffer: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            organization_name: components["schemas"]["OrganizationName"];
            email: components["schemas"]["Email"];
            role: components["schemas"]["OrganizationRole"];
            /** @description Who invited. */
            inviter_name: string;
            status: components["schemas"]["InvitationStatus"];
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description The membership that an invitation became.
         * @example {
         *       "invitation_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "organization_name": "Harbor Family Practice",
         *       "member_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d65",
         *       "role": "STAFF"
         *     }
         */
        InvitationAccepted: {
            invitation_id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            organization_name: components["schemas"]["OrganizationName"];
            member_id: components["schemas"]["Uuid"];
            role: components["schemas"]["OrganizationRole"];
        };
        /**
         * @description What the key is for.
         * @example Laboratory import
         */
        ApiKeyName: string;
        /**
         * @description The part of the key that names it.
         * @example wlk_k3v9x2m7q1ab
         */
        ApiKeyPrefix: string;
        /**
         * @description `read` alone admits no change.
         * @example [
         *       "read"
         *     ]
         */
        ApiKeyScopes: ("read" | "write")[];
        /**
         * @description An API key; never its secret.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "name": "Laboratory import",
         *       "prefix": "wlk_k3v9x2m7q1ab",
         *       "role": "STAFF",
         *       "scopes": [
         *         "read",
         *         "write"
         *       ],
         *       "created_by": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "last_used_at": null,
         *       "expires_at": "2027-03-02T14:30:00.000Z",
         *       "revoked_at": null,
         *       "stopped": false,
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        ApiKey: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            name: components["schemas"]["ApiKeyName"];
            prefix: components["schemas"]["ApiKeyPrefix"];
            role: components["schemas"]["OrganizationRole"];
            scopes: components["schemas"]["ApiKeyScopes"];
            /** @description Who made it. */
            created_by: {
                id: components["schemas"]["Uuid"];
                /** @description Their name. */
                display_name: string;
            };
            /**
             * Format: date-time
             * @description When it was last used, to the minute.
             */
            last_used_at: string | null;
            /**
             * Format: date-time
             * @description When it ends by itself.
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description When it was revoked.
             */
            revoked_at: string | null;
            /** @description Whether it is refused because who made it is no ADMIN here any more, or is suspended. It works again when that ends. */
            stopped: boolean;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of API keys.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "name": "Laboratory import",
         *           "prefix": "wlk_k3v9x2m7q1ab",
         *           "role": "STAFF",
         *           "scopes": [
         *             "read",
         *             "write"
         *           ],
         *           "created_by": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "last_used_at": null,
         *           "expires_at": "2027-03-02T14:30:00.000Z",
         *           "revoked_at": null,
         *           "stopped": false,
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ApiKeyPage: {
            /** @description The keys, in order. */
            items: components["schemas"]["ApiKey"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description An API key to make.
         * @example {
         *       "name": "Laboratory import",
         *       "role": "STAFF",
         *       "expires_at": "2027-03-02T14:30:00.000Z"
         *     }
         */
        ApiKeyCreate: {
            name: components["schemas"]["ApiKeyName"];
            role: components["schemas"]["OrganizationRole"];
            scopes?: components["schemas"]["ApiKeyScopes"];
            expires_at?: components["schemas"]["Timestamp"];
        };
        /**
         * @description A new API key. The secret cannot be shown again.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "name": "Laboratory import",
         *       "prefix": "wlk_k3v9x2m7q1ab",
         *       "role": "STAFF",
         *       "scopes": [
         *         "read",
         *         "write"
         *       ],
         *       "created_by": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "last_used_at": null,
         *       "expires_at": "2027-03-02T14:30:00.000Z",
         *       "revoked_at": null,
         *       "stopped": false,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "secret": "wlk_k3v9x2m7q1ab_x7Q2mB0o1d2yJv7m9c1o6kQ2w8t5r4Zp0aLs3dFg6hJ"
         *     }
         */
        ApiKeyCreated: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            name: components["schemas"]["ApiKeyName"];
            prefix: components["schemas"]["ApiKeyPrefix"];
            role: components["schemas"]["OrganizationRole"];
            scopes: components["schemas"]["ApiKeyScopes"];
            /** @description Who made it. */
            created_by: {
                id: components["schemas"]["Uuid"];
                /** @description Their name. */
                display_name: string;
            };
            /**
             * Format: date-time
             * @description When it was last used, to the minute.
             */
            last_used_at: string | null;
            /**
             * Format: date-time
             * @description When it ends by itself.
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description When it was revoked.
             */
            revoked_at: string | null;
            /** @description Whether it is refused because who made it is no ADMIN here any more, or is suspended. It works again when that ends. */
            stopped: boolean;
            created_at: components["schemas"]["Timestamp"];
            /** @description The key itself. Keep it where secrets are kept. */
            secret: string;
        };
        /**
         * @description OPEN: health information can be read and written. GRACE: still, until `writes_until`. CLOSED: it can be read; writing it answers SUBSCRIPTION_REQUIRED.
         * @example OPEN
         * @enum {string}
         */
        WriteAccess: "OPEN" | "GRACE" | "CLOSED";
        /**
         * @description An organization's subscription.
         * @example {
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "configured": true,
         *       "subscription_status": "PAST_DUE",
         *       "write_access": "GRACE",
         *       "writes_until": "2026-03-09T14:30:00.000Z",
         *       "has_portal": true
         *     }
         */
        OrganizationBilling: {
            organization_id: components["schemas"]["Uuid"];
            /** @description Whether billing is set up on this server. Where it is not, every organization counts as ACTIVE. */
            configured: boolean;
            subscription_status: components["schemas"]["SubscriptionStatus"];
            write_access: components["schemas"]["WriteAccess"];
            /**
             * Format: date-time
             * @description When writing health information ends, or ended.
             */
            writes_until: string | null;
            /** @description Whether there is something to change in the portal. */
            has_portal: boolean;
        };
        /**
         * Format: uri
         * @description Where the page leads back to. Of the server's own address or of an origin that it trusts, else refused; when left out, where the server's settings say.
         * @example https://app.clinic.example/billing
         */
        ReturnUrl: string;
        /**
         * @description Where to come back to.
         * @example {}
         */
        BillingReturn: {
            return_url?: components["schemas"]["ReturnUrl"];
        };
        /**
         * Format: uri
         * @description A page at Stripe, for a browser. Whoever has it can use it, so it is for the caller only.
         * @example https://checkout.stripe.com/c/pay/cs_test_a1b2c3
         */
        PageUrl: string;
        /**
         * @description Where to subscribe.
         * @example {
         *       "url": "https://checkout.stripe.com/c/pay/cs_test_a1b2c3",
         *       "expires_at": "2026-03-03T14:30:00.000Z"
         *     }
         */
        CheckoutPage: {
            url: components["schemas"]["PageUrl"];
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description Where to change the subscription; for some minutes.
         * @example {
         *       "url": "https://billing.stripe.com/p/session/test_a1b2c3"
         *     }
         */
        PortalPage: {
            url: components["schemas"]["PageUrl"];
        };
        /**
         * @description A patient's subscription.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "configured": true,
         *       "subscription_status": null,
         *       "has_portal": false
         *     }
         */
        PatientBilling: {
            patient_id: components["schemas"]["Uuid"];
            /** @description Whether billing of patients is set up on this server. */
            configured: boolean;
            /**
             * @description How it stands; null for none.
             * @enum {string|null}
             */
            subscription_status: "ACTIVE" | "PAST_DUE" | "CANCELED" | "INCOMPLETE" | "TRIALING" | null;
            /** @description Whether there is something to change in the portal. */
            has_portal: boolean;
        };
        /**
         * @description An event, as Stripe's own documentation has it.
         * @example {
         *       "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
         *       "type": "customer.subscription.updated"
         *     }
         */
        StripeEvent: {
            /** @description The event's id. */
            id: string;
            /** @description What happened. */
            type: string;
        };
        /**
         * @description The event is kept; whatever it asks for follows.
         * @example {
         *       "received": true
         *     }
         */
        WebhookReceived: {
            /**
             * @description Always.
             * @constant
             */
            received: true;
        };
        /**
         * @description What to summarize.
         * @example {
         *       "text": "Patient seen for follow-up of hypertension. Blood pressure 128/82 on lisinopril 10 mg."
         *     }
         */
        SummarizeRequest: {
            /** @description The text. */
            text: string;
            /**
             * Format: int32
             * @description How long the summary may be, as the model is told.
             * @default 200
             */
            max_words?: number;
        };
        /**
         * @description A summary.
         * @example {
         *       "summary": "Hypertension, controlled on lisinopril 10 mg (128/82).",
         *       "model": "gpt-4o-mini"
         *     }
         */
        Summary: {
            /** @description In the language of the text. */
            summary: string;
            /** @description Which model wrote it. */
            model: string;
        };
        /**
         * Format: uri
         * @description Where events go: https, without credentials or fragment. Addresses of private, loopback, link-local and other special networks are refused, here and again at every attempt, when the name is resolved.
         * @example https://hooks.clinic.example/wardline
         */
        WebhookUrl: string;
        /**
         * @description An event that an organization's stream shows and its webhooks can send. Never what concerns one person only.
         * @example member.joined
         * @enum {string}
         */
        WebhookEventType: "member.joined" | "member.removed" | "license.expiring" | "subscription.updated" | "call.incoming" | "call.dequeued" | "call.completed" | "impersonation.started" | "impersonation.ended";
        /**
         * @description Which events go there. An empty list means all, those of later versions too.
         * @example [
         *       "member.joined",
         *       "member.removed"
         *     ]
         */
        WebhookEventTypes: components["schemas"]["WebhookEventType"][];
        /**
         * @description A webhook endpoint; never its secret.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "url": "https://hooks.clinic.example/wardline",
         *       "description": "Staff directory",
         *       "event_types": [
         *         "member.joined",
         *         "member.removed"
         *       ],
         *       "enabled": true,
         *       "disabled_at": null,
         *       "disabled_reason": null,
         *       "failing_since": null,
         *       "lost_count": 0,
         *       "lost_at": null,
         *       "old_secret_until": null,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        WebhookEndpoint: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            url: components["schemas"]["WebhookUrl"];
            /** @description What it is for. */
            description: string | null;
            event_types: components["schemas"]["WebhookEventTypes"];
            /** @description Whether events go there. */
            enabled: boolean;
            /**
             * Format: date-time
             * @description Since when it is disabled.
             */
            disabled_at: string | null;
            /**
             * @description ADMIN: somebody disabled it. FAILING: no delivery had arrived for 3 days. GONE: it answered 410.
             * @enum {string|null}
             */
            disabled_reason: "ADMIN" | "FAILING" | "GONE" | null;
            /**
             * Format: date-time
             * @description The first attempt that failed since one last succeeded.
             */
            failing_since: string | null;
            /**
             * Format: int32
             * @description How many deliveries never arrived and can no longer be sent or replayed, since the log is kept for 30 days. What was sent again counts as its last repetition.
             */
            lost_count: number;
            /**
             * Format: date-time
             * @description When the last of them was given up.
             */
            lost_at: string | null;
            /**
             * Format: date-time
             * @description Until then deliveries are signed with the secret before this one too.
             */
            old_secret_until: string | null;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of webhook endpoints.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "url": "https://hooks.clinic.example/wardline",
         *           "description": "Staff directory",
         *           "event_types": [
         *             "member.joined",
         *             "member.removed"
         *           ],
         *           "enabled": true,
         *           "disabled_at": null,
         *           "disabled_reason": null,
         *           "failing_since": null,
         *           "lost_count": 0,
         *           "lost_at": null,
         *           "old_secret_until": null,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        WebhookEndpointPage: {
            /** @description The endpoints, in order. */
            items: components["schemas"]["WebhookEndpoint"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description What it is for.
         * @example Staff directory
         */
        WebhookDescription: string;
        /**
         * @description A webhook endpoint to make.
         * @example {
         *       "url": "https://hooks.clinic.example/wardline",
         *       "description": "Staff directory",
         *       "event_types": [
         *         "member.joined",
         *         "member.removed"
         *       ]
         *     }
         */
        WebhookEndpointCreate: {
            url: components["schemas"]["WebhookUrl"];
            description?: components["schemas"]["WebhookDescription"];
            event_types?: components["schemas"]["WebhookEventTypes"];
        };
        /**
         * @description The signing key of the endpoint, as Standard Webhooks libraries take it. Keep it where secrets are kept.
         * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDbyoHqQ+Un5o=
         */
        WebhookSecret: string;
        /**
         * @description A webhook endpoint with its newest secret, which cannot be shown again.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "url": "https://hooks.clinic.example/wardline",
         *       "description": "Staff directory",
         *       "event_types": [
         *         "member.joined",
         *         "member.removed"
         *       ],
         *       "enabled": true,
         *       "disabled_at": null,
         *       "disabled_reason": null,
         *       "failing_since": null,
         *       "lost_count": 0,
         *       "lost_at": null,
         *       "old_secret_until": null,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z",
         *       "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDbyoHqQ+Un5o="
         *     }
         */
        WebhookEndpointWithSecret: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            url: components["schemas"]["WebhookUrl"];
            /** @description What it is for. */
            description: string | null;
            event_types: components["schemas"]["WebhookEventTypes"];
            /** @description Whether events go there. */
            enabled: boolean;
            /**
             * Format: date-time
             * @description Since when it is disabled.
             */
            disabled_at: string | null;
            /**
             * @description ADMIN: somebody disabled it. FAILING: no delivery had arrived for 3 days. GONE: it answered 410.
             * @enum {string|null}
             */
            disabled_reason: "ADMIN" | "FAILING" | "GONE" | null;
            /**
             * Format: date-time
             * @description The first attempt that failed since one last succeeded.
             */
            failing_since: string | null;
            /**
             * Format: int32
             * @description How many deliveries never arrived and can no longer be sent or replayed, since the log is kept for 30 days. What was sent again counts as its last repetition.
             */
            lost_count: number;
            /**
             * Format: date-time
             * @description When the last of them was given up.
             */
            lost_at: string | null;
            /**
             * Format: date-time
             * @description Until then deliveries are signed with the secret before this one too.
             */
            old_secret_until: string | null;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            secret: components["schemas"]["WebhookSecret"];
        };
        /**
         * @description What to change.
         * @example {
         *       "event_types": [],
         *       "enabled": true
         *     }
         */
        WebhookEndpointUpdate: {
            url?: components["schemas"]["WebhookUrl"];
            /** @description What it is for; null empties it. */
            description?: string | null;
            event_types?: components["schemas"]["WebhookEventTypes"];
            /** @description Whether events go there. */
            enabled?: boolean;
        };
        /**
         * @description PENDING: it is tried, or waits for its next attempt. FAILED: no attempt of 3 days succeeded.
         * @example DELIVERED
         * @enum {string}
         */
        WebhookDeliveryStatus: "PENDING" | "DELIVERED" | "FAILED";
        /**
         * @description The place in the stream. Ordered; `stream.*` and `heartbeat` carry the place that the stream has reached.
         * @example 731.42
         */
        EventId: string;
        /**
         * @description An event on its way to an endpoint, with its last attempt.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da1",
         *       "endpoint_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0",
         *       "event_id": "731.42",
         *       "event_type": "member.joined",
         *       "status": "PENDING",
         *       "attempts": 2,
         *       "last_attempt_at": "2026-03-02T14:30:05.400Z",
         *       "response_code": 503,
         *       "error": "HTTP_STATUS",
         *       "latency_ms": 84,
         *       "next_attempt_at": "2026-03-02T14:35:05.400Z",
         *       "replay_of": null,
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        WebhookDelivery: {
            id: components["schemas"]["Uuid"];
            endpoint_id: components["schemas"]["Uuid"];
            event_id: components["schemas"]["EventId"];
            event_type: components["schemas"]["WebhookEventType"];
            status: components["schemas"]["WebhookDeliveryStatus"];
            /**
             * Format: int32
             * @description How many were begun.
             */
            attempts: number;
            /**
             * Format: date-time
             * @description When the last attempt ended.
             */
            last_attempt_at: string | null;
            /**
             * Format: int32
             * @description The HTTP status of the last answer; null where none came.
             */
            response_code: number | null;
            /**
             * @description Why the last attempt failed. HTTP_STATUS, the answer was not 2xx; SECRET_UNREADABLE, this server no longer has the key that the endpoint's secret is encrypted with: rotate it.
             * @enum {string|null}
             */
            error: "HTTP_STATUS" | "TIMEOUT" | "NAME_NOT_RESOLVED" | "ADDRESS_NOT_ALLOWED" | "CONNECTION_FAILED" | "TLS_FAILED" | "SECRET_UNREADABLE" | null;
            /**
             * Format: int32
             * @description How long the last attempt took.
             */
            latency_ms: number | null;
            /**
             * Format: date-time
             * @description When it is tried next, at the earliest.
             */
            next_attempt_at: string | null;
            /**
             * Format: uuid
             * @description The delivery that this one repeats.
             */
            replay_of: string | null;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of deliveries.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da1",
         *           "endpoint_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1da0",
         *           "event_id": "731.42",
         *           "event_type": "member.joined",
         *           "status": "PENDING",
         *           "attempts": 2,
         *           "last_attempt_at": "2026-03-02T14:30:05.400Z",
         *           "response_code": 503,
         *           "error": "HTTP_STATUS",
         *           "latency_ms": 84,
         *           "next_attempt_at": "2026-03-02T14:35:05.400Z",
         *           "replay_of": null,
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        WebhookDeliveryPage: {
            /** @description The deliveries, in order. */
            items: components["schemas"]["WebhookDelivery"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description A patient as lists show it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "first_name": "Ngozi",
         *       "last_name": "Okafor",
         *       "dob": "1984-07-21",
         *       "medical_record_number": "MRN-000123",
         *       "status": "ACTIVE",
         *       "enrolled_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Patient: {
            id: components["schemas"]["Uuid"];
            first_name: components["schemas"]["Name"];
            last_name: components["schemas"]["Name"];
            dob: components["schemas"]["LocalDate"];
            medical_record_number: components["schemas"]["Mrn"];
            status: components["schemas"]["EnrollmentStatus"];
            enrolled_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of patients.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "first_name": "Ngozi",
         *           "last_name": "Okafor",
         *           "dob": "1984-07-21",
         *           "medical_record_number": "MRN-000123",
         *           "status": "ACTIVE",
         *           "enrolled_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        PatientPage: {
            /** @description The patients, in order. */
            items: components["schemas"]["Patient"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description The sex on legal documents.
         * @example FEMALE
         * @enum {string}
         */
        LegalSex: "FEMALE" | "MALE" | "NON_BINARY" | "UNKNOWN";
        /**
         * @description A telephone number, as people of the organization's country write it or with + and the country's code, without an extension; or an e-mail address.
         * @example +12125550123
         */
        ContactValue: string;
        /**
         * @description A contact method to add.
         * @example {
         *       "type": "MOBILE",
         *       "value": "+12125550123",
         *       "is_primary": true
         *     }
         */
        ContactMethodCreate: {
            /**
             * @description What kind of contact.
             * @enum {string}
             */
            type: "MOBILE" | "HOME" | "WORK" | "EMAIL";
            value: components["schemas"]["ContactValue"];
            /**
             * @description The first choice of its type.
             * @default false
             */
            is_primary?: boolean;
            /**
             * @description Whether anything automated may be left there.
             * @default false
             */
            is_safe_for_voicemail?: boolean;
        };
        /**
         * @description A patient to create and enroll.
         * @example {
         *       "first_name": "Ngozi",
         *       "last_name": "Okafor",
         *       "dob": "1984-07-21",
         *       "legal_sex": "FEMALE",
         *       "contact_methods": [
         *         {
         *           "type": "MOBILE",
         *           "value": "+12125550123",
         *           "is_primary": true
         *         }
         *       ]
         *     }
         */
        PatientCreate: {
            first_name: components["schemas"]["Name"];
            last_name: components["schemas"]["Name"];
            dob: components["schemas"]["LocalDate"];
            legal_sex?: components["schemas"]["LegalSex"];
            medical_record_number?: components["schemas"]["Mrn"];
            /** @description Contact methods to create along. */
            contact_methods?: components["schemas"]["ContactMethodCreate"][];
        };
        /**
         * @description One way to reach the patient.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d13",
         *       "type": "MOBILE",
         *       "value": "+12125550123",
         *       "is_primary": true,
         *       "is_safe_for_voicemail": false,
         *       "version": 1
         *     }
         */
        ContactMethod: {
            id: components["schemas"]["Uuid"];
            /**
             * @description What kind of contact.
             * @enum {string}
             */
            type: "MOBILE" | "HOME" | "WORK" | "EMAIL";
            /** @description An E.164 number, or an e-mail address. */
            value: string;
            /** @description The first choice of its type. */
            is_primary: boolean;
            /** @description Whether anything automated may be left there. */
            is_safe_for_voicemail: boolean;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
        };
        /**
         * @description A provider who cares for the patient here.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d14",
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "display_name": "Dr. Ines Baptiste",
         *       "specialty": "Family medicine",
         *       "is_primary_provider": true,
         *       "assigned_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        CareTeamMember: {
            id: components["schemas"]["Uuid"];
            provider_id: components["schemas"]["Uuid"];
            /** @description The provider's name. */
            display_name: string;
            /** @description The provider's specialty. */
            specialty?: string | null;
            /** @description The one who leads. */
            is_primary_provider: boolean;
            assigned_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A patient with contacts and care team.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "first_name": "Ngozi",
         *       "last_name": "Okafor",
         *       "dob": "1984-07-21",
         *       "legal_sex": "FEMALE",
         *       "medical_record_number": "MRN-000123",
         *       "status": "ACTIVE",
         *       "enrolled_at": "2026-03-02T14:30:00.000Z",
         *       "discharged_at": null,
         *       "has_login": true,
         *       "transactional_consent": true,
         *       "version": 1,
         *       "contact_methods": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d13",
         *           "type": "MOBILE",
         *           "value": "+12125550123",
         *           "is_primary": true,
         *           "is_safe_for_voicemail": false,
         *           "version": 1
         *         }
         *       ],
         *       "care_team": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d14",
         *           "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *           "display_name": "Dr. Ines Baptiste",
         *           "specialty": "Family medicine",
         *           "is_primary_provider": true,
         *           "assigned_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        PatientDetail: {
            id: components["schemas"]["Uuid"];
            first_name: components["schemas"]["Name"];
            last_name: components["schemas"]["Name"];
            dob: components["schemas"]["LocalDate"];
            legal_sex: components["schemas"]["LegalSex"];
            medical_record_number: components["schemas"]["Mrn"];
            status: components["schemas"]["EnrollmentStatus"];
            enrolled_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When care here ended.
             */
            discharged_at: string | null;
            /** @description Whether the patient can sign in. */
            has_login: boolean;
            /** @description What the practice was told about reminders, billing alerts and calls. A "no" here or in the patient's own communication preferences stops them. */
            transactional_consent: boolean;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            /** @description Every contact method. */
            contact_methods: components["schemas"]["ContactMethod"][];
            /** @description The providers who care for the patient here. */
            care_team: components["schemas"]["CareTeamMember"][];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "last_name": "Okafor-Reed"
         *     }
         */
        PatientUpdate: {
            first_name?: components["schemas"]["Name"];
            last_name?: components["schemas"]["Name"];
            dob?: components["schemas"]["LocalDate"];
            legal_sex?: components["schemas"]["LegalSex"];
            medical_record_number?: components["schemas"]["Mrn"];
            /** @description Whether reminders, billing alerts and calls are welcome. */
            transactional_consent?: boolean;
        };
        /**
         * @description Where to mail the link.
         * @example {
         *       "email": "ngozi@example.com"
         *     }
         */
        PortalInvite: {
            email?: components["schemas"]["Email"];
        };
        /**
         * @description An invitation to the portal; never its token.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d71",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "email": "ngozi@example.com",
         *       "expires_at": "2026-03-09T14:30:00.000Z"
         *     }
         */
        PortalInvitation: {
            id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            email: components["schemas"]["Email"];
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What only the invited person knows.
         * @example {
         *       "dob": "1984-07-21"
         *     }
         */
        PortalAccept: {
            dob: components["schemas"]["LocalDate"];
        };
        /**
         * @description Whose portal is open now.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "role": "PATIENT"
         *     }
         */
        PortalAccepted: {
            patient_id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            /**
             * @description The patient, or somebody who acts for the patient.
             * @enum {string}
             */
            role: "PATIENT" | "PROXY";
        };
        /**
         * @description A page of contact methods.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d13",
         *           "type": "MOBILE",
         *           "value": "+12125550123",
         *           "is_primary": true,
         *           "is_safe_for_voicemail": false,
         *           "version": 1
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ContactMethodPage: {
            /** @description The contact methods, in order. */
            items: components["schemas"]["ContactMethod"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "is_safe_for_voicemail": true
         *     }
         */
        ContactMethodUpdate: {
            value?: components["schemas"]["ContactValue"];
            /** @description The first choice of its type. */
            is_primary?: boolean;
            /** @description Whether anything automated may be left there. */
            is_safe_for_voicemail?: boolean;
        };
        /**
         * @description What this organization alone knows of the patient.
         * @example {
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "medical_record_number": "MRN-000123",
         *       "status": "ACTIVE",
         *       "enrolled_at": "2026-03-02T14:30:00.000Z",
         *       "discharged_at": null
         *     }
         */
        Enrollment: {
            organization_id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            medical_record_number: components["schemas"]["Mrn"];
            status: components["schemas"]["EnrollmentStatus"];
            enrolled_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When care here ended.
             */
            discharged_at: string | null;
        };
        /**
         * @description Empty to restore a discharged patient; with last name and date of birth for one who is new here.
         * @example {
         *       "last_name": "Okafor",
         *       "dob": "1984-07-21"
         *     }
         */
        EnrollmentCreate: {
            last_name?: components["schemas"]["Name"];
            dob?: components["schemas"]["LocalDate"];
            medical_record_number?: components["schemas"]["Mrn"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "status": "DISCHARGED"
         *     }
         */
        EnrollmentUpdate: {
            status?: components["schemas"]["EnrollmentStatus"];
            medical_record_number?: components["schemas"]["Mrn"];
        };
        /**
         * @description A page of organizations.
         * @example {
         *       "items": [
         *         {
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "organization_name": "Harbor Family Practice",
         *           "status": "ACTIVE"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        PatientOrganizationPage: {
            /** @description The organizations, in order. */
            items: components["schemas"]["PatientOrganization"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Somebody's access to a patient.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d72",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "status": "ACTIVE",
         *       "proxy": {
         *         "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "display_name": "Emeka Okafor",
         *         "email": "emeka@example.com"
         *       },
         *       "relationship_type": "PARENT",
         *       "can_view_clinical_notes": false,
         *       "can_view_billing": true,
         *       "can_schedule_appointments": true,
         *       "access_granted_at": "2026-03-02T14:30:00.000Z",
         *       "expires_at": null
         *     }
         */
        ProxyAssignment: {
            id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            /**
             * @description Whether it is live, has run out, or awaits an answer to the mailed link.
             * @enum {string}
             */
            status: "ACTIVE" | "EXPIRED" | "INVITED";
            /** @description Who it is. */
            proxy: {
                /**
                 * Format: uuid
                 * @description The account; null for somebody who was invited.
                 */
                user_id: string | null;
                /** @description The name; null for somebody who was invited. */
                display_name: string | null;
                email: components["schemas"]["Email"];
            };
            relationship_type: components["schemas"]["ProxyRelationship"];
            /** @description May read clinical notes, documents and messages. */
            can_view_clinical_notes: boolean;
            /** @description May see and pay bills. */
            can_view_billing: boolean;
            /** @description May book, move and cancel appointments. */
            can_schedule_appointments: boolean;
            /**
             * Format: date-time
             * @description Since when; null for somebody who was invited.
             */
            access_granted_at: string | null;
            /**
             * Format: date-time
             * @description When the access ends by itself; null for never.
             */
            expires_at: string | null;
        };
        /**
         * @description A page of proxies.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d72",
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "status": "ACTIVE",
         *           "proxy": {
         *             "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *             "display_name": "Emeka Okafor",
         *             "email": "emeka@example.com"
         *           },
         *           "relationship_type": "PARENT",
         *           "can_view_clinical_notes": false,
         *           "can_view_billing": true,
         *           "can_schedule_appointments": true,
         *           "access_granted_at": "2026-03-02T14:30:00.000Z",
         *           "expires_at": null
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ProxyPage: {
            /** @description The proxies, in order. */
            items: components["schemas"]["ProxyAssignment"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Who is to act for the patient, and how far.
         * @example {
         *       "email": "emeka@example.com",
         *       "relationship_type": "PARENT",
         *       "can_view_clinical_notes": true
         *     }
         */
        ProxyAssign: {
            email: components["schemas"]["Email"];
            relationship_type: components["schemas"]["ProxyRelationship"];
            /**
             * @description May read clinical notes, documents and messages.
             * @default false
             */
            can_view_clinical_notes?: boolean;
            /**
             * @description May see and pay bills.
             * @default true
             */
            can_view_billing?: boolean;
            /**
             * @description May book, move and cancel appointments.
             * @default true
             */
            can_schedule_appointments?: boolean;
            /**
             * Format: date-time
             * @description When the access ends by itself; null for never. In the future.
             */
            expires_at?: string | null;
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "can_view_clinical_notes": true,
         *       "expires_at": null
         *     }
         */
        ProxyUpdate: {
            relationship_type?: components["schemas"]["ProxyRelationship"];
            /** @description May read clinical notes, documents and messages. */
            can_view_clinical_notes?: boolean;
            /** @description May see and pay bills. */
            can_view_billing?: boolean;
            /** @description May book, move and cancel appointments. */
            can_schedule_appointments?: boolean;
            /**
             * Format: date-time
             * @description When the access ends by itself; null for never. In the future.
             */
            expires_at?: string | null;
        };
        /**
         * @description A page of the care team.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d14",
         *           "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *           "display_name": "Dr. Ines Baptiste",
         *           "specialty": "Family medicine",
         *           "is_primary_provider": true,
         *           "assigned_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        CareTeamPage: {
            /** @description The team, in order. */
            items: components["schemas"]["CareTeamMember"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Who joins the team.
         * @example {
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "is_primary_provider": true
         *     }
         */
        CareTeamAdd: {
            provider_id: components["schemas"]["Uuid"];
            /**
             * @description The one who leads.
             * @default false
             */
            is_primary_provider?: boolean;
        };
        /**
         * @description Whether this provider leads.
         * @example {
         *       "is_primary_provider": true
         *     }
         */
        CareTeamUpdate: {
            /** @description The one who leads. */
            is_primary_provider: boolean;
        };
        /**
         * @description The National Provider Identifier, 10 digits with a check digit.
         * @example 1234567893
         */
        Npi: string;
        /**
         * @description A licence to practise in one state.
         * @example {
         *       "state": "NY",
         *       "license_number": "301245",
         *       "expiry": "2027-06-30"
         *     }
         */
        StateLicense: {
            /**
             * @description The state or territory.
             * @enum {string}
             */
            state: "AL" | "AK" | "AZ" | "AR" | "CA" | "CO" | "CT" | "DE" | "DC" | "FL" | "GA" | "HI" | "ID" | "IL" | "IN" | "IA" | "KS" | "KY" | "LA" | "ME" | "MD" | "MA" | "MI" | "MN" | "MS" | "MO" | "MT" | "NE" | "NV" | "NH" | "NJ" | "NM" | "NY" | "NC" | "ND" | "OH" | "OK" | "OR" | "PA" | "RI" | "SC" | "SD" | "TN" | "TX" | "UT" | "VT" | "VA" | "WA" | "WV" | "WI" | "WY" | "AS" | "GU" | "MP" | "PR" | "VI";
            /** @description Its number. */
            license_number: string;
            expiry: components["schemas"]["LocalDate"];
        };
        /**
         * @description The licences, one a state. The day of expiry is the last good one.
         * @example [
         *       {
         *         "state": "NY",
         *         "license_number": "301245",
         *         "expiry": "2027-06-30"
         *       }
         *     ]
         */
        StateLicenses: components["schemas"]["StateLicense"][];
        /**
         * @description A provider as lists show it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *       "display_name": "Dr. Ines Baptiste",
         *       "npi_number": "1234567893",
         *       "specialty": "Family medicine",
         *       "state_licenses": [
         *         {
         *           "state": "NY",
         *           "license_number": "301245",
         *           "expiry": "2027-06-30"
         *         }
         *       ],
         *       "is_licensed": true
         *     }
         */
        Provider: {
            id: components["schemas"]["Uuid"];
            user_id: components["schemas"]["Uuid"];
            /** @description The provider's name. */
            display_name: string;
            npi_number: components["schemas"]["Npi"];
            /** @description What the provider is a specialist in. */
            specialty: string | null;
            state_licenses: components["schemas"]["StateLicenses"];
            /** @description Whether any licence holds today, where the organization is. Without one no appointment can be booked. */
            is_licensed: boolean;
        };
        /**
         * @description A page of providers.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *           "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *           "display_name": "Dr. Ines Baptiste",
         *           "npi_number": "1234567893",
         *           "specialty": "Family medicine",
         *           "state_licenses": [
         *             {
         *               "state": "NY",
         *               "license_number": "301245",
         *               "expiry": "2027-06-30"
         *             }
         *           ],
         *           "is_licensed": true
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ProviderPage: {
            /** @description The providers, in order. */
            items: components["schemas"]["Provider"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description The registration with the Drug Enforcement Administration, with its check digit.
         * @example AB1234563
         */
        DeaNumber: string;
        /**
         * @description What the provider is a specialist in.
         * @example Family medicine
         */
        Specialty: string;
        /**
         * @description The member to make a provider.
         * @example {
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *       "npi_number": "1234567893",
         *       "specialty": "Family medicine",
         *       "state_licenses": [
         *         {
         *           "state": "NY",
         *           "license_number": "301245",
         *           "expiry": "2027-06-30"
         *         }
         *       ]
         *     }
         */
        ProviderCreate: {
            user_id: components["schemas"]["Uuid"];
            npi_number: components["schemas"]["Npi"];
            dea_number?: components["schemas"]["DeaNumber"];
            specialty?: components["schemas"]["Specialty"];
            state_licenses?: components["schemas"]["StateLicenses"];
        };
        /**
         * @description A provider.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *       "display_name": "Dr. Ines Baptiste",
         *       "npi_number": "1234567893",
         *       "specialty": "Family medicine",
         *       "state_licenses": [
         *         {
         *           "state": "NY",
         *           "license_number": "301245",
         *           "expiry": "2027-06-30"
         *         }
         *       ],
         *       "is_licensed": true,
         *       "dea_number": "AB1234563",
         *       "version": 1,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        ProviderDetail: {
            id: components["schemas"]["Uuid"];
            user_id: components["schemas"]["Uuid"];
            /** @description The provider's name. */
            display_name: string;
            npi_number: components["schemas"]["Npi"];
            /** @description What the provider is a specialist in. */
            specialty: string | null;
            state_licenses: components["schemas"]["StateLicenses"];
            /** @description Whether any licence holds today, where the organization is. Without one no appointment can be booked. */
            is_licensed: boolean;
            /** @description For ADMINs and the provider; null for everybody else, and where there is none. */
            dea_number: string | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "state_licenses": [
         *         {
         *           "state": "NY",
         *           "license_number": "301245",
         *           "expiry": "2027-06-30"
         *         }
         *       ]
         *     }
         */
        ProviderUpdate: {
            npi_number?: components["schemas"]["Npi"];
            /** @description The registration with the Drug Enforcement Administration; null takes it off. */
            dea_number?: string | null;
            specialty?: components["schemas"]["Specialty"];
            state_licenses?: components["schemas"]["StateLicenses"];
        };
        /**
         * @description A member's job.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *       "display_name": "Theo Brandt",
         *       "email": "theo@example.com",
         *       "role": "STAFF",
         *       "employee_id": "E-10482",
         *       "job_title": "Front desk",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Staff: {
            id: components["schemas"]["Uuid"];
            user_id: components["schemas"]["Uuid"];
            /** @description The person's name. */
            display_name: string;
            email: components["schemas"]["Email"];
            role: components["schemas"]["OrganizationRole"];
            /** @description The number in the personnel files. */
            employee_id: string | null;
            /** @description What the person does. */
            job_title: string | null;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of staff.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *           "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *           "display_name": "Theo Brandt",
         *           "email": "theo@example.com",
         *           "role": "STAFF",
         *           "employee_id": "E-10482",
         *           "job_title": "Front desk",
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        StaffPage: {
            /** @description The profiles, in order. */
            items: components["schemas"]["Staff"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description The number in the personnel files.
         * @example E-10482
         */
        EmployeeId: string;
        /**
         * @description What the person does.
         * @example Front desk
         */
        JobTitle: string;
        /**
         * @description The member and the job.
         * @example {
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *       "job_title": "Front desk"
         *     }
         */
        StaffCreate: {
            user_id: components["schemas"]["Uuid"];
            employee_id?: components["schemas"]["EmployeeId"];
            job_title?: components["schemas"]["JobTitle"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "job_title": "Office manager"
         *     }
         */
        StaffUpdate: {
            /** @description The number in the personnel files; null empties it. */
            employee_id?: string | null;
            /** @description What the person does; null empties it. */
            job_title?: string | null;
        };
        /**
         * @description A time at which the provider is free.
         * @example {
         *       "starts_at": "2026-03-09T13:00:00.000Z",
         *       "ends_at": "2026-03-09T13:30:00.000Z",
         *       "local_start": "2026-03-09T09:00:00-04:00"
         *     }
         */
        Slot: {
            starts_at: components["schemas"]["Timestamp"];
            ends_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description The start on the organization's wall clock, with its offset.
             * @example 2026-03-09T09:00:00-04:00
             */
            local_start: string;
        };
        /**
         * @description When a provider can be booked.
         * @example {
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "timezone": "America/New_York",
         *       "start_date": "2026-03-09",
         *       "end_date": "2026-03-16",
         *       "duration_minutes": 30,
         *       "takes_appointments": true,
         *       "slots": [
         *         {
         *           "starts_at": "2026-03-09T13:00:00.000Z",
         *           "ends_at": "2026-03-09T13:30:00.000Z",
         *           "local_start": "2026-03-09T09:00:00-04:00"
         *         }
         *       ]
         *     }
         */
        Availability: {
            provider_id: components["schemas"]["Uuid"];
            timezone: components["schemas"]["TimeZone"];
            start_date: components["schemas"]["LocalDate"];
            end_date: components["schemas"]["LocalDate"];
            duration_minutes: components["schemas"]["DurationMinutes"];
            /** @description False without an unexpired licence. */
            takes_appointments: boolean;
            /** @description The free slots, by start. */
            slots: components["schemas"]["Slot"][];
        };
        /**
         * @description A visit.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "patient_name": "Ngozi Okafor",
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "provider_name": "Dr. Ines Baptiste",
         *       "appointment_type": "IN_PERSON",
         *       "status": "SCHEDULED",
         *       "scheduled_at": "2026-03-09T15:00:00.000Z",
         *       "duration_minutes": 30,
         *       "reason": "Yearly check-up",
         *       "notes": null,
         *       "location": "Room 4",
         *       "telehealth_url": null,
         *       "cancellation_reason": null,
         *       "version": 1,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Appointment: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            /** @description The patient's first and last name. */
            patient_name: string;
            provider_id: components["schemas"]["Uuid"];
            /** @description The provider's name. */
            provider_name: string;
            appointment_type: components["schemas"]["AppointmentType"];
            status: components["schemas"]["AppointmentStatus"];
            scheduled_at: components["schemas"]["Timestamp"];
            duration_minutes: components["schemas"]["DurationMinutes"];
            /** @description Why the patient comes. */
            reason: string | null;
            /** @description The practice's own; null for patients and proxies. */
            notes: string | null;
            /** @description Where in the practice. */
            location: string | null;
            /**
             * Format: uri
             * @description Where to join by video.
             */
            telehealth_url: string | null;
            /** @description Why it was cancelled. */
            cancellation_reason: string | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of appointments.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "patient_name": "Ngozi Okafor",
         *           "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *           "provider_name": "Dr. Ines Baptiste",
         *           "appointment_type": "IN_PERSON",
         *           "status": "SCHEDULED",
         *           "scheduled_at": "2026-03-09T15:00:00.000Z",
         *           "duration_minutes": 30,
         *           "reason": "Yearly check-up",
         *           "notes": null,
         *           "location": "Room 4",
         *           "telehealth_url": null,
         *           "cancellation_reason": null,
         *           "version": 1,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        AppointmentPage: {
            /** @description The appointments, in order. */
            items: components["schemas"]["Appointment"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description A visit to book.
         * @example {
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "scheduled_at": "2026-03-09T15:00:00.000Z",
         *       "duration_minutes": 30,
         *       "appointment_type": "IN_PERSON",
         *       "reason": "Yearly check-up",
         *       "location": "Room 4"
         *     }
         */
        AppointmentCreate: {
            provider_id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            scheduled_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description How long it takes, in minutes.
             * @default 30
             */
            duration_minutes?: number;
            appointment_type: components["schemas"]["AppointmentType"];
            /** @description Why the patient comes. */
            reason?: string;
            /** @description Where in the practice. */
            location?: string;
            /**
             * Format: uri
             * @description Where to join by video.
             */
            telehealth_url?: string;
        };
        /**
         * @description A time that a visit had before it was moved.
         * @example {
         *       "scheduled_at": "2026-03-06T15:00:00.000Z",
         *       "duration_minutes": 30,
         *       "reason": "Out of town",
         *       "rescheduled_at": "2026-03-03T09:00:00.000Z",
         *       "rescheduled_by": "Ngozi Okafor"
         *     }
         */
        PastTime: {
            scheduled_at: components["schemas"]["Timestamp"];
            duration_minutes: components["schemas"]["DurationMinutes"];
            /** @description Why it was moved. */
            reason: string | null;
            rescheduled_at: components["schemas"]["Timestamp"];
            /** @description Who moved it; null for an API key. */
            rescheduled_by: string | null;
        };
        /**
         * @description A visit, with the times that it had before.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "patient_name": "Ngozi Okafor",
         *       "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *       "provider_name": "Dr. Ines Baptiste",
         *       "appointment_type": "IN_PERSON",
         *       "status": "SCHEDULED",
         *       "scheduled_at": "2026-03-09T15:00:00.000Z",
         *       "duration_minutes": 30,
         *       "reason": "Yearly check-up",
         *       "notes": null,
         *       "location": "Room 4",
         *       "telehealth_url": null,
         *       "cancellation_reason": null,
         *       "version": 2,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-03T09:00:00.000Z",
         *       "reschedules": [
         *         {
         *           "scheduled_at": "2026-03-06T15:00:00.000Z",
         *           "duration_minutes": 30,
         *           "reason": "Out of town",
         *           "rescheduled_at": "2026-03-03T09:00:00.000Z",
         *           "rescheduled_by": "Ngozi Okafor"
         *         }
         *       ]
         *     }
         */
        AppointmentDetail: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            /** @description The patient's first and last name. */
            patient_name: string;
            provider_id: components["schemas"]["Uuid"];
            /** @description The provider's name. */
            provider_name: string;
            appointment_type: components["schemas"]["AppointmentType"];
            status: components["schemas"]["AppointmentStatus"];
            scheduled_at: components["schemas"]["Timestamp"];
            duration_minutes: components["schemas"]["DurationMinutes"];
            /** @description Why the patient comes. */
            reason: string | null;
            /** @description The practice's own; null for patients and proxies. */
            notes: string | null;
            /** @description Where in the practice. */
            location: string | null;
            /**
             * Format: uri
             * @description Where to join by video.
             */
            telehealth_url: string | null;
            /** @description Why it was cancelled. */
            cancellation_reason: string | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            /** @description The latest 50, newest first. */
            reschedules: components["schemas"]["PastTime"][];
        };
        /**
         * @description Why it is cancelled; given with the status CANCELLED, and only then.
         * @example Feels better
         */
        CancellationReason: string;
        /**
         * @description Why a visit is cancelled.
         * @example {
         *       "cancellation_reason": "Feels better"
         *     }
         */
        AppointmentCancellation: {
            cancellation_reason: components["schemas"]["CancellationReason"];
        };
        /**
         * @description What is to change; what is left out stays, null empties.
         * @example {
         *       "status": "CONFIRMED"
         *     }
         */
        AppointmentUpdate: {
            status?: components["schemas"]["AppointmentStatus"];
            cancellation_reason?: components["schemas"]["CancellationReason"];
            /** @description Why the patient comes. */
            reason?: string | null;
            /** @description The practice's own. */
            notes?: string | null;
            /** @description Where in the practice. */
            location?: string | null;
            /**
             * Format: uri
             * @description Where to join by video.
             */
            telehealth_url?: string | null;
        };
        /**
         * @description The new time, and why.
         * @example {
         *       "scheduled_at": "2026-03-10T15:00:00.000Z",
         *       "reason": "Out of town"
         *     }
         */
        AppointmentReschedule: {
            scheduled_at: components["schemas"]["Timestamp"];
            duration_minutes?: components["schemas"]["DurationMinutes"];
            /** @description Why it is moved. */
            reason?: string;
        };
        /**
         * @description What the thread is about.
         * @example Refill of lisinopril
         */
        ThreadSubject: string;
        /**
         * @description The latest message, shortened.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *       "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "sender_name": "Ngozi Okafor",
         *       "preview": "Could you renew my prescription?",
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        MessagePreview: {
            id: components["schemas"]["Uuid"];
            sender_id: components["schemas"]["Uuid"];
            /** @description Who wrote it. */
            sender_name: string;
            /** @description Its first 140 characters. */
            preview: string;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A person in the thread.
         * @example {
         *       "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *       "display_name": "Dr. Ines Baptiste"
         *     }
         */
        ThreadParticipant: {
            user_id: components["schemas"]["Uuid"];
            /** @description The person's name. */
            display_name: string;
        };
        /**
         * @description A thread as the list shows it to one participant.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "subject": "Refill of lisinopril",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z",
         *       "unread_count": 1,
         *       "is_archived": false,
         *       "last_message": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *         "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *         "sender_name": "Ngozi Okafor",
         *         "preview": "Could you renew my prescription?",
         *         "created_at": "2026-03-02T14:30:00.000Z"
         *       },
         *       "participants": [
         *         {
         *           "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *           "display_name": "Dr. Ines Baptiste"
         *         }
         *       ]
         *     }
         */
        Thread: {
            id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            subject: components["schemas"]["ThreadSubject"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description How many messages of others the caller has not read.
             */
            unread_count: number;
            /** @description Whether the caller archived it. */
            is_archived: boolean;
            last_message: components["schemas"]["MessagePreview"];
            /** @description Everybody in it, the caller included, in the order of joining. */
            participants: components["schemas"]["ThreadParticipant"][];
        };
        /**
         * @description A page of threads.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "subject": "Refill of lisinopril",
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z",
         *           "unread_count": 1,
         *           "is_archived": false,
         *           "last_message": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *             "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *             "sender_name": "Ngozi Okafor",
         *             "preview": "Could you renew my prescription?",
         *             "created_at": "2026-03-02T14:30:00.000Z"
         *           },
         *           "participants": [
         *             {
         *               "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *               "display_name": "Dr. Ines Baptiste"
         *             }
         *           ]
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ThreadPage: {
            /** @description The threads, in order. */
            items: components["schemas"]["Thread"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description The text, plain.
         * @example Could you renew my prescription?
         */
        MessageBody: string;
        /**
         * @description A thread to start.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "subject": "Refill of lisinopril",
         *       "body": "Could you renew my prescription?",
         *       "participant_ids": [
         *         "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31"
         *       ]
         *     }
         */
        ThreadCreate: {
            patient_id: components["schemas"]["Uuid"];
            subject: components["schemas"]["ThreadSubject"];
            body: components["schemas"]["MessageBody"];
            /** @description The users to write to. The caller need not be named. */
            participant_ids: components["schemas"]["Uuid"][];
            /** @description The ids of documents of this patient. */
            attachments?: components["schemas"]["Uuid"][];
        };
        /**
         * @description A message in a thread.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *       "thread_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *       "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "sender_name": "Ngozi Okafor",
         *       "body": "Could you renew my prescription?",
         *       "attachments": [],
         *       "read_by": [
         *         "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31"
         *       ],
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Message: {
            id: components["schemas"]["Uuid"];
            thread_id: components["schemas"]["Uuid"];
            sender_id: components["schemas"]["Uuid"];
            /** @description Who wrote it. */
            sender_name: string;
            body: components["schemas"]["MessageBody"];
            /** @description The ids of attached documents. */
            attachments: components["schemas"]["Uuid"][];
            /** @description The participants who have read it, without the sender. */
            read_by: components["schemas"]["Uuid"][];
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A thread with its messages.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "subject": "Refill of lisinopril",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z",
         *       "is_archived": false,
         *       "participants": [
         *         {
         *           "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *           "display_name": "Dr. Ines Baptiste"
         *         }
         *       ],
         *       "messages": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *           "thread_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *           "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "sender_name": "Ngozi Okafor",
         *           "body": "Could you renew my prescription?",
         *           "attachments": [],
         *           "read_by": [
         *             "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31"
         *           ],
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ]
         *     }
         */
        ThreadDetail: {
            id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            subject: components["schemas"]["ThreadSubject"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            /** @description Whether the caller archived it. */
            is_archived: boolean;
            /** @description Everybody in it, the caller included, in the order of joining. */
            participants: components["schemas"]["ThreadParticipant"][];
            /** @description The latest messages, oldest first. */
            messages: components["schemas"]["Message"][];
        };
        /**
         * @description What is to change for the caller.
         * @example {
         *       "is_archived": true
         *     }
         */
        ThreadUpdate: {
            /** @description Whether the thread is out of the way. */
            is_archived?: boolean;
            /**
             * @description Everything in it is read. Goes not with `mark_unread`.
             * @constant
             */
            mark_read?: true;
            /**
             * @description The latest message of somebody else is not read.
             * @constant
             */
            mark_unread?: true;
        };
        /**
         * @description A reply.
         * @example {
         *       "body": "It is ready at your pharmacy."
         *     }
         */
        ReplyCreate: {
            body: components["schemas"]["MessageBody"];
            /** @description The ids of documents of the thread's patient. */
            attachments?: components["schemas"]["Uuid"][];
        };
        /**
         * @description Where a task stands.
         * @example PENDING
         * @enum {string}
         */
        TaskStatus: "PENDING" | "COMPLETED" | "CANCELLED";
        /**
         * @description What is to be done.
         * @example Call back about the lab results
         */
        TaskDescription: string;
        /**
         * @description A person of a task.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *       "display_name": "Sam Adeyemi"
         *     }
         */
        TaskPerson: {
            id: components["schemas"]["Uuid"];
            /** @description Their name. */
            display_name: string;
        };
        /**
         * @description What a task is about.
         * @example {
         *       "type": "PATIENT",
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10"
         *     }
         */
        TaskSubject: {
            /**
             * @description Which kind of record.
             * @enum {string}
             */
            type: "PATIENT" | "APPOINTMENT" | "CALL";
            id: components["schemas"]["Uuid"];
        };
        /**
         * @description What somebody is to do.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "description": "Call back about the lab results",
         *       "status": "PENDING",
         *       "due_at": "2026-03-03T17:00:00.000Z",
         *       "assignee": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "created_by": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "related_resource": {
         *         "type": "PATIENT",
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10"
         *       },
         *       "completed_at": null,
         *       "version": 1,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Task: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            description: components["schemas"]["TaskDescription"];
            status: components["schemas"]["TaskStatus"];
            /**
             * Format: date-time
             * @description When it should be done.
             */
            due_at: string | null;
            /** @description Who is to do it; null while nobody is. */
            assignee: components["schemas"]["TaskPerson"] | null;
            /** @description Who made it; null for an API key. */
            created_by: components["schemas"]["TaskPerson"] | null;
            /** @description What it is about. */
            related_resource: components["schemas"]["TaskSubject"] | null;
            /**
             * Format: date-time
             * @description When it was completed.
             */
            completed_at: string | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of tasks.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *           "description": "Call back about the lab results",
         *           "status": "PENDING",
         *           "due_at": "2026-03-03T17:00:00.000Z",
         *           "assignee": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "created_by": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "related_resource": {
         *             "type": "PATIENT",
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10"
         *           },
         *           "completed_at": null,
         *           "version": 1,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        TaskPage: {
            /** @description The tasks, in order. */
            items: components["schemas"]["Task"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description A task to make.
         * @example {
         *       "description": "Call back about the lab results",
         *       "due_at": "2026-03-03T17:00:00.000Z"
         *     }
         */
        TaskCreate: {
            description: components["schemas"]["TaskDescription"];
            assignee_id?: components["schemas"]["Uuid"];
            due_at?: components["schemas"]["Timestamp"];
            /** @description What it is about. */
            related_resource?: {
                /**
                 * @description Which kind of record. A call's tasks are made at the call.
                 * @enum {string}
                 */
                type: "PATIENT" | "APPOINTMENT";
                id: components["schemas"]["Uuid"];
            };
        };
        /**
         * @description What is to change.
         * @example {
         *       "status": "COMPLETED"
         *     }
         */
        TaskUpdate: {
            description?: components["schemas"]["TaskDescription"];
            status?: components["schemas"]["TaskStatus"];
            /**
             * Format: uuid
             * @description Who is to do it; null for nobody.
             */
            assignee_id?: string | null;
            /**
             * Format: date-time
             * @description When it should be done; null for no time.
             */
            due_at?: string | null;
        };
        /**
         * @description A telephone number, as E.164; null when it was withheld.
         * @example +12125550123
         */
        PhoneNumber: string | null;
        /**
         * @description Whose call it is.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "first_name": "Ada",
         *       "last_name": "Hartmann"
         *     }
         */
        CallPatient: {
            id: components["schemas"]["Uuid"];
            /** @description Their first name. */
            first_name: string;
            /** @description Their last name. */
            last_name: string;
        };
        /**
         * @description A caller who waits.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "position": 1,
         *       "waiting_seconds": 75,
         *       "caller_id": "+12125550123",
         *       "patient": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "first_name": "Ada",
         *         "last_name": "Hartmann"
         *       },
         *       "reason": "Refill of a prescription",
         *       "entered_queue_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        QueuedCall: {
            id: components["schemas"]["Uuid"];
            /**
             * Format: int32
             * @description 1 is whose turn it is.
             */
            position: number;
            /**
             * Format: int32
             * @description For how long.
             */
            waiting_seconds: number;
            caller_id: components["schemas"]["PhoneNumber"];
            /** @description Whose call it is; null while that is not known. */
            patient: components["schemas"]["CallPatient"] | null;
            /** @description What it is about. */
            reason: string | null;
            entered_queue_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of the queue, and how it does.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *           "position": 1,
         *           "waiting_seconds": 75,
         *           "caller_id": "+12125550123",
         *           "patient": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *             "first_name": "Ada",
         *             "last_name": "Hartmann"
         *           },
         *           "reason": "Refill of a prescription",
         *           "entered_queue_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null,
         *       "waiting": 1,
         *       "longest_wait_seconds": 75,
         *       "average_wait_seconds": 48,
         *       "average_duration_seconds": 260,
         *       "free_agents": 2
         *     }
         */
        CallQueuePage: {
            /** @description Who waits, in order. */
            items: components["schemas"]["QueuedCall"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
            /**
             * Format: int32
             * @description How many wait.
             */
            waiting: number;
            /**
             * Format: int32
             * @description How long the first has waited; null when nobody waits.
             */
            longest_wait_seconds: number | null;
            /**
             * Format: int32
             * @description How long callers of the last 24 hours waited for an answer; null without any.
             */
            average_wait_seconds: number | null;
            /**
             * Format: int32
             * @description How long their calls took; null without any.
             */
            average_duration_seconds: number | null;
            /**
             * Format: int32
             * @description How many agents are in no call.
             */
            free_agents: number;
        };
        /**
         * @description Who called whom.
         * @example INBOUND
         * @enum {string}
         */
        CallType: "INBOUND" | "OUTBOUND";
        /**
         * @description QUEUED waits for an agent, INITIATING rings at the patient's, IN_PROGRESS is being spoken; the others are over: COMPLETED, VOICEMAIL (a message was left), MISSED (the caller hung up or waited too long; nobody answered).
         * @example IN_PROGRESS
         * @enum {string}
         */
        CallStatus: "QUEUED" | "INITIATING" | "IN_PROGRESS" | "COMPLETED" | "VOICEMAIL" | "MISSED";
        /**
         * @description Who speaks for the practice.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *       "display_name": "Sam Adeyemi"
         *     }
         */
        CallAgent: {
            id: components["schemas"]["Uuid"];
            /** @description Their name. */
            display_name: string;
        };
        /**
         * @description A telephone call, with its follow-up tasks.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "call_type": "INBOUND",
         *       "status": "COMPLETED",
         *       "caller_id": "+12125550123",
         *       "patient": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "first_name": "Ada",
         *         "last_name": "Hartmann"
         *       },
         *       "agent": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "reason": "Refill of a prescription",
         *       "outcome": "Appointment booked",
         *       "notes": "Wants to be called back after five.",
         *       "recording": "NONE",
         *       "entered_queue_at": "2026-03-02T14:30:00.000Z",
         *       "started_at": "2026-03-02T14:31:00.000Z",
         *       "ended_at": "2026-03-02T14:35:00.000Z",
         *       "wait_time_seconds": 60,
         *       "duration_seconds": 240,
         *       "version": 3,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:35:00.000Z",
         *       "candidates": [],
         *       "tasks": []
         *     }
         */
        CallDetail: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            call_type: components["schemas"]["CallType"];
            status: components["schemas"]["CallStatus"];
            caller_id: components["schemas"]["PhoneNumber"];
            /** @description Whose call it is; null while that is not known. */
            patient: components["schemas"]["CallPatient"] | null;
            /** @description Who has it; null while nobody has. */
            agent: components["schemas"]["CallAgent"] | null;
            /** @description What it is about. */
            reason: string | null;
            /** @description What came of it. */
            outcome: string | null;
            /** @description What was said. */
            notes: string | null;
            /**
             * @description Whether there is a recording to ask for.
             * @enum {string}
             */
            recording: "NONE" | "AVAILABLE" | "REDACTED";
            /**
             * Format: date-time
             * @description Since when the caller waits or waited; null for an outbound call.
             */
            entered_queue_at: string | null;
            /**
             * Format: date-time
             * @description When it was accepted, dialled, or answered.
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @description When it was over.
             */
            ended_at: string | null;
            /**
             * Format: int32
             * @description How long the caller waited for an answer.
             */
            wait_time_seconds: number | null;
            /**
             * Format: int32
             * @description How long it took.
             */
            duration_seconds: number | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
            /** @description While no patient is chosen, those here who have this number. */
            candidates: components["schemas"]["CallPatient"][];
            /** @description Its follow-ups, what is due first. */
            tasks: components["schemas"]["Task"][];
        };
        /**
         * @description What it is about.
         * @example Refill of a prescription
         */
        CallReason: string;
        /**
         * @description A caller.
         * @example {
         *       "caller_id": "+12125550123",
         *       "reason": "Refill of a prescription"
         *     }
         */
        InboundCallCreate: {
            /**
             * @description The number; left out when it is withheld.
             * @example +12125550123
             */
            caller_id?: string;
            reason?: components["schemas"]["CallReason"];
        };
        /**
         * @description Whom to call, and where.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "contact_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *       "reason": "Laboratory results"
         *     }
         */
        OutboundCallCreate: {
            patient_id: components["schemas"]["Uuid"];
            contact_id: components["schemas"]["Uuid"];
            reason?: components["schemas"]["CallReason"];
        };
        /**
         * @description A telephone call.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "call_type": "INBOUND",
         *       "status": "COMPLETED",
         *       "caller_id": "+12125550123",
         *       "patient": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "first_name": "Ada",
         *         "last_name": "Hartmann"
         *       },
         *       "agent": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "reason": "Refill of a prescription",
         *       "outcome": "Appointment booked",
         *       "notes": "Wants to be called back after five.",
         *       "recording": "NONE",
         *       "entered_queue_at": "2026-03-02T14:30:00.000Z",
         *       "started_at": "2026-03-02T14:31:00.000Z",
         *       "ended_at": "2026-03-02T14:35:00.000Z",
         *       "wait_time_seconds": 60,
         *       "duration_seconds": 240,
         *       "version": 3,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:35:00.000Z"
         *     }
         */
        Call: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            call_type: components["schemas"]["CallType"];
            status: components["schemas"]["CallStatus"];
            caller_id: components["schemas"]["PhoneNumber"];
            /** @description Whose call it is; null while that is not known. */
            patient: components["schemas"]["CallPatient"] | null;
            /** @description Who has it; null while nobody has. */
            agent: components["schemas"]["CallAgent"] | null;
            /** @description What it is about. */
            reason: string | null;
            /** @description What came of it. */
            outcome: string | null;
            /** @description What was said. */
            notes: string | null;
            /**
             * @description Whether there is a recording to ask for. AVAILABLE once it was handed in.
             * @enum {string}
             */
            recording: "NONE" | "AVAILABLE" | "REDACTED";
            /**
             * Format: date-time
             * @description Since when the caller waits or waited; null for an outbound call.
             */
            entered_queue_at: string | null;
            /**
             * Format: date-time
             * @description When it was accepted, dialled, or answered.
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @description When it was over.
             */
            ended_at: string | null;
            /**
             * Format: int32
             * @description How long the caller waited for an answer.
             */
            wait_time_seconds: number | null;
            /**
             * Format: int32
             * @description How long it took.
             */
            duration_seconds: number | null;
            /**
             * Format: int32
             * @description Counts the changes; also the ETag.
             */
            version: number;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of calls.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *           "call_type": "INBOUND",
         *           "status": "COMPLETED",
         *           "caller_id": "+12125550123",
         *           "patient": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *             "first_name": "Ada",
         *             "last_name": "Hartmann"
         *           },
         *           "agent": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "reason": "Refill of a prescription",
         *           "outcome": "Appointment booked",
         *           "notes": "Wants to be called back after five.",
         *           "recording": "NONE",
         *           "entered_queue_at": "2026-03-02T14:30:00.000Z",
         *           "started_at": "2026-03-02T14:31:00.000Z",
         *           "ended_at": "2026-03-02T14:35:00.000Z",
         *           "wait_time_seconds": 60,
         *           "duration_seconds": 240,
         *           "version": 3,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:35:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        CallPage: {
            /** @description The calls, in order. */
            items: components["schemas"]["Call"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description What is to change.
         * @example {
         *       "outcome": "Appointment booked",
         *       "notes": "Wants to be called back after five."
         *     }
         */
        CallUpdate: {
            /** @description What came of it; null for nothing. */
            outcome?: string | null;
            /** @description What was said; null for nothing. */
            notes?: string | null;
            /**
             * Format: uuid
             * @description Whose call it is; null when that is not known.
             */
            patient_id?: string | null;
            /**
             * @description An outbound call was answered.
             * @enum {string}
             */
            status?: "IN_PROGRESS";
        };
        /**
         * @description What came of it, in a word or two.
         * @example Appointment booked
         */
        CallOutcome: string;
        /**
         * @description What was said.
         * @example Wants to be called back after five.
         */
        CallNotes: string;
        /**
         * @description How it ended.
         * @example {
         *       "outcome": "Appointment booked"
         *     }
         */
        CallComplete: {
            /**
             * @description How it ended; left out, COMPLETED.
             * @enum {string}
             */
            status?: "COMPLETED" | "VOICEMAIL" | "MISSED";
            outcome?: components["schemas"]["CallOutcome"];
            notes?: components["schemas"]["CallNotes"];
        };
        /**
         * @description A follow-up.
         * @example {
         *       "description": "Call back about the lab results",
         *       "due_at": "2026-03-03T17:00:00.000Z"
         *     }
         */
        CallTaskCreate: {
            description: components["schemas"]["TaskDescription"];
            assignee_id?: components["schemas"]["Uuid"];
            due_at?: components["schemas"]["Timestamp"];
        };
        /**
         * @description A recording that is about to be sent.
         * @example {
         *       "content_type": "audio/wav",
         *       "size_bytes": 482130
         *     }
         */
        CallRecordingCreate: {
            /**
             * @description Its type.
             * @enum {string}
             */
            content_type: "audio/wav" | "audio/mpeg" | "audio/ogg" | "audio/webm";
            /**
             * Format: int32
             * @description How many bytes it has; at most 200 MB.
             */
            size_bytes: number;
        };
        /**
         * @description Where a recording goes.
         * @example {
         *       "method": "PUT",
         *       "url": "https://files.example.com/recordings/01934f6e",
         *       "headers": {
         *         "Content-Type": "application/octet-stream"
         *       },
         *       "expires_at": "2026-03-02T14:45:00.000Z"
         *     }
         */
        CallRecordingUpload: {
            /**
             * @description How to send it.
             * @enum {string}
             */
            method: "PUT";
            /**
             * Format: uri
             * @description Where to send it.
             */
            url: string;
            /** @description What to send along. */
            headers: {
                [key: string]: string;
            };
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A link to a recording.
         * @example {
         *       "url": "https://files.example.com/recordings/01934f6e",
         *       "expires_at": "2026-03-02T14:45:00.000Z"
         *     }
         */
        CallRecording: {
            /**
             * Format: uri
             * @description Where to get it.
             */
            url: string;
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A name without a path, and without characters that are invisible or turn the text around.
         * @example lab-report.pdf
         */
        Filename: string;
        /**
         * @description What a document may be. Its content has to agree.
         * @example application/pdf
         * @enum {string}
         */
        DocumentType: "application/pdf" | "image/jpeg" | "image/png" | "image/gif" | "application/msword" | "application/vnd.openxmlformats-officedocument.wordprocessingml.document" | "application/vnd.ms-excel" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "text/plain" | "text/csv";
        /**
         * Format: int32
         * @description How many bytes it has; at most 50 MB.
         * @example 48213
         */
        FileSize: number;
        /**
         * @description A file that is about to be uploaded.
         * @example {
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "filename": "lab-report.pdf",
         *       "content_type": "application/pdf",
         *       "size_bytes": 48213,
         *       "description": "Lipid panel of 2 March"
         *     }
         */
        DocumentUploadCreate: {
            patient_id: components["schemas"]["Uuid"];
            filename: components["schemas"]["Filename"];
            content_type: components["schemas"]["DocumentType"];
            size_bytes: components["schemas"]["FileSize"];
            /** @description What it is, for people to read. */
            description?: string;
        };
        /**
         * @description Where to send a file, and how.
         * @example {
         *       "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "method": "PUT",
         *       "url": "https://wardline.example/api/blobs?link=4f1d2c3b4a596877.c2VhbGVk.bGluaw.dGFn",
         *       "headers": {
         *         "Content-Type": "application/octet-stream"
         *       },
         *       "expires_at": "2026-03-02T14:45:00.000Z"
         *     }
         */
        DocumentUpload: {
            document_id: components["schemas"]["Uuid"];
            /**
             * @description How to send it.
             * @constant
             */
            method: "PUT";
            /**
             * Format: uri
             * @description Where to. Whoever has this link needs nothing else.
             */
            url: string;
            /** @description Headers to send it with. */
            headers: {
                /**
                 * @description The same for every file; what it is, its content says.
                 * @constant
                 */
                "Content-Type": "application/octet-stream";
            };
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description The SHA-256 of the file, in hexadecimal.
         * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
         */
        Sha256: string;
        /**
         * @description What the virus scanner says. PENDING until it has looked, and for good where the server has none; FAILED when it could not.
         * @example CLEAN
         * @enum {string}
         */
        ScanStatus: "PENDING" | "CLEAN" | "INFECTED" | "FAILED";
        /**
         * @description How far the text of the document is read. COMPLETED also where its type has none to read; FAILED when the file is broken, locked by a password, or takes too much.
         * @example COMPLETED
         * @enum {string}
         */
        ProcessingStatus: "PENDING" | "PROCESSING" | "COMPLETED" | "FAILED";
        /**
         * @description A document of a patient. Its file has its own links.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "uploaded_by": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "filename": "lab-report.pdf",
         *       "content_type": "application/pdf",
         *       "size_bytes": 48213,
         *       "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         *       "description": "Lipid panel of 2 March",
         *       "scan_status": "CLEAN",
         *       "processing_status": "COMPLETED",
         *       "uploaded_at": "2026-03-02T14:31:00.000Z",
         *       "scanned_at": "2026-03-02T14:31:02.000Z",
         *       "processed_at": "2026-03-02T14:31:03.000Z",
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Document: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            patient_id: components["schemas"]["Uuid"];
            /** @description Who sent it; null for an API key. */
            uploaded_by: {
                id: components["schemas"]["Uuid"];
                /** @description Their name. */
                display_name: string;
            } | null;
            filename: components["schemas"]["Filename"];
            content_type: components["schemas"]["DocumentType"];
            size_bytes: components["schemas"]["FileSize"];
            sha256: components["schemas"]["Sha256"];
            /** @description What it is, for people to read. */
            description: string | null;
            scan_status: components["schemas"]["ScanStatus"];
            processing_status: components["schemas"]["ProcessingStatus"];
            uploaded_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the scanner came to its result.
             */
            scanned_at: string | null;
            /**
             * Format: date-time
             * @description When its text was read, or given up.
             */
            processed_at: string | null;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A document with its text.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "uploaded_by": null,
         *       "filename": "note.txt",
         *       "content_type": "text/plain",
         *       "size_bytes": 24,
         *       "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         *       "description": null,
         *       "scan_status": "CLEAN",
         *       "processing_status": "COMPLETED",
         *       "uploaded_at": "2026-03-02T14:31:00.000Z",
         *       "scanned_at": "2026-03-02T14:31:02.000Z",
         *       "processed_at": "2026-03-02T14:31:03.000Z",
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "extracted_text": "Total cholesterol 182"
         *     }
         */
        DocumentDetail: components["schemas"]["Document"] & {
            /** @description The text that was found in it, cut off after a million characters; null when there is none. */
            extracted_text: string | null;
        };
        /**
         * @description What the caller has sent.
         * @example {
         *       "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
         *     }
         */
        DocumentUploadComplete: {
            sha256: components["schemas"]["Sha256"];
        };
        /**
         * @description Where to get a file.
         * @example {
         *       "url": "https://wardline.example/api/blobs?link=4f1d2c3b4a596877.c2VhbGVk.bGluaw.dGFn",
         *       "expires_at": "2026-03-02T14:45:00.000Z",
         *       "filename": "lab-report.pdf",
         *       "content_type": "application/pdf",
         *       "size_bytes": 48213,
         *       "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
         *     }
         */
        DocumentDownload: {
            /**
             * Format: uri
             * @description A GET of it answers the file. Whoever has this link needs nothing else.
             */
            url: string;
            expires_at: components["schemas"]["Timestamp"];
            filename: components["schemas"]["Filename"];
            content_type: components["schemas"]["DocumentType"];
            size_bytes: components["schemas"]["FileSize"];
            sha256: components["schemas"]["Sha256"];
        };
        /**
         * @description A page of documents.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "uploaded_by": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "filename": "lab-report.pdf",
         *           "content_type": "application/pdf",
         *           "size_bytes": 48213,
         *           "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         *           "description": "Lipid panel of 2 March",
         *           "scan_status": "CLEAN",
         *           "processing_status": "COMPLETED",
         *           "uploaded_at": "2026-03-02T14:31:00.000Z",
         *           "scanned_at": "2026-03-02T14:31:02.000Z",
         *           "processed_at": "2026-03-02T14:31:03.000Z",
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        DocumentPage: {
            /** @description The documents, in order. */
            items: components["schemas"]["Document"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Where the ticket stands. OPEN → IN_PROGRESS → WAITING_ON_USER ⇄ IN_PROGRESS → RESOLVED → CLOSED; CLOSED is final.
         * @example OPEN
         * @enum {string}
         */
        TicketStatus: "OPEN" | "IN_PROGRESS" | "WAITING_ON_USER" | "RESOLVED" | "CLOSED";
        /**
         * @description The number to quote, gapless within its year.
         * @example TKT-2026-00042
         */
        TicketNumber: string;
        /**
         * @description What kind of help.
         * @example TECHNICAL
         * @enum {string}
         */
        TicketCategory: "TECHNICAL" | "BILLING" | "CLINICAL" | "ACCOUNT" | "OTHER";
        /**
         * @description The question in one line.
         * @example I cannot open my lab results
         */
        TicketSubject: string;
        /**
         * @description How soon a first response is due.
         * @example NORMAL
         * @enum {string}
         */
        TicketUrgency: "LOW" | "NORMAL" | "HIGH" | "URGENT";
        /**
         * Format: int32
         * @description Counts the changes; also the ETag.
         * @example 3
         */
        TicketVersion: number;
        /**
         * @description A ticket as its owner's list shows it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "ticket_number": "TKT-2026-00042",
         *       "category": "TECHNICAL",
         *       "subject": "I cannot open my lab results",
         *       "status": "OPEN",
         *       "urgency": "NORMAL",
         *       "organization_id": null,
         *       "version": 1,
         *       "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *       "first_responded_at": null,
         *       "resolved_at": null,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        Ticket: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
            category: components["schemas"]["TicketCategory"];
            subject: components["schemas"]["TicketSubject"];
            status: components["schemas"]["TicketStatus"];
            urgency: components["schemas"]["TicketUrgency"];
            /**
             * Format: uuid
             * @description The organization that it concerns.
             */
            organization_id: string | null;
            version: components["schemas"]["TicketVersion"];
            first_response_due_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the desk first answered.
             */
            first_responded_at: string | null;
            /**
             * Format: date-time
             * @description When it was resolved.
             */
            resolved_at: string | null;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of tickets.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *           "ticket_number": "TKT-2026-00042",
         *           "category": "TECHNICAL",
         *           "subject": "I cannot open my lab results",
         *           "status": "OPEN",
         *           "urgency": "NORMAL",
         *           "organization_id": null,
         *           "version": 1,
         *           "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *           "first_responded_at": null,
         *           "resolved_at": null,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        TicketPage: {
            /** @description The tickets, in order. */
            items: components["schemas"]["Ticket"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description The text, plain.
         * @example The page stays white after I sign in.
         */
        TicketText: string;
        /**
         * @description What was captured when the person asked for help.
         * @example {
         *       "app_version": "4.2.0",
         *       "page": "/results",
         *       "user_agent": "Mozilla/5.0"
         *     }
         */
        TicketContext: {
            /** @description The version of the app. */
            app_version?: string;
            /** @description The page or screen, without its query. */
            page?: string;
            /** @description The browser or device; the server fills it from the request when left out. */
            user_agent?: string;
            /** @description The operating system. */
            platform?: string;
            /** @description The language of the app. */
            locale?: string;
            /** @description The time zone of the device. */
            timezone?: string;
            /** @description The size of the window. */
            screen?: string;
            /** @description The problem code that the person saw last. */
            last_error_code?: string;
            /** @description The request that failed last. */
            last_request_id?: string;
        };
        /**
         * @description A ticket to open.
         * @example {
         *       "category": "TECHNICAL",
         *       "subject": "I cannot open my lab results",
         *       "body": "The page stays white after I sign in.",
         *       "urgency": "NORMAL",
         *       "context": {
         *         "app_version": "4.2.0",
         *         "page": "/results",
         *         "user_agent": "Mozilla/5.0"
         *       }
         *     }
         */
        TicketCreate: {
            category: components["schemas"]["TicketCategory"];
            subject: components["schemas"]["TicketSubject"];
            body: components["schemas"]["TicketText"];
            /**
             * @description How soon a first response is due.
             * @default NORMAL
             * @enum {string}
             */
            urgency?: "LOW" | "NORMAL" | "HIGH" | "URGENT";
            organization_id?: components["schemas"]["Uuid"];
            context?: components["schemas"]["TicketContext"];
        };
        /**
         * @description Another ticket.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d60",
         *       "ticket_number": "TKT-2026-00040"
         *     }
         */
        TicketReference: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
        };
        /**
         * @description A message that owner and desk both see.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d41",
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "sender_name": "Sam Adeyemi",
         *       "is_from_support": true,
         *       "body": "Which browser do you use?",
         *       "created_at": "2026-03-02T15:02:00.000Z"
         *     }
         */
        TicketMessage: {
            id: components["schemas"]["Uuid"];
            ticket_id: components["schemas"]["Uuid"];
            /** @description Who wrote it; null for the system. */
            sender_name: string | null;
            /** @description Whether it is the desk's, not the owner's. */
            is_from_support: boolean;
            body: components["schemas"]["TicketText"];
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A ticket with its conversation.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "ticket_number": "TKT-2026-00042",
         *       "category": "TECHNICAL",
         *       "subject": "I cannot open my lab results",
         *       "body": "The page stays white after I sign in.",
         *       "status": "IN_PROGRESS",
         *       "urgency": "NORMAL",
         *       "organization_id": null,
         *       "context": {
         *         "app_version": "4.2.0",
         *         "page": "/results",
         *         "user_agent": "Mozilla/5.0"
         *       },
         *       "version": 2,
         *       "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *       "first_responded_at": "2026-03-02T15:02:00.000Z",
         *       "resolved_at": null,
         *       "merged_into": null,
         *       "merged_tickets": [],
         *       "messages": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d41",
         *           "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *           "sender_name": "Sam Adeyemi",
         *           "is_from_support": true,
         *           "body": "Which browser do you use?",
         *           "created_at": "2026-03-02T15:02:00.000Z"
         *         }
         *       ],
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T15:02:00.000Z"
         *     }
         */
        TicketDetail: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
            category: components["schemas"]["TicketCategory"];
            subject: components["schemas"]["TicketSubject"];
            body: components["schemas"]["TicketText"];
            status: components["schemas"]["TicketStatus"];
            urgency: components["schemas"]["TicketUrgency"];
            /**
             * Format: uuid
             * @description The organization that it concerns.
             */
            organization_id: string | null;
            context: components["schemas"]["TicketContext"];
            version: components["schemas"]["TicketVersion"];
            first_response_due_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the desk first answered.
             */
            first_responded_at: string | null;
            /**
             * Format: date-time
             * @description When it was resolved.
             */
            resolved_at: string | null;
            /** @description The other ticket of the same person in which it goes on, when the desk has merged it. */
            merged_into: components["schemas"]["TicketReference"] | null;
            /** @description The person's other tickets that the desk merged into this one; their messages are among this one's. */
            merged_tickets: components["schemas"]["TicketReference"][];
            /** @description The latest messages, oldest first. */
            messages: components["schemas"]["TicketMessage"][];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to add.
         * @example {
         *       "body": "It is Firefox on a tablet."
         *     }
         */
        TicketMessageCreate: {
            body: components["schemas"]["TicketText"];
        };
        /**
         * @description The owner's message, and where the ticket stands now.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d42",
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "sender_name": "Ngozi Okafor",
         *       "is_from_support": false,
         *       "body": "It is Firefox on a tablet.",
         *       "created_at": "2026-03-02T15:30:00.000Z",
         *       "ticket_status": "IN_PROGRESS",
         *       "ticket_version": 4
         *     }
         */
        TicketMessageAdded: {
            id: components["schemas"]["Uuid"];
            ticket_id: components["schemas"]["Uuid"];
            /** @description Who wrote it. */
            sender_name: string;
            /** @description Whether it is the desk's; here always false. */
            is_from_support: boolean;
            body: components["schemas"]["TicketText"];
            created_at: components["schemas"]["Timestamp"];
            ticket_status: components["schemas"]["TicketStatus"];
            ticket_version: components["schemas"]["TicketVersion"];
        };
        /**
         * @description Who asked.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "display_name": "Ngozi Okafor"
         *     }
         */
        TicketRequester: {
            id: components["schemas"]["Uuid"];
            /** @description The person's name. */
            display_name: string;
        };
        /**
         * @description The agent who has the ticket; null when nobody has.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *       "display_name": "Sam Adeyemi"
         *     }
         */
        TicketAssignee: {
            id: components["schemas"]["Uuid"];
            /** @description The agent's name. */
            display_name: string;
        } | null;
        /**
         * @description A word to find tickets by.
         * @example lab-results
         */
        TicketTag: string;
        /**
         * @description Tags, in alphabetical order on answers.
         * @example [
         *       "lab-results",
         *       "vip"
         *     ]
         */
        TicketTags: components["schemas"]["TicketTag"][];
        /**
         * @description RUNNING; PAUSED while waiting on the owner; MET, in time; BREACHED, too late or not yet done though due; STOPPED, the ticket ended without it.
         * @example RUNNING
         * @enum {string}
         */
        TicketClock: "RUNNING" | "PAUSED" | "MET" | "BREACHED" | "STOPPED";
        /**
         * @description The ticket that this one was merged into.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d60",
         *       "ticket_number": "TKT-2026-00040",
         *       "merged_at": "2026-03-02T15:00:00.000Z",
         *       "undo_until": "2026-03-02T15:10:00.000Z"
         *     }
         */
        TicketMergedInto: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
            merged_at: components["schemas"]["Timestamp"];
            undo_until: components["schemas"]["Timestamp"];
        };
        /**
         * @description A ticket as the queue shows it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "ticket_number": "TKT-2026-00042",
         *       "category": "TECHNICAL",
         *       "subject": "I cannot open my lab results",
         *       "status": "OPEN",
         *       "urgency": "NORMAL",
         *       "overdue": false,
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "requester": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *         "display_name": "Ngozi Okafor"
         *       },
         *       "assignee": null,
         *       "version": 1,
         *       "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *       "first_responded_at": null,
         *       "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *       "resolved_at": null,
         *       "first_response_clock": "RUNNING",
         *       "resolution_clock": "RUNNING",
         *       "clock_paused_at": null,
         *       "tags": [
         *         "lab-results"
         *       ],
         *       "merged_into": null,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        DeskTicket: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
            category: components["schemas"]["TicketCategory"];
            subject: components["schemas"]["TicketSubject"];
            status: components["schemas"]["TicketStatus"];
            urgency: components["schemas"]["TicketUrgency"];
            /** @description Unfinished, and the time of the clock that runs (first response, then resolution) has passed, not counting pauses. */
            overdue: boolean;
            /**
             * Format: uuid
             * @description The organization that it concerns.
             */
            organization_id: string | null;
            requester: components["schemas"]["TicketRequester"];
            assignee: components["schemas"]["TicketAssignee"];
            version: components["schemas"]["TicketVersion"];
            first_response_due_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the desk first answered.
             */
            first_responded_at: string | null;
            /**
             * Format: date-time
             * @description When it was resolved.
             */
            resolved_at: string | null;
            tags: components["schemas"]["TicketTags"];
            resolution_due_at: components["schemas"]["Timestamp"];
            first_response_clock: components["schemas"]["TicketClock"];
            resolution_clock: components["schemas"]["TicketClock"];
            /**
             * Format: date-time
             * @description Since when both clocks stand still; the due times move by the pause once it ends.
             */
            clock_paused_at: string | null;
            /** @description Where it went, when it was merged. */
            merged_into: components["schemas"]["TicketMergedInto"] | null;
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of the queue.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *           "ticket_number": "TKT-2026-00042",
         *           "category": "TECHNICAL",
         *           "subject": "I cannot open my lab results",
         *           "status": "OPEN",
         *           "urgency": "NORMAL",
         *           "overdue": false,
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *           "requester": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *             "display_name": "Ngozi Okafor"
         *           },
         *           "assignee": null,
         *           "version": 1,
         *           "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *           "first_responded_at": null,
         *           "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *           "resolved_at": null,
         *           "first_response_clock": "RUNNING",
         *           "resolution_clock": "RUNNING",
         *           "clock_paused_at": null,
         *           "tags": [
         *             "lab-results"
         *           ],
         *           "merged_into": null,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "updated_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        DeskTicketPage: {
            /** @description The tickets, in order. */
            items: components["schemas"]["DeskTicket"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * Format: int32
         * @description A number of tickets.
         * @example 12
         */
        TicketCount: number;
        /**
         * @description An organization that the requester works in.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "name": "Riverside Family Practice",
         *       "role": "STAFF"
         *     }
         */
        RequesterOrganization: {
            id: components["schemas"]["Uuid"];
            /** @description The organization's name. */
            name: string;
            role: components["schemas"]["OrganizationRole"];
        };
        /**
         * @description Who asked, with what an agent needs to help.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "display_name": "Ngozi Okafor",
         *       "email": "ngozi@example.com",
         *       "timezone": "America/New_York",
         *       "locale": "en-US",
         *       "last_login_at": "2026-03-02T14:20:00.000Z",
         *       "last_seen_at": "2026-03-02T14:30:00.000Z",
         *       "device": "iPad",
         *       "open_tickets": 1,
         *       "recent_tickets": 3,
         *       "organizations": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *           "name": "Riverside Family Practice",
         *           "role": "STAFF"
         *         }
         *       ]
         *     }
         */
        TicketRequesterDetail: {
            id: components["schemas"]["Uuid"];
            /** @description The person's name. */
            display_name: string;
            email: components["schemas"]["Email"];
            timezone: components["schemas"]["TimeZone"];
            /** @description The language of the app, as this ticket's context says; null when unknown. */
            locale: string | null;
            /**
             * Format: date-time
             * @description When the person last signed in.
             */
            last_login_at: string | null;
            /**
             * Format: date-time
             * @description When a session of the person was last active.
             */
            last_seen_at: string | null;
            /** @description The device of that session, as it named itself, or its browser. */
            device: string | null;
            open_tickets: components["schemas"]["TicketCount"];
            /**
             * Format: int32
             * @description Tickets that the person opened in the last 30 days, this one included when it is among them.
             */
            recent_tickets: number;
            /** @description Where the person works. Where one is a patient is not shown. */
            organizations: components["schemas"]["RequesterOrganization"][];
        };
        /**
         * @description A ticket that was merged into this one; its messages are among this one's, under its own `ticket_id`.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d61",
         *       "ticket_number": "TKT-2026-00043",
         *       "subject": "Still white",
         *       "body": "It is the same page again.",
         *       "requester": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *         "display_name": "Ngozi Okafor"
         *       },
         *       "merged_at": "2026-03-02T15:00:00.000Z",
         *       "undo_until": "2026-03-02T15:10:00.000Z",
         *       "created_at": "2026-03-02T14:50:00.000Z"
         *     }
         */
        MergedTicket: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
            subject: components["schemas"]["TicketSubject"];
            body: components["schemas"]["TicketText"];
            requester: components["schemas"]["TicketRequester"];
            merged_at: components["schemas"]["Timestamp"];
            undo_until: components["schemas"]["Timestamp"];
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What somebody does with an open ticket.
         * @example VIEWING
         * @enum {string}
         */
        PresenceState: "VIEWING" | "REPLYING";
        /**
         * @description An agent who has the ticket open.
         * @example {
         *       "agent": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d51",
         *         "display_name": "Kim Park"
         *       },
         *       "state": "REPLYING",
         *       "since": "2026-03-02T15:00:00.000Z",
         *       "expires_at": "2026-03-02T15:00:30.000Z"
         *     }
         */
        AgentPresence: {
            agent: components["schemas"]["TicketRequester"];
            state: components["schemas"]["PresenceState"];
            since: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A message or an internal note, as the desk sees it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d43",
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *       "sender_name": "Sam Adeyemi",
         *       "is_from_support": true,
         *       "is_internal_note": true,
         *       "body": "Seen before with this app version.",
         *       "created_at": "2026-03-02T15:02:00.000Z"
         *     }
         */
        DeskMessage: {
            id: components["schemas"]["Uuid"];
            ticket_id: components["schemas"]["Uuid"];
            /**
             * Format: uuid
             * @description Who wrote it; null for the system.
             */
            sender_id: string | null;
            /** @description The writer's name; null for the system. */
            sender_name: string | null;
            /** @description Whether it is the desk's, not the owner's. */
            is_from_support: boolean;
            /** @description Whether only the desk sees it. */
            is_internal_note: boolean;
            body: components["schemas"]["TicketText"];
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A ticket with conversation, notes and requester.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "ticket_number": "TKT-2026-00042",
         *       "category": "TECHNICAL",
         *       "subject": "I cannot open my lab results",
         *       "body": "The page stays white after I sign in.",
         *       "status": "OPEN",
         *       "urgency": "NORMAL",
         *       "overdue": false,
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *       "context": {
         *         "app_version": "4.2.0",
         *         "page": "/results",
         *         "user_agent": "Mozilla/5.0"
         *       },
         *       "requester": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *         "display_name": "Ngozi Okafor",
         *         "email": "ngozi@example.com",
         *         "timezone": "America/New_York",
         *         "locale": "en-US",
         *         "last_login_at": "2026-03-02T14:20:00.000Z",
         *         "last_seen_at": "2026-03-02T14:30:00.000Z",
         *         "device": "iPad",
         *         "open_tickets": 1,
         *         "recent_tickets": 3,
         *         "organizations": [
         *           {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *             "name": "Riverside Family Practice",
         *             "role": "STAFF"
         *           }
         *         ]
         *       },
         *       "assignee": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "version": 2,
         *       "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *       "first_responded_at": null,
         *       "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *       "resolved_at": null,
         *       "first_response_clock": "RUNNING",
         *       "resolution_clock": "RUNNING",
         *       "clock_paused_at": null,
         *       "tags": [
         *         "lab-results"
         *       ],
         *       "merged_into": null,
         *       "merged_tickets": [],
         *       "presence": [
         *         {
         *           "agent": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d51",
         *             "display_name": "Kim Park"
         *           },
         *           "state": "REPLYING",
         *           "since": "2026-03-02T15:00:00.000Z",
         *           "expires_at": "2026-03-02T15:00:30.000Z"
         *         }
         *       ],
         *       "messages": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d43",
         *           "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *           "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *           "sender_name": "Sam Adeyemi",
         *           "is_from_support": true,
         *           "is_internal_note": true,
         *           "body": "Seen before with this app version.",
         *           "created_at": "2026-03-02T15:02:00.000Z"
         *         }
         *       ],
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "updated_at": "2026-03-02T15:02:00.000Z"
         *     }
         */
        DeskTicketDetail: {
            id: components["schemas"]["Uuid"];
            ticket_number: components["schemas"]["TicketNumber"];
            category: components["schemas"]["TicketCategory"];
            subject: components["schemas"]["TicketSubject"];
            body: components["schemas"]["TicketText"];
            status: components["schemas"]["TicketStatus"];
            urgency: components["schemas"]["TicketUrgency"];
            /** @description Unfinished, and the time of the clock that runs (first response, then resolution) has passed, not counting pauses. */
            overdue: boolean;
            /**
             * Format: uuid
             * @description The organization that it concerns.
             */
            organization_id: string | null;
            context: components["schemas"]["TicketContext"];
            requester: components["schemas"]["TicketRequesterDetail"];
            assignee: components["schemas"]["TicketAssignee"];
            version: components["schemas"]["TicketVersion"];
            first_response_due_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the desk first answered.
             */
            first_responded_at: string | null;
            /**
             * Format: date-time
             * @description When it was resolved.
             */
            resolved_at: string | null;
            tags: components["schemas"]["TicketTags"];
            resolution_due_at: components["schemas"]["Timestamp"];
            first_response_clock: components["schemas"]["TicketClock"];
            resolution_clock: components["schemas"]["TicketClock"];
            /**
             * Format: date-time
             * @description Since when both clocks stand still; the due times move by the pause once it ends.
             */
            clock_paused_at: string | null;
            /** @description Where it went, when it was merged. */
            merged_into: components["schemas"]["TicketMergedInto"] | null;
            /** @description What was merged into it, directly or by way of another one. */
            merged_tickets: components["schemas"]["MergedTicket"][];
            /** @description Who else has it open now. */
            presence: components["schemas"]["AgentPresence"][];
            /** @description The latest messages and notes, oldest first. */
            messages: components["schemas"]["DeskMessage"][];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "status": "IN_PROGRESS",
         *       "assignee_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50"
         *     }
         */
        TicketUpdate: {
            status?: components["schemas"]["TicketStatus"];
            urgency?: components["schemas"]["TicketUrgency"];
            category?: components["schemas"]["TicketCategory"];
            /**
             * Format: uuid
             * @description The agent who takes it; null gives it back to the queue.
             */
            assignee_id?: string | null;
            add_tags?: components["schemas"]["TicketTags"];
            remove_tags?: components["schemas"]["TicketTags"];
        };
        /**
         * @description A reply or a note.
         * @example {
         *       "body": "Which browser do you use?",
         *       "is_internal_note": false,
         *       "status": "WAITING_ON_USER"
         *     }
         */
        DeskReplyCreate: {
            body: components["schemas"]["TicketText"];
            /** @description true for a note that only the desk sees, false for a reply to the owner. */
            is_internal_note: boolean;
            status?: components["schemas"]["TicketStatus"];
        };
        /**
         * @description The message or note, and where the ticket stands now.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d44",
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *       "sender_name": "Sam Adeyemi",
         *       "is_from_support": true,
         *       "is_internal_note": false,
         *       "body": "Which browser do you use?",
         *       "created_at": "2026-03-02T15:02:00.000Z",
         *       "ticket_status": "WAITING_ON_USER",
         *       "ticket_version": 3
         *     }
         */
        DeskReply: {
            id: components["schemas"]["Uuid"];
            ticket_id: components["schemas"]["Uuid"];
            sender_id: components["schemas"]["Uuid"];
            /** @description The writer's name. */
            sender_name: string;
            /** @description Whether it is the desk's; here always true. */
            is_from_support: boolean;
            /** @description Whether only the desk sees it. */
            is_internal_note: boolean;
            body: components["schemas"]["TicketText"];
            created_at: components["schemas"]["Timestamp"];
            ticket_status: components["schemas"]["TicketStatus"];
            ticket_version: components["schemas"]["TicketVersion"];
        };
        /**
         * @description What the caller does with the ticket now.
         * @example {
         *       "state": "VIEWING"
         *     }
         */
        TicketPresenceTouch: {
            /**
             * @description GONE when the ticket is left.
             * @enum {string}
             */
            state: "VIEWING" | "REPLYING" | "GONE";
        };
        /**
         * @description Who else has the ticket open.
         * @example {
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "expires_at": "2026-03-02T15:00:30.000Z",
         *       "others": [
         *         {
         *           "agent": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d51",
         *             "display_name": "Kim Park"
         *           },
         *           "state": "REPLYING",
         *           "since": "2026-03-02T15:00:00.000Z",
         *           "expires_at": "2026-03-02T15:00:30.000Z"
         *         }
         *       ]
         *     }
         */
        TicketPresence: {
            ticket_id: components["schemas"]["Uuid"];
            /**
             * Format: date-time
             * @description When the caller counts as gone, unless repeated; null after GONE.
             */
            expires_at: string | null;
            /** @description The others, who came first first. */
            others: components["schemas"]["AgentPresence"][];
        };
        /**
         * @description One field of a change, as words.
         * @example {
         *       "field": "urgency",
         *       "from": "NORMAL",
         *       "to": "HIGH"
         *     }
         */
        TicketFieldChange: {
            field: components["schemas"]["TicketField"];
            /** @description What it was; an agent by name, tags with commas between, null for nothing. */
            from: string | null;
            /** @description What it is. */
            to: string | null;
        };
        /**
         * @description What agents choose it by; unique, whatever the case.
         * @example Ask for the browser
         */
        MacroTitle: string;
        /**
         * @description One thing that happened to a ticket.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *       "type": "CHANGED",
         *       "at": "2026-03-02T15:02:00.000Z",
         *       "actor": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "version": 2,
         *       "changes": [
         *         {
         *           "field": "urgency",
         *           "from": "NORMAL",
         *           "to": "HIGH"
         *         }
         *       ],
         *       "message_id": null,
         *       "macro": null,
         *       "other_ticket": null,
         *       "clock": null
         *     }
         */
        TicketTimelineEntry: {
            id: components["schemas"]["Uuid"];
            /**
             * @description CREATED; MESSAGE of the owner; REPLY and NOTE of the desk; CHANGED; MERGED into `other_ticket`, MERGED_IN from it; UNMERGED from it, UNMERGED_OUT to it; OVERDUE, with the `clock`.
             * @enum {string}
             */
            type: "CREATED" | "MESSAGE" | "REPLY" | "NOTE" | "CHANGED" | "MERGED" | "MERGED_IN" | "UNMERGED" | "UNMERGED_OUT" | "OVERDUE";
            at: components["schemas"]["Timestamp"];
            /** @description Who did it; null for the system. */
            actor: {
                id: components["schemas"]["Uuid"];
                /** @description The person's name. */
                display_name: string;
            } | null;
            /**
             * Format: int32
             * @description The ticket's version since; null where it stayed.
             */
            version: number | null;
            /** @description What changed. */
            changes: components["schemas"]["TicketFieldChange"][];
            /**
             * Format: uuid
             * @description The message or note.
             */
            message_id: string | null;
            /** @description The macro that did it. */
            macro: {
                id: components["schemas"]["Uuid"];
                title: components["schemas"]["MacroTitle"];
            } | null;
            /** @description The other ticket of a merge. */
            other_ticket: {
                id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
            } | null;
            /**
             * @description Which clock ran out, with OVERDUE.
             * @enum {string|null}
             */
            clock: "FIRST_RESPONSE" | "RESOLUTION" | null;
        };
        /**
         * @description A page of a timeline.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d70",
         *           "type": "CHANGED",
         *           "at": "2026-03-02T15:02:00.000Z",
         *           "actor": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "version": 2,
         *           "changes": [
         *             {
         *               "field": "urgency",
         *               "from": "NORMAL",
         *               "to": "HIGH"
         *             }
         *           ],
         *           "message_id": null,
         *           "macro": null,
         *           "other_ticket": null,
         *           "clock": null
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        TicketTimelinePage: {
            /** @description The entries, in order. */
            items: components["schemas"]["TicketTimelineEntry"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        /**
         * @description Where to.
         * @example {
         *       "into_ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d60"
         *     }
         */
        TicketMerge: {
            into_ticket_id: components["schemas"]["Uuid"];
        };
        /**
         * @description A ticket that a search found.
         * @example {
         *       "ticket": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "category": "TECHNICAL",
         *         "subject": "I cannot open my lab results",
         *         "status": "OPEN",
         *         "urgency": "NORMAL",
         *         "overdue": false,
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "requester": {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "display_name": "Ngozi Okafor"
         *         },
         *         "assignee": null,
         *         "version": 1,
         *         "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *         "first_responded_at": null,
         *         "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *         "resolved_at": null,
         *         "first_response_clock": "RUNNING",
         *         "resolution_clock": "RUNNING",
         *         "clock_paused_at": null,
         *         "tags": [
         *           "lab-results"
         *         ],
         *         "merged_into": null,
         *         "created_at": "2026-03-02T14:30:00.000Z",
         *         "updated_at": "2026-03-02T14:30:00.000Z"
         *       },
         *       "matched_in": "BODY",
         *       "snippet": "The page stays white after I sign in."
         *     }
         */
        TicketMatch: {
            ticket: components["schemas"]["DeskTicket"];
            /**
             * @description Where the words are; a NOTE is the desk's own.
             * @enum {string}
             */
            matched_in: "NUMBER" | "SUBJECT" | "BODY" | "MESSAGE" | "NOTE";
            /** @description The words with some of what stands around them; null for a number. */
            snippet: string | null;
        };
        /**
         * @description A page of matches.
         * @example {
         *       "items": [
         *         {
         *           "ticket": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *             "ticket_number": "TKT-2026-00042",
         *             "category": "TECHNICAL",
         *             "subject": "I cannot open my lab results",
         *             "status": "OPEN",
         *             "urgency": "NORMAL",
         *             "overdue": false,
         *             "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *             "requester": {
         *               "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *               "display_name": "Ngozi Okafor"
         *             },
         *             "assignee": null,
         *             "version": 1,
         *             "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *             "first_responded_at": null,
         *             "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *             "resolved_at": null,
         *             "first_response_clock": "RUNNING",
         *             "resolution_clock": "RUNNING",
         *             "clock_paused_at": null,
         *             "tags": [
         *               "lab-results"
         *             ],
         *             "merged_into": null,
         *             "created_at": "2026-03-02T14:30:00.000Z",
         *             "updated_at": "2026-03-02T14:30:00.000Z"
         *           },
         *           "matched_in": "BODY",
         *           "snippet": "The page stays white after I sign in."
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        TicketSearchPage: {
            /** @description The matches, the best first. */
            items: components["schemas"]["TicketMatch"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        /**
         * @description How many tickets each view of the queue holds.
         * @example {
         *       "mine": 4,
         *       "unassigned": 7,
         *       "breaching": 2,
         *       "all": 20
         *     }
         */
        TicketViewCounts: {
            mine: components["schemas"]["TicketCount"];
            unassigned: components["schemas"]["TicketCount"];
            breaching: components["schemas"]["TicketCount"];
            all: components["schemas"]["TicketCount"];
        };
        /**
         * Format: double
         * @description Seconds from creation to first response; null without any.
         * @example 1860.5
         */
        ResponseSeconds: number | null;
        /**
         * @description Percentiles of a duration, in seconds; null without any.
         * @example {
         *       "p50": 1860.5,
         *       "p90": 7200,
         *       "p99": 86000
         *     }
         */
        Percentiles: {
            p50: components["schemas"]["ResponseSeconds"];
            p90: components["schemas"]["ResponseSeconds"];
            p99: components["schemas"]["ResponseSeconds"];
        };
        /**
         * @description One day of the desk.
         * @example {
         *       "day": "2026-03-02",
         *       "created": 14,
         *       "resolved": 11,
         *       "first_response_p50": 1900
         *     }
         */
        SupportDay: {
            day: components["schemas"]["LocalDate"];
            created: components["schemas"]["TicketCount"];
            resolved: components["schemas"]["TicketCount"];
            first_response_p50: components["schemas"]["ResponseSeconds"];
        };
        /**
         * @description What an agent has to do, and has done.
         * @example {
         *       "agent": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *         "display_name": "Sam Adeyemi"
         *       },
         *       "open": 6,
         *       "waiting": 2,
         *       "overdue": 1,
         *       "resolved": 40
         *     }
         */
        AgentLoad: {
            agent: components["schemas"]["TicketRequester"];
            open: components["schemas"]["TicketCount"];
            waiting: components["schemas"]["TicketCount"];
            overdue: components["schemas"]["TicketCount"];
            resolved: components["schemas"]["TicketCount"];
        };
        /**
         * @description How the queue stands.
         * @example {
         *       "open_by_urgency": {
         *         "LOW": 4,
         *         "NORMAL": 12,
         *         "HIGH": 3,
         *         "URGENT": 1
         *       },
         *       "unassigned": 7,
         *       "overdue": 2,
         *       "waiting": 5,
         *       "first_response_seconds": {
         *         "p50": 1860.5,
         *         "p90": 7200,
         *         "p99": 86000
         *       },
         *       "resolution_seconds": {
         *         "p50": 20000,
         *         "p90": 90000,
         *         "p99": 250000
         *       },
         *       "days": [
         *         {
         *           "day": "2026-03-02",
         *           "created": 14,
         *           "resolved": 11,
         *           "first_response_p50": 1900
         *         }
         *       ],
         *       "agents": [
         *         {
         *           "agent": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *             "display_name": "Sam Adeyemi"
         *           },
         *           "open": 6,
         *           "waiting": 2,
         *           "overdue": 1,
         *           "resolved": 40
         *         }
         *       ]
         *     }
         */
        SupportStats: {
            /** @description Tickets neither RESOLVED nor CLOSED, by urgency. */
            open_by_urgency: {
                LOW: components["schemas"]["TicketCount"];
                NORMAL: components["schemas"]["TicketCount"];
                HIGH: components["schemas"]["TicketCount"];
                URGENT: components["schemas"]["TicketCount"];
            };
            unassigned: components["schemas"]["TicketCount"];
            overdue: components["schemas"]["TicketCount"];
            waiting: components["schemas"]["TicketCount"];
            first_response_seconds: components["schemas"]["Percentiles"];
            resolution_seconds: components["schemas"]["Percentiles"];
            /** @description Day by day, the latest last. */
            days: components["schemas"]["SupportDay"][];
            /** @description Who has tickets or resolved some, the busiest first. */
            agents: components["schemas"]["AgentLoad"][];
        };
        /**
         * @description The text, with placeholders; null writes nothing.
         * @example Hello {{requester.first_name}}, which browser do you use?
         */
        MacroBody: string | null;
        /**
         * @description The status to set; null leaves it.
         * @example WAITING_ON_USER
         * @enum {string|null}
         */
        MacroStatus: "IN_PROGRESS" | "WAITING_ON_USER" | "RESOLVED" | "CLOSED" | null;
        /**
         * @description The urgency to set; null leaves it.
         * @example NORMAL
         * @enum {string|null}
         */
        MacroUrgency: "LOW" | "NORMAL" | "HIGH" | "URGENT" | null;
        /**
         * @description A canned answer, or a canned change.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "title": "Ask for the browser",
         *       "body": "Hello {{requester.first_name}}, which browser do you use?",
         *       "is_internal_note": false,
         *       "status": "WAITING_ON_USER",
         *       "urgency": null,
         *       "add_tags": [
         *         "browser"
         *       ],
         *       "remove_tags": [],
         *       "version": 1,
         *       "created_at": "2026-03-01T09:00:00.000Z",
         *       "updated_at": "2026-03-01T09:00:00.000Z"
         *     }
         */
        Macro: {
            id: components["schemas"]["Uuid"];
            title: components["schemas"]["MacroTitle"];
            body: components["schemas"]["MacroBody"];
            /** @description Whether the text is a note for the desk, not a reply to the owner. */
            is_internal_note: boolean;
            status: components["schemas"]["MacroStatus"];
            urgency: components["schemas"]["MacroUrgency"];
            add_tags: components["schemas"]["TicketTags"];
            remove_tags: components["schemas"]["TicketTags"];
            version: components["schemas"]["TicketVersion"];
            created_at: components["schemas"]["Timestamp"];
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of macros.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *           "title": "Ask for the browser",
         *           "body": "Hello {{requester.first_name}}, which browser do you use?",
         *           "is_internal_note": false,
         *           "status": "WAITING_ON_USER",
         *           "urgency": null,
         *           "add_tags": [
         *             "browser"
         *           ],
         *           "remove_tags": [],
         *           "version": 1,
         *           "created_at": "2026-03-01T09:00:00.000Z",
         *           "updated_at": "2026-03-01T09:00:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        MacroPage: {
            /** @description The macros, in order. */
            items: components["schemas"]["Macro"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        /**
         * @description A macro to make. It must do something.
         * @example {
         *       "title": "Ask for the browser",
         *       "body": "Hello {{requester.first_name}}, which browser do you use?",
         *       "is_internal_note": false,
         *       "status": "WAITING_ON_USER",
         *       "add_tags": [
         *         "browser"
         *       ]
         *     }
         */
        MacroCreate: {
            title: components["schemas"]["MacroTitle"];
            body?: components["schemas"]["MacroBody"];
            /** @description Whether the text is a note for the desk, not a reply to the owner. Must be said with a body. */
            is_internal_note?: boolean;
            status?: components["schemas"]["MacroStatus"];
            urgency?: components["schemas"]["MacroUrgency"];
            add_tags?: components["schemas"]["TicketTags"];
            remove_tags?: components["schemas"]["TicketTags"];
        };
        /**
         * @description What to change; what is left out stays.
         * @example {
         *       "title": "Ask for browser and device"
         *     }
         */
        MacroUpdate: {
            title?: components["schemas"]["MacroTitle"];
            body?: components["schemas"]["MacroBody"];
            /** @description Whether the text is a note for the desk, not a reply to the owner. */
            is_internal_note?: boolean;
            status?: components["schemas"]["MacroStatus"];
            urgency?: components["schemas"]["MacroUrgency"];
            add_tags?: components["schemas"]["TicketTags"];
            remove_tags?: components["schemas"]["TicketTags"];
        };
        /**
         * @description What a macro would do to a ticket.
         * @example {
         *       "macro_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "body": "Hello Ngozi, which browser do you use?",
         *       "is_internal_note": false,
         *       "changes": [
         *         {
         *           "field": "status",
         *           "from": "OPEN",
         *           "to": "WAITING_ON_USER"
         *         }
         *       ],
         *       "refusal": null
         *     }
         */
        MacroPreview: {
            macro_id: components["schemas"]["Uuid"];
            ticket_id: components["schemas"]["Uuid"];
            /** @description The text, filled in; null when it writes nothing. */
            body: string | null;
            /** @description Whether the text is a note for the desk, not a reply to the owner. */
            is_internal_note: boolean;
            /** @description What would change. */
            changes: components["schemas"]["TicketFieldChange"][];
            /** @description Why the ticket would refuse; null when it would not. */
            refusal: string | null;
        };
        /**
         * @description A ticket, and maybe the version last seen.
         * @example {
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "version": 2
         *     }
         */
        MacroTarget: {
            ticket_id: components["schemas"]["Uuid"];
            version?: components["schemas"]["TicketVersion"];
        };
        /**
         * @description The tickets to use it on.
         * @example {
         *       "tickets": [
         *         {
         *           "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *           "version": 2
         *         }
         *       ]
         *     }
         */
        MacroApply: {
            /** @description Each once. */
            tickets: components["schemas"]["MacroTarget"][];
        };
        /**
         * @description What became of one ticket.
         * @example {
         *       "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *       "outcome": "APPLIED",
         *       "code": null,
         *       "detail": null,
         *       "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d44",
         *       "ticket": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "category": "TECHNICAL",
         *         "subject": "I cannot open my lab results",
         *         "status": "OPEN",
         *         "urgency": "NORMAL",
         *         "overdue": false,
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "requester": {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "display_name": "Ngozi Okafor"
         *         },
         *         "assignee": null,
         *         "version": 1,
         *         "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *         "first_responded_at": null,
         *         "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *         "resolved_at": null,
         *         "first_response_clock": "RUNNING",
         *         "resolution_clock": "RUNNING",
         *         "clock_paused_at": null,
         *         "tags": [
         *           "lab-results"
         *         ],
         *         "merged_into": null,
         *         "created_at": "2026-03-02T14:30:00.000Z",
         *         "updated_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        MacroResult: {
            ticket_id: components["schemas"]["Uuid"];
            /**
             * @description UNCHANGED when it was already as the macro wants it.
             * @enum {string}
             */
            outcome: "APPLIED" | "UNCHANGED" | "REFUSED";
            /**
             * @description Why it refused, as the operation on the one ticket would say.
             * @enum {string|null}
             */
            code: "NOT_FOUND" | "INVALID_TRANSITION" | "PRECONDITION_FAILED" | "VALIDATION_ERROR" | null;
            /** @description Why it refused, for a person to read. */
            detail: string | null;
            /**
             * Format: uuid
             * @description The message or note that it left.
             */
            message_id: string | null;
            /** @description The ticket as it is now; null when there is none. */
            ticket: components["schemas"]["DeskTicket"] | null;
        };
        /**
         * @description What became of each ticket.
         * @example {
         *       "results": [
         *         {
         *           "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *           "outcome": "APPLIED",
         *           "code": null,
         *           "detail": null,
         *           "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d44",
         *           "ticket": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *             "ticket_number": "TKT-2026-00042",
         *             "category": "TECHNICAL",
         *             "subject": "I cannot open my lab results",
         *             "status": "OPEN",
         *             "urgency": "NORMAL",
         *             "overdue": false,
         *             "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *             "requester": {
         *               "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *               "display_name": "Ngozi Okafor"
         *             },
         *             "assignee": null,
         *             "version": 1,
         *             "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *             "first_responded_at": null,
         *             "resolution_due_at": "2026-03-05T14:30:00.000Z",
         *             "resolved_at": null,
         *             "first_response_clock": "RUNNING",
         *             "resolution_clock": "RUNNING",
         *             "clock_paused_at": null,
         *             "tags": [
         *               "lab-results"
         *             ],
         *             "merged_into": null,
         *             "created_at": "2026-03-02T14:30:00.000Z",
         *             "updated_at": "2026-03-02T14:30:00.000Z"
         *           }
         *         }
         *       ]
         *     }
         */
        MacroApplied: {
            /** @description In the order asked. */
            results: components["schemas"]["MacroResult"][];
        };
        /**
         * Format: date-time
         * @description When it happened. Whoever resumes or begins in the past gets events late.
         * @example 2026-03-02T14:30:00.000Z
         */
        OccurredAt: string;
        /**
         * @description To the desk: somebody asked for help.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.created",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "category": "TECHNICAL",
         *         "urgency": "NORMAL",
         *         "organization_id": null,
         *         "first_response_due_at": "2026-03-03T14:30:00.000Z",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketCreatedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.created";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                category: components["schemas"]["TicketCategory"];
                urgency: components["schemas"]["TicketUrgency"];
                /**
                 * Format: uuid
                 * @description The organization that it concerns.
                 */
                organization_id: string | null;
                first_response_due_at: components["schemas"]["Timestamp"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the desk: the owner wrote.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.message",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d41",
         *         "status": "IN_PROGRESS",
         *         "version": 3,
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketMessageEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.message";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                message_id: components["schemas"]["Uuid"];
                status: components["schemas"]["TicketStatus"];
                version: components["schemas"]["TicketVersion"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the desk: an agent replied or left a note. The words are to be asked for; the owner is told of replies by `ticket.reply`.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.desk_message",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d41",
         *         "is_internal_note": true,
         *         "agent_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d51",
         *         "assignee_id": null,
         *         "status": "IN_PROGRESS",
         *         "version": 3,
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketDeskMessageEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.desk_message";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                message_id: components["schemas"]["Uuid"];
                /** @description Whether only the desk can see it. */
                is_internal_note: boolean;
                /**
                 * Format: uuid
                 * @description Who wrote it.
                 */
                agent_id: string;
                /**
                 * Format: uuid
                 * @description The agent who has the ticket now.
                 */
                assignee_id: string | null;
                status: components["schemas"]["TicketStatus"];
                version: components["schemas"]["TicketVersion"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the desk: status, urgency, category, assignee or tags changed, or it was merged.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.updated",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "status": "IN_PROGRESS",
         *         "urgency": "HIGH",
         *         "category": "TECHNICAL",
         *         "assignee_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *         "version": 2,
         *         "changed": [
         *           "status",
         *           "assignee"
         *         ],
         *         "changed_by": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d50",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketUpdatedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.updated";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                status: components["schemas"]["TicketStatus"];
                urgency: components["schemas"]["TicketUrgency"];
                category: components["schemas"]["TicketCategory"];
                /**
                 * Format: uuid
                 * @description The agent who has it now.
                 */
                assignee_id: string | null;
                version: components["schemas"]["TicketVersion"];
                /** @description What changed. */
                changed: components["schemas"]["TicketField"][];
                /**
                 * Format: uuid
                 * @description Who did it; null for the system.
                 */
                changed_by: string | null;
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the desk: a clock of a ticket has run out. Once for each clock.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.overdue",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "urgency": "URGENT",
         *         "assignee_id": null,
         *         "clock": "FIRST_RESPONSE",
         *         "due_at": "2026-03-02T15:30:00.000Z",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketOverdueEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.overdue";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                urgency: components["schemas"]["TicketUrgency"];
                /**
                 * Format: uuid
                 * @description The agent who has it.
                 */
                assignee_id: string | null;
                /**
                 * @description Which clock.
                 * @enum {string}
                 */
                clock: "FIRST_RESPONSE" | "RESOLUTION";
                due_at: components["schemas"]["Timestamp"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the desk: an agent opened a ticket, began to reply, or left. Only changes are told; who stops repeating is told to be GONE within two minutes.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.presence",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "agent_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d51",
         *         "agent_name": "Kim Park",
         *         "state": "REPLYING",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketPresenceEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.presence";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                agent_id: components["schemas"]["Uuid"];
                /** @description The name of the agent. */
                agent_name: string;
                /**
                 * @description What the agent does.
                 * @enum {string}
                 */
                state: "VIEWING" | "REPLYING" | "GONE";
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the owner: the desk answered.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.reply",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d41",
         *         "status": "WAITING_ON_USER",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketReplyEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.reply";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                message_id: components["schemas"]["Uuid"];
                status: components["schemas"]["TicketStatus"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the owner: the ticket is resolved.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.resolved",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "resolved_at": "2026-03-02T14:30:00.000Z",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        TicketResolvedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "ticket.resolved";
            /** @description What happened. */
            data: {
                ticket_id: components["schemas"]["Uuid"];
                ticket_number: components["schemas"]["TicketNumber"];
                resolved_at: components["schemas"]["Timestamp"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the free agents and the organization: a caller waits.
         * @example {
         *       "id": "731.42",
         *       "event": "call.incoming",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "call_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        CallIncomingEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "call.incoming";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                call_id: components["schemas"]["Uuid"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the agents and the organization: a caller waits no longer. Accepted, or MISSED.
         * @example {
         *       "id": "731.42",
         *       "event": "call.dequeued",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "call_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *         "status": "IN_PROGRESS",
         *         "agent_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        CallDequeuedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "call.dequeued";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                call_id: components["schemas"]["Uuid"];
                /**
                 * @description What became of the call.
                 * @enum {string}
                 */
                status: "IN_PROGRESS" | "MISSED";
                /**
                 * Format: uuid
                 * @description Who has it; null for nobody.
                 */
                agent_id: string | null;
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the agent and the organization: a call is over.
         * @example {
         *       "id": "731.42",
         *       "event": "call.completed",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "call_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *         "status": "COMPLETED",
         *         "agent_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        CallCompletedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "call.completed";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                call_id: components["schemas"]["Uuid"];
                /**
                 * @description How it ended.
                 * @enum {string}
                 */
                status: "COMPLETED" | "VOICEMAIL" | "MISSED";
                /**
                 * Format: uuid
                 * @description Who has it; null for nobody.
                 */
                agent_id: string | null;
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the other participants: a secure message.
         * @example {
         *       "id": "731.42",
         *       "event": "message.new",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "thread_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *         "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d32",
         *         "sender_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        MessageNewEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "message.new";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                thread_id: components["schemas"]["Uuid"];
                message_id: components["schemas"]["Uuid"];
                sender_id: components["schemas"]["Uuid"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To patient, proxies and provider: a visit was booked.
         * @example {
         *       "id": "731.42",
         *       "event": "appointment.created",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "appointment_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        AppointmentCreatedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "appointment.created";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                appointment_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                provider_id: components["schemas"]["Uuid"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To patient, proxies and provider: a visit changed: its status, its time or its details.
         * @example {
         *       "id": "731.42",
         *       "event": "appointment.updated",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "appointment_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        AppointmentUpdatedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "appointment.updated";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                appointment_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                provider_id: components["schemas"]["Uuid"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To patient and proxies: a visit is coming up, in 24 hours or in 2.
         * @example {
         *       "id": "731.42",
         *       "event": "appointment.reminder",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "appointment_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        AppointmentReminderEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "appointment.reminder";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                appointment_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                provider_id: components["schemas"]["Uuid"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the patient and whoever uploaded it: the scanner has come to a result.
         * @example {
         *       "id": "731.42",
         *       "event": "document.scan_complete",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *         "scan_status": "CLEAN",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        DocumentScanCompleteEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "document.scan_complete";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                document_id: components["schemas"]["Uuid"];
                scan_status: components["schemas"]["ScanStatus"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the patient and whoever uploaded it: the text of a document is read, or given up.
         * @example {
         *       "id": "731.42",
         *       "event": "document.processed",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80",
         *         "processing_status": "COMPLETED",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        DocumentProcessedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "document.processed";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                document_id: components["schemas"]["Uuid"];
                processing_status: components["schemas"]["ProcessingStatus"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the person: a consent document is to be signed.
         * @example {
         *       "id": "731.42",
         *       "event": "consent.required",
         *       "data": {
         *         "document_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d60",
         *         "type": "HIPAA_NOTICE",
         *         "version": "2.0",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        ConsentRequiredEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "consent.required";
            /** @description What happened. */
            data: {
                document_id: components["schemas"]["Uuid"];
                /**
                 * @description Which kind of document.
                 * @enum {string}
                 */
                type: "HIPAA_NOTICE" | "TERMS_OF_SERVICE" | "TREATMENT_AGREEMENT";
                /** @description Its version. */
                version: string;
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the person: a session ended.
         * @example {
         *       "id": "731.42",
         *       "event": "session.revoked",
         *       "data": {
         *         "session_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d61",
         *         "reason": "TOKEN_REUSED",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        SessionRevokedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "session.revoked";
            /** @description What happened. */
            data: {
                session_id: components["schemas"]["Uuid"];
                /**
                 * @description Why.
                 * @enum {string}
                 */
                reason: "LOGOUT" | "REVOKED" | "TOKEN_REUSED" | "PASSWORD_CHANGED" | "ACCOUNT_CLOSED";
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the person: a notification.
         * @example {
         *       "id": "731.42",
         *       "event": "notification.new",
         *       "data": {
         *         "notification_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d62",
         *         "type": "message",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        NotificationNewEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "notification.new";
            /** @description What happened. */
            data: {
                notification_id: components["schemas"]["Uuid"];
                /**
                 * @description What it is about.
                 * @enum {string}
                 */
                type: "appointment" | "message" | "billing" | "system" | "admin";
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the organization: somebody became a member.
         * @example {
         *       "id": "731.42",
         *       "event": "member.joined",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "member_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d65",
         *         "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *         "role": "STAFF",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        MemberJoinedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "member.joined";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                member_id: components["schemas"]["Uuid"];
                user_id: components["schemas"]["Uuid"];
                role: components["schemas"]["OrganizationRole"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the organization: somebody is no longer a member.
         * @example {
         *       "id": "731.42",
         *       "event": "member.removed",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "member_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d65",
         *         "user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d66",
         *         "role": "STAFF",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        MemberRemovedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "member.removed";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                member_id: components["schemas"]["Uuid"];
                user_id: components["schemas"]["Uuid"];
                role: components["schemas"]["OrganizationRole"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the organization: its subscription stands otherwise, or writing health information ends at another time.
         * @example {
         *       "id": "731.42",
         *       "event": "subscription.updated",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "subscription_status": "PAST_DUE",
         *         "writes_until": "2026-03-09T14:30:00.000Z",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        SubscriptionUpdatedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "subscription.updated";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                subscription_status: components["schemas"]["SubscriptionStatus"];
                /**
                 * Format: date-time
                 * @description When writing health information ends, or ended.
                 */
                writes_until: string | null;
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the organization: a provider's licence expires in 60, 30 or 7 days, or sooner.
         * @example {
         *       "id": "731.42",
         *       "event": "license.expiring",
         *       "data": {
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "provider_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d15",
         *         "state": "NY",
         *         "expiry": "2026-04-01",
         *         "days_left": 30,
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        LicenseExpiringEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "license.expiring";
            /** @description What happened. */
            data: {
                organization_id: components["schemas"]["Uuid"];
                provider_id: components["schemas"]["Uuid"];
                /** @description The state or territory. */
                state: string;
                expiry: components["schemas"]["LocalDate"];
                /**
                 * Format: int32
                 * @description Days from today until then, where the organization is.
                 */
                days_left: number;
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the organization: an admin acts as a patient.
         * @example {
         *       "id": "731.42",
         *       "event": "impersonation.started",
         *       "data": {
         *         "impersonation_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d63",
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "admin_user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d64",
         *         "expires_at": "2026-03-02T15:30:00.000Z",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        ImpersonationStartedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "impersonation.started";
            /** @description What happened. */
            data: {
                impersonation_id: components["schemas"]["Uuid"];
                organization_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                admin_user_id: components["schemas"]["Uuid"];
                expires_at: components["schemas"]["Timestamp"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description To the organization: an impersonation is over.
         * @example {
         *       "id": "731.42",
         *       "event": "impersonation.ended",
         *       "data": {
         *         "impersonation_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d63",
         *         "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d01",
         *         "patient_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "admin_user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d64",
         *         "ended_at": "2026-03-02T14:52:00.000Z",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        ImpersonationEndedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "impersonation.ended";
            /** @description What happened. */
            data: {
                impersonation_id: components["schemas"]["Uuid"];
                organization_id: components["schemas"]["Uuid"];
                patient_id: components["schemas"]["Uuid"];
                admin_user_id: components["schemas"]["Uuid"];
                ended_at: components["schemas"]["Timestamp"];
                occurred_at: components["schemas"]["OccurredAt"];
            };
        };
        /**
         * @description The stream is alive, and everything up to this id was sent. Every 30 seconds, and once all that was missed is sent.
         * @example {
         *       "id": "731.42",
         *       "event": "heartbeat",
         *       "data": {
         *         "at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        HeartbeatEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "heartbeat";
            /** @description What happened. */
            data: {
                at: components["schemas"]["Timestamp"];
            };
        };
        /**
         * @description Events were missed that can no longer be sent. Reload, then go on from this id.
         * @example {
         *       "id": "731.42",
         *       "event": "stream.reset",
         *       "data": {
         *         "reason": "TOO_OLD"
         *       }
         *     }
         */
        StreamResetEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "stream.reset";
            /** @description What happened. */
            data: {
                /**
                 * @description Why.
                 * @enum {string}
                 */
                reason: "TOO_OLD" | "UNKNOWN_ID";
            };
        };
        /**
         * @description The last event of a stream. Come back with a fresh token after TOKEN_EXPIRED; after the time that `retry` tells after SERVER_STOPPING; after SLOW_READER, which means that events were not read for a minute, once they are. After any other reason access is gone. Nothing is lost: resume from the last id.
         * @example {
         *       "id": "731.42",
         *       "event": "stream.closed",
         *       "data": {
         *         "reason": "SESSION_ENDED"
         *       }
         *     }
         */
        StreamClosedEvent: {
            id: components["schemas"]["EventId"];
            /**
             * @description The type. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            event: "stream.closed";
            /** @description What happened. */
            data: {
                /**
                 * @description Why.
                 * @enum {string}
                 */
                reason: "TOKEN_EXPIRED" | "SESSION_ENDED" | "ACCOUNT_CLOSED" | "ACCESS_LOST" | "IMPERSONATION_ENDED" | "SERVER_STOPPING" | "SLOW_READER";
            };
        };
        /**
         * @description An event of a stream.
         * @example {
         *       "id": "731.42",
         *       "event": "ticket.reply",
         *       "data": {
         *         "ticket_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d40",
         *         "ticket_number": "TKT-2026-00042",
         *         "message_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d41",
         *         "status": "WAITING_ON_USER",
         *         "occurred_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        StreamEvent: components["schemas"]["TicketCreatedEvent"] | components["schemas"]["TicketMessageEvent"] | components["schemas"]["TicketDeskMessageEvent"] | components["schemas"]["TicketUpdatedEvent"] | components["schemas"]["TicketOverdueEvent"] | components["schemas"]["TicketPresenceEvent"] | components["schemas"]["TicketReplyEvent"] | components["schemas"]["TicketResolvedEvent"] | components["schemas"]["CallIncomingEvent"] | components["schemas"]["CallDequeuedEvent"] | components["schemas"]["CallCompletedEvent"] | components["schemas"]["MessageNewEvent"] | components["schemas"]["AppointmentCreatedEvent"] | components["schemas"]["AppointmentUpdatedEvent"] | components["schemas"]["AppointmentReminderEvent"] | components["schemas"]["DocumentScanCompleteEvent"] | components["schemas"]["DocumentProcessedEvent"] | components["schemas"]["ConsentRequiredEvent"] | components["schemas"]["SessionRevokedEvent"] | components["schemas"]["NotificationNewEvent"] | components["schemas"]["MemberJoinedEvent"] | components["schemas"]["MemberRemovedEvent"] | components["schemas"]["SubscriptionUpdatedEvent"] | components["schemas"]["LicenseExpiringEvent"] | components["schemas"]["ImpersonationStartedEvent"] | components["schemas"]["ImpersonationEndedEvent"] | components["schemas"]["HeartbeatEvent"] | components["schemas"]["StreamResetEvent"] | components["schemas"]["StreamClosedEvent"];
        /**
         * @description A ticket for one stream.
         * @example {
         *       "ticket": "3nXbq0mB0o1d2yJv7m9c1o6kQ2w8t5r4",
         *       "expires_at": "2026-03-02T14:31:00.000Z"
         *     }
         */
        StreamTicket: {
            /** @description Goes into the query as `ticket`. */
            ticket: string;
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description Why, for the audit trail. At least 10 characters without the space around.
         * @example Patient reports an empty appointment list
         */
        BreakGlassReason: string;
        /**
         * @description Why, and for how long.
         * @example {
         *       "reason": "Patient reports an empty appointment list",
         *       "duration_minutes": 30
         *     }
         */
        ImpersonationRequest: {
            reason: components["schemas"]["BreakGlassReason"];
            /**
             * Format: int32
             * @description How long the token lasts.
             * @default 60
             */
            duration_minutes?: number;
        };
        /**
         * @description A person, by name.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "display_name": "Ngozi Okafor"
         *     }
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "display_name": "Ada Moreau"
         *     }
         */
        PersonName: {
            id: components["schemas"]["Uuid"];
            /** @description The full name, or a mask of it. */
            display_name: string;
        };
        /**
         * @description A token that acts as the patient.
         * @example {
         *       "impersonation_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *       "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTkzIn0.c2lnbmF0dXJl",
         *       "token_type": "Bearer",
         *       "expires_at": "2026-03-02T15:30:00.000Z",
         *       "patient": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "display_name": "Ngozi Okafor"
         *       },
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30"
         *     }
         */
        ImpersonationGrant: {
            impersonation_id: components["schemas"]["Uuid"];
            access_token: components["schemas"]["AccessToken"];
            /**
             * @description How to send the access token.
             * @enum {string}
             */
            token_type: "Bearer";
            expires_at: components["schemas"]["Timestamp"];
            patient: components["schemas"]["PersonName"];
            organization_id: components["schemas"]["Uuid"];
        };
        /**
         * @description Whether it runs or is over.
         * @example ACTIVE
         * @enum {string}
         */
        ImpersonationStatus: "ACTIVE" | "ENDED";
        /**
         * @description One impersonation.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "patient": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *         "display_name": "Ngozi Okafor"
         *       },
         *       "impersonator": {
         *         "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *         "display_name": "Ada Moreau"
         *       },
         *       "reason": "Patient reports an empty appointment list",
         *       "status": "ACTIVE",
         *       "started_at": "2026-03-02T14:30:00.000Z",
         *       "expires_at": "2026-03-02T15:30:00.000Z",
         *       "ended_at": null
         *     }
         */
        Impersonation: {
            id: components["schemas"]["Uuid"];
            organization_id: components["schemas"]["Uuid"];
            patient: components["schemas"]["PersonName"];
            impersonator: components["schemas"]["PersonName"];
            /** @description Why, in the administrator's words. */
            reason: string;
            status: components["schemas"]["ImpersonationStatus"];
            started_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When somebody ended it; null when it runs or ran out.
             */
            ended_at: string | null;
        };
        /**
         * @description A page of impersonations.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33",
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "patient": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *             "display_name": "Ngozi Okafor"
         *           },
         *           "impersonator": {
         *             "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *             "display_name": "Ada Moreau"
         *           },
         *           "reason": "Patient reports an empty appointment list",
         *           "status": "ACTIVE",
         *           "started_at": "2026-03-02T14:30:00.000Z",
         *           "expires_at": "2026-03-02T15:30:00.000Z",
         *           "ended_at": null
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        ImpersonationPage: {
            /** @description The impersonations, in order. */
            items: components["schemas"]["Impersonation"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description The kind of record.
         * @example PATIENT
         */
        AuditResourceType: string;
        /**
         * @description What was done.
         * @example READ
         */
        AuditAction: string;
        /**
         * @description Whether it was let through.
         * @example SUCCESS
         * @enum {string}
         */
        AuditOutcome: "SUCCESS" | "DENIED";
        /**
         * @description One row of the audit trail. It never changes.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d35",
         *       "occurred_at": "2026-03-02T14:30:00.000Z",
         *       "actor_type": "USER",
         *       "actor_user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "actor_name": "Ada Moreau",
         *       "impersonator_id": null,
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "operation_id": "updatePatient",
         *       "action_type": "UPDATE",
         *       "resource_type": "PATIENT",
         *       "resource_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *       "outcome": "SUCCESS",
         *       "problem_code": null,
         *       "reason": null,
         *       "request_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d36",
         *       "ip_address": "203.0.113.7",
         *       "user_agent": "ward/0.1.0",
         *       "changes": {
         *         "last_name": {
         *           "old": "Okafor",
         *           "new": "Okafor-Reed"
         *         }
         *       }
         *     }
         */
        AuditLog: {
            id: components["schemas"]["Uuid"];
            occurred_at: components["schemas"]["Timestamp"];
            /**
             * @description What acted.
             * @enum {string}
             */
            actor_type: "USER" | "API_KEY" | "SYSTEM" | "ANONYMOUS";
            /**
             * Format: uuid
             * @description Who acted; the patient under impersonation; an API key's own id.
             */
            actor_user_id: string | null;
            /** @description Their name, or the API key's, or a mask of it. */
            actor_name: string | null;
            /**
             * Format: uuid
             * @description The administrator behind an impersonation.
             */
            impersonator_id: string | null;
            /**
             * Format: uuid
             * @description Where.
             */
            organization_id: string | null;
            /** @description The operation that was called. */
            operation_id: string;
            action_type: components["schemas"]["AuditAction"];
            resource_type: components["schemas"]["AuditResourceType"];
            /**
             * Format: uuid
             * @description Which record; null for lists and refusals before one was known.
             */
            resource_id: string | null;
            outcome: components["schemas"]["AuditOutcome"];
            /** @description Why it was refused, a code of the error catalogue. */
            problem_code: string | null;
            /** @description The reason that was given. */
            reason: string | null;
            /** @description The request's id. */
            request_id: string;
            /** @description From which address. */
            ip_address: string | null;
            /** @description With which program. */
            user_agent: string | null;
            /** @description The changed fields with `old` and `new`; for lists the filter that was used. Values are masked for all but the organization's ADMIN. */
            changes: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * @description A page of the audit trail.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d35",
         *           "occurred_at": "2026-03-02T14:30:00.000Z",
         *           "actor_type": "USER",
         *           "actor_user_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *           "actor_name": "Ada Moreau",
         *           "impersonator_id": null,
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "operation_id": "updatePatient",
         *           "action_type": "UPDATE",
         *           "resource_type": "PATIENT",
         *           "resource_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10",
         *           "outcome": "SUCCESS",
         *           "problem_code": null,
         *           "reason": null,
         *           "request_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d36",
         *           "ip_address": "203.0.113.7",
         *           "user_agent": "ward/0.1.0",
         *           "changes": {
         *             "last_name": {
         *               "old": "Okafor",
         *               "new": "Okafor-Reed"
         *             }
         *           }
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        AuditLogPage: {
            /** @description The rows, in order. */
            items: components["schemas"]["AuditLog"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Rows of the audit trail as text, with a trailer.
         * @example {"end":true,"rows":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
         */
        AuditExport: string;
        /**
         * Format: int64
         * @description The number of a seal, from 1.
         * @example 42
         */
        SealNumber: number;
        /**
         * @description The hash of a seal, hexadecimal.
         * @example 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
         */
        SealHash: string;
        /**
         * @description The first range of rows, in the order in which they were sealed, that is not as it was.
         * @example {
         *       "breach": "ROWS_CHANGED",
         *       "seal_number": 7,
         *       "from": "2026-03-02T14:29:00.000Z",
         *       "to": "2026-03-02T14:30:00.000Z",
         *       "sealed_rows": 120,
         *       "found_rows": 120
         *     }
         */
        AuditBreach: {
            /**
             * @description Rows of the range were changed, reordered or exchanged (ROWS_CHANGED), are fewer (ROWS_REMOVED) or more (ROWS_INSERTED); or the seal itself was changed, is missing, or is another than the one kept outside (ANCHOR_MISMATCH).
             * @enum {string}
             */
            breach: "ROWS_CHANGED" | "ROWS_REMOVED" | "ROWS_INSERTED" | "SEAL_CHANGED" | "SEAL_MISSING" | "ANCHOR_MISMATCH";
            seal_number: components["schemas"]["SealNumber"];
            /**
             * Format: date-time
             * @description The earliest instant of the range.
             */
            from: string | null;
            /**
             * Format: date-time
             * @description The latest instant of the range.
             */
            to: string | null;
            /**
             * Format: int64
             * @description How many rows were sealed.
             */
            sealed_rows: number | null;
            /**
             * Format: int64
             * @description How many there are; at most one more than were sealed is counted.
             */
            found_rows: number | null;
        };
        /**
         * @description A seal on the audit trail. Kept outside, it shows later that the trail up to it is still the same.
         * @example {
         *       "number": 42,
         *       "hash": "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
         *       "sealed_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        AuditSeal: {
            number: components["schemas"]["SealNumber"];
            hash: components["schemas"]["SealHash"];
            sealed_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description Whether the audit trail is as it was sealed.
         * @example {
         *       "intact": false,
         *       "checked_seals": 7,
         *       "checked_rows": 812,
         *       "first_bad": {
         *         "breach": "ROWS_CHANGED",
         *         "seal_number": 7,
         *         "from": "2026-03-02T14:29:00.000Z",
         *         "to": "2026-03-02T14:30:00.000Z",
         *         "sealed_rows": 120,
         *         "found_rows": 120
         *       },
         *       "last_seal": {
         *         "number": 42,
         *         "hash": "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
         *         "sealed_at": "2026-03-02T14:30:00.000Z"
         *       }
         *     }
         */
        AuditIntegrity: {
            /** @description Nothing was found. */
            intact: boolean;
            /**
             * Format: int64
             * @description How many seals' rows were compared.
             */
            checked_seals: number;
            /**
             * Format: int64
             * @description How many rows were compared.
             */
            checked_rows: number;
            /** @description Where it is not; null when intact. */
            first_bad: components["schemas"]["AuditBreach"] | null;
            /** @description The newest seal, to be kept outside; null before the first. */
            last_seal: components["schemas"]["AuditSeal"] | null;
        };
        /**
         * @description Whether the organization is open.
         * @example ACTIVE
         * @enum {string}
         */
        OrganizationStatus: "ACTIVE" | "SUSPENDED";
        /**
         * @description An organization as the platform's administrators see it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "name": "Harbor Family Practice",
         *       "timezone": "America/New_York",
         *       "status": "ACTIVE",
         *       "suspended_at": null,
         *       "suspended_reason": null,
         *       "subscription_status": "ACTIVE",
         *       "member_count": 12,
         *       "patient_count": 128,
         *       "created_at": "2026-03-02T14:30:00.000Z"
         *     }
         */
        OrganizationAccount: {
            id: components["schemas"]["Uuid"];
            name: components["schemas"]["OrganizationName"];
            timezone: components["schemas"]["TimeZone"];
            status: components["schemas"]["OrganizationStatus"];
            /**
             * Format: date-time
             * @description Since when; null when it is not.
             */
            suspended_at: string | null;
            /** @description Why; null when it is not. */
            suspended_reason: string | null;
            subscription_status: components["schemas"]["SubscriptionStatus"];
            /**
             * Format: int32
             * @description Members now.
             */
            member_count: number;
            /**
             * Format: int32
             * @description Patients enrolled, discharged ones included.
             */
            patient_count: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of organizations.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "name": "Harbor Family Practice",
         *           "timezone": "America/New_York",
         *           "status": "ACTIVE",
         *           "suspended_at": null,
         *           "suspended_reason": null,
         *           "subscription_status": "ACTIVE",
         *           "member_count": 12,
         *           "patient_count": 128,
         *           "created_at": "2026-03-02T14:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        OrganizationAccountPage: {
            /** @description The organizations, in order. */
            items: components["schemas"]["OrganizationAccount"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Why, for the audit trail.
         * @example {
         *       "reason": "Asked for by phone, identity checked"
         *     }
         */
        AdministrativeReason: {
            reason: components["schemas"]["BreakGlassReason"];
        };
        /**
         * @description Whether the account can be used.
         * @example ACTIVE
         * @enum {string}
         */
        AccountStatus: "ACTIVE" | "LOCKED" | "SUSPENDED";
        /**
         * @description What the account may do on the platform.
         * @example [
         *       "SUPPORT_AGENT"
         *     ]
         */
        PlatformRoles: ("SUPER_ADMIN" | "SUPPORT_AGENT")[];
        /**
         * @description An account as the platform's administrators list it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "email": "ada@example.com",
         *       "display_name": "Ada Moreau",
         *       "status": "LOCKED",
         *       "platform_roles": [],
         *       "mfa_enabled": true,
         *       "must_reset_password": false,
         *       "last_login_at": "2026-03-02T14:30:00.000Z",
         *       "created_at": "2026-01-05T09:00:00.000Z"
         *     }
         */
        UserAccount: {
            id: components["schemas"]["Uuid"];
            email: components["schemas"]["Email"];
            /** @description The full name. */
            display_name: string;
            status: components["schemas"]["AccountStatus"];
            platform_roles: components["schemas"]["PlatformRoles"];
            /** @description Whether a second factor is asked for. */
            mfa_enabled: boolean;
            /** @description Whether a new password must be chosen first. */
            must_reset_password: boolean;
            /**
             * Format: date-time
             * @description The last sign-in; null when there was none.
             */
            last_login_at: string | null;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description A page of accounts.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *           "email": "ada@example.com",
         *           "display_name": "Ada Moreau",
         *           "status": "LOCKED",
         *           "platform_roles": [],
         *           "mfa_enabled": true,
         *           "must_reset_password": false,
         *           "last_login_at": "2026-03-02T14:30:00.000Z",
         *           "created_at": "2026-01-05T09:00:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        UserAccountPage: {
            /** @description The accounts, in order. */
            items: components["schemas"]["UserAccount"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description Failed sign-ins in a row, and what they led to.
         * @example {
         *       "failed_attempts": 5,
         *       "locked_until": "2026-03-02T14:45:00.000Z"
         *     }
         */
        LockoutInfo: {
            /**
             * Format: int32
             * @description How many since the last good one.
             */
            failed_attempts: number;
            /**
             * Format: date-time
             * @description Until when the account is locked; null when it is not.
             */
            locked_until: string | null;
        };
        /**
         * @description Where somebody works.
         * @example {
         *       "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *       "organization_name": "Harbor Family Practice",
         *       "role": "ADMIN"
         *     }
         */
        AccountOrganization: {
            organization_id: components["schemas"]["Uuid"];
            organization_name: components["schemas"]["OrganizationName"];
            role: components["schemas"]["OrganizationRole"];
        };
        /**
         * @description A live session.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d61",
         *       "device": "Pixel 9",
         *       "user_agent": "ward/0.1.0",
         *       "ip_address": "203.0.113.7",
         *       "is_impersonation": false,
         *       "created_at": "2026-03-02T14:00:00.000Z",
         *       "last_active_at": "2026-03-02T14:30:00.000Z",
         *       "expires_at": "2026-03-03T02:00:00.000Z"
         *     }
         */
        AccountSession: {
            id: components["schemas"]["Uuid"];
            /** @description The device, as it named itself. */
            device: string | null;
            /** @description The program that signed in. */
            user_agent: string | null;
            /** @description The address it signed in from. */
            ip_address: string | null;
            /** @description Whether an administrator holds it, acting as this person. */
            is_impersonation: boolean;
            created_at: components["schemas"]["Timestamp"];
            last_active_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description An account as the platform's administrators see it.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20",
         *       "email": "ada@example.com",
         *       "display_name": "Ada Moreau",
         *       "status": "LOCKED",
         *       "platform_roles": [],
         *       "mfa_enabled": true,
         *       "must_reset_password": false,
         *       "last_login_at": "2026-03-02T14:30:00.000Z",
         *       "created_at": "2026-01-05T09:00:00.000Z",
         *       "timezone": "America/New_York",
         *       "suspended_at": null,
         *       "suspended_reason": null,
         *       "lockout_info": {
         *         "failed_attempts": 5,
         *         "locked_until": "2026-03-02T14:45:00.000Z"
         *       },
         *       "organizations": [
         *         {
         *           "organization_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d30",
         *           "organization_name": "Harbor Family Practice",
         *           "role": "ADMIN"
         *         }
         *       ],
         *       "sessions": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d61",
         *           "device": "Pixel 9",
         *           "user_agent": "ward/0.1.0",
         *           "ip_address": "203.0.113.7",
         *           "is_impersonation": false,
         *           "created_at": "2026-03-02T14:00:00.000Z",
         *           "last_active_at": "2026-03-02T14:30:00.000Z",
         *           "expires_at": "2026-03-03T02:00:00.000Z"
         *         }
         *       ]
         *     }
         */
        UserAccountDetail: {
            id: components["schemas"]["Uuid"];
            email: components["schemas"]["Email"];
            /** @description The full name. */
            display_name: string;
            status: components["schemas"]["AccountStatus"];
            platform_roles: components["schemas"]["PlatformRoles"];
            /** @description Whether a second factor is asked for. */
            mfa_enabled: boolean;
            /** @description Whether a new password must be chosen first. */
            must_reset_password: boolean;
            /**
             * Format: date-time
             * @description The last sign-in; null when there was none.
             */
            last_login_at: string | null;
            created_at: components["schemas"]["Timestamp"];
            timezone: components["schemas"]["TimeZone"];
            /**
             * Format: date-time
             * @description Since when; null when it is not.
             */
            suspended_at: string | null;
            /** @description Why; null when it is not. */
            suspended_reason: string | null;
            lockout_info: components["schemas"]["LockoutInfo"];
            /** @description Where the person works, by name. */
            organizations: components["schemas"]["AccountOrganization"][];
            /** @description The live sessions, the last used first. */
            sessions: components["schemas"]["AccountSession"][];
        };
        /**
         * @description How long, in seconds.
         * @example 1.5
         */
        SystemSeconds: number;
        /**
         * @description Something that the server needs, and how it answered when it was last asked.
         * @example {
         *       "name": "database",
         *       "essential": true,
         *       "status": "ok",
         *       "latency_ms": 1.4,
         *       "limit_ms": 2000,
         *       "error": null
         *     }
         */
        SystemDependency: {
            /** @description Which one. */
            name: string;
            /** @description Whether the server cannot serve without it; without another one it does, if not everything. */
            essential: boolean;
            /**
             * @description Whether it answered, answered wrong or not at all, or not in time.
             * @enum {string}
             */
            status: "ok" | "failing" | "timeout";
            /** @description How long it took to answer, or until it was given up. */
            latency_ms: number;
            /**
             * Format: int32
             * @description How long it may take.
             */
            limit_ms: number;
            /** @description What kind of error it was. The server's log has the rest. */
            error: string | null;
        };
        /**
         * Format: int64
         * @description How many.
         * @example 3
         */
        SystemCount: number;
        /**
         * @description Connections of this server to the database, for one purpose.
         * @example {
         *       "name": "requests",
         *       "limit": 10,
         *       "open": 4,
         *       "idle": 3,
         *       "waiting": 0
         *     }
         */
        SystemPool: {
            /** @description What they are for. */
            name: string;
            limit: components["schemas"]["SystemCount"];
            open: components["schemas"]["SystemCount"];
            idle: components["schemas"]["SystemCount"];
            waiting: components["schemas"]["SystemCount"];
        };
        /**
         * @description The jobs of one kind.
         * @example {
         *       "queue": "mail",
         *       "waiting": 2,
         *       "retrying": 0,
         *       "running": 1,
         *       "failed": 0,
         *       "oldest_due_seconds": 0.4
         *     }
         */
        SystemQueue: {
            /** @description Which kind. */
            queue: string;
            waiting: components["schemas"]["SystemCount"];
            retrying: components["schemas"]["SystemCount"];
            running: components["schemas"]["SystemCount"];
            /**
             * Format: int64
             * @description How many failed for good and wait for somebody to look (`listJobs`).
             */
            failed: number;
            /** @description For how long the oldest that could be begun has waited; null when none waits. */
            oldest_due_seconds: number | null;
        };
        /**
         * @description The outbox behind streams and webhooks.
         * @example {
         *       "backlog": 0,
         *       "horizon_lag_seconds": 0,
         *       "tail_lag_seconds": 0.3
         *     }
         */
        SystemEvents: {
            /**
             * Format: int64
             * @description Events that are written but lie behind a transaction that still runs.
             */
            backlog: number;
            /** @description For how long the oldest transaction that holds events back has run. */
            horizon_lag_seconds: number;
            /** @description Since when this server last read the outbox to its end; null where it serves no streams. */
            tail_lag_seconds: number | null;
        } | null;
        /**
         * @description The tamper-evidence of the audit trail.
         * @example {
         *       "sealed_at": "2026-03-02T14:29:30.000Z",
         *       "lag_seconds": 12.5
         *     }
         */
        SystemSeals: {
            /**
             * Format: date-time
             * @description When the last seal was made; null when there is none yet.
             */
            sealed_at: string | null;
            /** @description How old the oldest row is that no seal covers yet. */
            lag_seconds: number;
        } | null;
        /**
         * @description Outgoing webhooks.
         * @example {
         *       "pending": 1,
         *       "overdue_seconds": 0,
         *       "unrecorded": 0,
         *       "failing_endpoints": 0,
         *       "disabled_endpoints": 0
         *     }
         */
        SystemWebhooks: {
            /**
             * Format: int32
             * @description Deliveries that wait for an attempt, capped at 10000.
             */
            pending: number;
            /** @description For how long the oldest attempt that is due has waited; 0 when none is. */
            overdue_seconds: number;
            /**
             * Format: int32
             * @description Events of the outbox that no courier has looked at yet, capped at 10000.
             */
            unrecorded: number;
            failing_endpoints: components["schemas"]["SystemCount"];
            disabled_endpoints: components["schemas"]["SystemCount"];
        } | null;
        /**
         * @description How long, in milliseconds; null where nothing was measured.
         * @example 1.4
         */
        SystemMs: number | null;
        /**
         * @description A server or worker, as it last said itself.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "kind": "SERVER",
         *       "state": "RUNNING",
         *       "host": "ward-1",
         *       "pid": 4711,
         *       "version": "0.1.0",
         *       "runs_jobs": true,
         *       "started_at": "2026-03-02T08:00:00.000Z",
         *       "seen_at": "2026-03-02T14:29:55.000Z",
         *       "streams": 12,
         *       "requests_under_way": 3,
         *       "pool_waiting": 0,
         *       "event_loop_p99_ms": 11.2,
         *       "memory_bytes": 199229440
         *     }
         */
        SystemServer: {
            id: components["schemas"]["Uuid"];
            /**
             * @description Whether it serves requests or only works on jobs.
             * @enum {string}
             */
            kind: "SERVER" | "WORKER";
            /**
             * @description STOPPING finishes what it has begun. LOST has said nothing for 45 seconds and did not say goodbye.
             * @enum {string}
             */
            state: "RUNNING" | "STOPPING" | "LOST";
            /** @description The name of its machine. */
            host: string;
            /**
             * Format: int32
             * @description Its process there.
             */
            pid: number;
            /** @description Its version. */
            version: string;
            /** @description Whether it works on jobs. */
            runs_jobs: boolean;
            started_at: components["schemas"]["Timestamp"];
            seen_at: components["schemas"]["Timestamp"];
            streams: components["schemas"]["SystemCount"];
            requests_under_way: components["schemas"]["SystemCount"];
            pool_waiting: components["schemas"]["SystemCount"];
            event_loop_p99_ms: components["schemas"]["SystemMs"];
            memory_bytes: components["schemas"]["SystemCount"];
        };
        /**
         * @description How the whole system is doing, as this server sees it.
         * @example {
         *       "status": "ok",
         *       "problems": [],
         *       "checked_at": "2026-03-02T14:30:00.000Z",
         *       "server_id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "version": "0.1.0",
         *       "node_version": "24.21.0",
         *       "database_version": "15.8",
         *       "schema_version": "0044_system.sql",
         *       "started_at": "2026-03-02T08:00:00.000Z",
         *       "uptime_seconds": 23400,
         *       "dependencies": [
         *         {
         *           "name": "database",
         *           "essential": true,
         *           "status": "ok",
         *           "latency_ms": 1.4,
         *           "limit_ms": 2000,
         *           "error": null
         *         }
         *       ],
         *       "pools": [
         *         {
         *           "name": "requests",
         *           "limit": 10,
         *           "open": 4,
         *           "idle": 3,
         *           "waiting": 0
         *         }
         *       ],
         *       "jobs": [
         *         {
         *           "queue": "mail",
         *           "waiting": 2,
         *           "retrying": 0,
         *           "running": 1,
         *           "failed": 0,
         *           "oldest_due_seconds": 0.4
         *         }
         *       ],
         *       "events": {
         *         "backlog": 0,
         *         "horizon_lag_seconds": 0,
         *         "tail_lag_seconds": 0.3
         *       },
         *       "seals": {
         *         "sealed_at": "2026-03-02T14:29:30.000Z",
         *         "lag_seconds": 12.5
         *       },
         *       "webhooks": {
         *         "pending": 1,
         *         "overdue_seconds": 0,
         *         "unrecorded": 0,
         *         "failing_endpoints": 0,
         *         "disabled_endpoints": 0
         *       },
         *       "streams": 12,
         *       "servers": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *           "kind": "SERVER",
         *           "state": "RUNNING",
         *           "host": "ward-1",
         *           "pid": 4711,
         *           "version": "0.1.0",
         *           "runs_jobs": true,
         *           "started_at": "2026-03-02T08:00:00.000Z",
         *           "seen_at": "2026-03-02T14:29:55.000Z",
         *           "streams": 12,
         *           "requests_under_way": 3,
         *           "pool_waiting": 0,
         *           "event_loop_p99_ms": 11.2,
         *           "memory_bytes": 199229440
         *         }
         *       ]
         *     }
         */
        SystemHealth: {
            /**
             * @description `failing` when something is away that the server cannot serve without, `degraded` when there is any other problem.
             * @enum {string}
             */
            status: "ok" | "degraded" | "failing";
            /** @description What is wrong, one sentence each, the worst first. */
            problems: string[];
            checked_at: components["schemas"]["Timestamp"];
            server_id: components["schemas"]["Uuid"];
            /** @description This server's version. */
            version: string;
            /** @description The Node that it runs on. */
            node_version: string;
            /** @description The PostgreSQL behind it; null when it does not answer. */
            database_version: string | null;
            /** @description The last migration of the database; null when it does not answer. */
            schema_version: string | null;
            started_at: components["schemas"]["Timestamp"];
            uptime_seconds: components["schemas"]["SystemSeconds"];
            /** @description What this server needs. */
            dependencies: components["schemas"]["SystemDependency"][];
            /** @description This server's connections to the database. */
            pools: components["schemas"]["SystemPool"][];
            /** @description The queue of jobs, by kind; null when it cannot be read. */
            jobs: components["schemas"]["SystemQueue"][] | null;
            events: components["schemas"]["SystemEvents"];
            seals: components["schemas"]["SystemSeals"];
            webhooks: components["schemas"]["SystemWebhooks"];
            /**
             * Format: int64
             * @description Open streams of all servers.
             */
            streams: number;
            /** @description Servers and workers of the last day that did not say goodbye, the newest first; null when they cannot be read. */
            servers: components["schemas"]["SystemServer"][] | null;
        };
        /**
         * @description A quarter of an hour and an hour by the minute, a day by the half-hour, a week by two hours.
         * @default 1h
         * @example 24h
         * @enum {string}
         */
        MetricsPeriod: "15m" | "1h" | "24h" | "7d";
        /**
         * @description How long answers took, in milliseconds; null where there were none.
         * @example {
         *       "mean": 9.1,
         *       "p50": 6.2,
         *       "p90": 18.4,
         *       "p95": 26,
         *       "p99": 71.3,
         *       "max": 412.7
         *     }
         */
        SystemLatency: {
            mean: components["schemas"]["SystemMs"];
            p50: components["schemas"]["SystemMs"];
            p90: components["schemas"]["SystemMs"];
            p95: components["schemas"]["SystemMs"];
            p99: components["schemas"]["SystemMs"];
            max: components["schemas"]["SystemMs"];
        };
        /**
         * @description One part of the period.
         * @example {
         *       "at": "2026-03-02T14:29:00.000Z",
         *       "requests": 812,
         *       "refused": 9,
         *       "errors": 1,
         *       "p50_ms": 6.2,
         *       "p99_ms": 71.3
         *     }
         */
        SystemPoint: {
            at: components["schemas"]["Timestamp"];
            requests: components["schemas"]["SystemCount"];
            refused: components["schemas"]["SystemCount"];
            errors: components["schemas"]["SystemCount"];
            p50_ms: components["schemas"]["SystemMs"];
            p99_ms: components["schemas"]["SystemMs"];
        };
        /**
         * @description One operation in the period.
         * @example {
         *       "operation": "listPatients",
         *       "requests": 211,
         *       "refused": 2,
         *       "errors": 1,
         *       "mean_ms": 8.8,
         *       "max_ms": 120.5
         *     }
         */
        SystemOperation: {
            /** @description Its operationId; `none` for addresses outside the contract. */
            operation: string;
            requests: components["schemas"]["SystemCount"];
            refused: components["schemas"]["SystemCount"];
            errors: components["schemas"]["SystemCount"];
            mean_ms: components["schemas"]["SystemMs"];
            max_ms: components["schemas"]["SystemMs"];
        };
        /**
         * @description The figures of a period, over all servers.
         * @example {
         *       "period": "1h",
         *       "from": "2026-03-02T13:30:00.000Z",
         *       "to": "2026-03-02T14:30:00.000Z",
         *       "step_seconds": 60,
         *       "requests": 48211,
         *       "refused": 512,
         *       "errors": 3,
         *       "error_rate": 0.00006,
         *       "latency_ms": {
         *         "mean": 9.1,
         *         "p50": 6.2,
         *         "p90": 18.4,
         *         "p95": 26,
         *         "p99": 71.3,
         *         "max": 412.7
         *       },
         *       "active": {
         *         "users": 412,
         *         "sessions": 530
         *       },
         *       "series": [
         *         {
         *           "at": "2026-03-02T14:29:00.000Z",
         *           "requests": 812,
         *           "refused": 9,
         *           "errors": 1,
         *           "p50_ms": 6.2,
         *           "p99_ms": 71.3
         *         }
         *       ],
         *       "operations": [
         *         {
         *           "operation": "listPatients",
         *           "requests": 211,
         *           "refused": 2,
         *           "errors": 1,
         *           "mean_ms": 8.8,
         *           "max_ms": 120.5
         *         }
         *       ]
         *     }
         */
        SystemMetrics: {
            period: components["schemas"]["MetricsPeriod"];
            from: components["schemas"]["Timestamp"];
            to: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description How long each part of `series` is.
             */
            step_seconds: number;
            requests: components["schemas"]["SystemCount"];
            /**
             * Format: int64
             * @description Those answered with a status of 400 to 499.
             */
            refused: number;
            /**
             * Format: int64
             * @description Those answered with a status of 500 or more.
             */
            errors: number;
            /** @description The share of errors, from 0 to 1; null when there were no requests. */
            error_rate: number | null;
            latency_ms: components["schemas"]["SystemLatency"];
            /** @description Who was there in the period, API keys aside. */
            active: {
                users: components["schemas"]["SystemCount"];
                sessions: components["schemas"]["SystemCount"];
            };
            /** @description The period in equal parts, the latest last; none is left out. */
            series: components["schemas"]["SystemPoint"][];
            /** @description The ten with the most errors, then with the most time spent on them. */
            operations: components["schemas"]["SystemOperation"][];
        };
        /**
         * @description What kind of job it is.
         * @example document-scan
         */
        QueueName: string;
        /**
         * @description A job. What it is about stays inside the server.
         * @example {
         *       "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *       "queue": "document-scan",
         *       "state": "FAILED",
         *       "attempts": 9,
         *       "max_attempts": 9,
         *       "last_error": "Error ECONNREFUSED",
         *       "next_attempt_at": null,
         *       "created_at": "2026-03-02T14:30:00.000Z",
         *       "started_at": "2026-03-02T18:30:00.000Z",
         *       "finished_at": "2026-03-02T18:30:01.000Z"
         *     }
         */
        Job: {
            id: components["schemas"]["Uuid"];
            queue: components["schemas"]["QueueName"];
            /**
             * @description WAITING for its first attempt, RETRYING after a failed one, RUNNING, or done: COMPLETED, CANCELLED, FAILED for good.
             * @enum {string}
             */
            state: "WAITING" | "RETRYING" | "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
            /**
             * Format: int32
             * @description How often it was begun.
             */
            attempts: number;
            /**
             * Format: int32
             * @description How often it may be begun.
             */
            max_attempts: number;
            /** @description What kind of error the last failed attempt ended with. The server's log has the rest, under the job's id. */
            last_error: string | null;
            /**
             * Format: date-time
             * @description When it is begun at the earliest, while it waits.
             */
            next_attempt_at: string | null;
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When it was last begun.
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @description When it was done, one way or another.
             */
            finished_at: string | null;
        };
        /**
         * @description A page of jobs.
         * @example {
         *       "items": [
         *         {
         *           "id": "01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90",
         *           "queue": "document-scan",
         *           "state": "FAILED",
         *           "attempts": 9,
         *           "max_attempts": 9,
         *           "last_error": "Error ECONNREFUSED",
         *           "next_attempt_at": null,
         *           "created_at": "2026-03-02T14:30:00.000Z",
         *           "started_at": "2026-03-02T18:30:00.000Z",
         *           "finished_at": "2026-03-02T18:30:01.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        JobPage: {
            /** @description The jobs, in order. */
            items: components["schemas"]["Job"][];
            next_cursor: components["schemas"]["NextCursor"];
            total?: components["schemas"]["Total"];
        };
        /**
         * @description A new version.
         * @example {
         *       "type": "HIPAA_NOTICE",
         *       "version": "2.0",
         *       "title": "Notice of Privacy Practices",
         *       "content": "This notice describes how medical information about you may be used."
         *     }
         */
        ConsentDocumentCreate: {
            type: components["schemas"]["ConsentDocumentType"];
            /** @description Its version, new among its kind. */
            version: string;
            /** @description Its title. */
            title: string;
            /** @description Its text, Markdown. */
            content: string;
            /**
             * Format: date-time
             * @description From when it must be signed; at once when left out. Never in the past.
             */
            effective_date?: string;
        };
        /**
         * @description A plain value, or a list or an object of such.
         * @example week
         * @example 120
         */
        TelemetryValue: string | number | boolean | null | unknown[] | {
            [key: string]: unknown;
        };
        /**
         * @description One thing that happened in a client.
         * @example {
         *       "event_name": "schedule.opened",
         *       "properties": {
         *         "view": "week",
         *         "ms": 120
         *       }
         *     }
         * @example {
         *       "event_name": "schedule.opened",
         *       "event_id": "01934f6e-8d2a-4c41-9a57-0f6f2b7c1db0",
         *       "occurred_at": "2026-03-02T14:30:00.000Z",
         *       "properties": {
         *         "view": "week",
         *         "filters": {
         *           "provider": true
         *         }
         *       }
         *     }
         */
        TelemetryEvent: {
            /** @description What happened, in dotted lower case. */
            event_name: string;
            /**
             * Format: uuid
             * @description The client's own id of the event, the same at every retry. Goes with `occurred_at`.
             */
            event_id?: string;
            /**
             * Format: date-time
             * @description When it happened, by the client's clock: at most 7 days ago, at most 5 minutes ahead. Left out, it is when the event arrives.
             */
            occurred_at?: string;
            /** @description Plain facts about it. */
            properties?: {
                [key: string]: components["schemas"]["TelemetryValue"];
            };
        };
        /**
         * @description Several events.
         * @example {
         *       "events": [
         *         {
         *           "event_name": "schedule.opened",
         *           "properties": {
         *             "view": "week",
         *             "ms": 120
         *           }
         *         }
         *       ]
         *     }
         */
        TelemetryBatch: {
            /** @description The events, in the order they happened. */
            events: components["schemas"]["TelemetryEvent"][];
        };
        /**
         * @description One event or a batch.
         * @example {
         *       "event_name": "schedule.opened",
         *       "properties": {
         *         "view": "week",
         *         "ms": 120
         *       }
         *     }
         */
        TelemetryRequest: components["schemas"]["TelemetryEvent"] | components["schemas"]["TelemetryBatch"];
        /**
         * @description What was kept.
         * @example {
         *       "accepted": 1
         *     }
         */
        TelemetryReceipt: {
            /**
             * Format: int32
             * @description How many events, those included that an earlier try had stored.
             */
            accepted: number;
        };
        /**
         * @description An event and how often it happened.
         * @example {
         *       "event_name": "schedule.opened",
         *       "count": 3120
         *     }
         */
        TelemetryCount: {
            /** @description What happened. */
            event_name: string;
            /**
             * Format: int64
             * @description How often.
             */
            count: number;
        };
        /**
         * @description The most frequent events of a period.
         * @example {
         *       "from": "2026-03-01T14:00:00.000Z",
         *       "to": "2026-03-02T14:30:00.000Z",
         *       "total": 5210,
         *       "names": 12,
         *       "events": [
         *         {
         *           "event_name": "schedule.opened",
         *           "count": 3120
         *         },
         *         {
         *           "event_name": "message.sent",
         *           "count": 871
         *         }
         *       ]
         *     }
         */
        TelemetryTop: {
            /**
             * Format: date-time
             * @description The beginning of the first hour that was counted.
             */
            from: string;
            /**
             * Format: date-time
             * @description Until now.
             */
            to: string;
            /**
             * Format: int64
             * @description How many events there were, of all names.
             */
            total: number;
            /**
             * Format: int32
             * @description How many different names there were.
             */
            names: number;
            /** @description The most frequent ones, in order. */
            events: components["schemas"]["TelemetryCount"][];
        };
    };
    responses: {
        /** @description A fault of ours; the request id leads to it. */
        InternalError: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INTERNAL_ERROR";
                };
            };
        };
        /** @description A dependency is away. Try again. */
        Unavailable: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "UNAVAILABLE";
                };
            };
        };
        /** @description Too many requests. */
        RateLimited: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                "Retry-After": components["headers"]["RetryAfter"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "RATE_LIMITED";
                };
            };
        };
        /** @description The body is larger than allowed. */
        PayloadTooLarge: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "PAYLOAD_TOO_LARGE";
                };
            };
        };
        /** @description The request is not valid. */
        Invalid: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "VALIDATION_ERROR";
                };
            };
        };
        /** @description No credential, or one that is wrong, expired or revoked. */
        Unauthorized: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "UNAUTHORIZED";
                };
            };
        };
        /** @description The MFA code is wrong, too old or used. */
        InvalidMfaCode: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_MFA_CODE";
                };
            };
        };
        /** @description The account cannot be used, or the call is not possible while impersonating. */
        ForbiddenPersonal: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "FORBIDDEN";
                };
            };
        };
        /** @description The password is not right. It counts towards the lockout. */
        InvalidPassword: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_PASSWORD";
                };
            };
        };
        /** @description The account or the impersonation cannot be used, or the caller is an API key. */
        ForbiddenAccount: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "FORBIDDEN";
                };
            };
        };
        /** @description The account cannot be used, consents are missing, or the call is not possible while impersonating. */
        ForbiddenPersonalConsent: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "CONSENT_REQUIRED" | "FORBIDDEN";
                };
            };
        };
        /** @description The cursor is forged, foreign or from another filter. */
        InvalidCursor: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_CURSOR";
                };
            };
        };
        /** @description A gate refuses: account, role, consent or MFA. */
        ForbiddenStaff: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "CONSENT_REQUIRED" | "FORBIDDEN" | "MFA_REQUIRED";
                };
            };
        };
        /** @description No such resource, or one of another tenant. */
        NotFound: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "NOT_FOUND";
                };
            };
        };
        /** @description The account cannot be used, consents or a second factor are missing, or the call is not possible while impersonating. */
        ForbiddenExport: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "CONSENT_REQUIRED" | "MFA_REQUIRED" | "FORBIDDEN";
                };
            };
        };
        /** @description The request is not valid, or its Idempotency-Key belongs to another body. */
        InvalidIdempotent: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "VALIDATION_ERROR" | "IDEMPOTENCY_KEY_REUSED";
                };
            };
        };
        /** @description The account cannot be used or consents are missing. */
        ForbiddenConsent: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "CONSENT_REQUIRED" | "FORBIDDEN";
                };
            };
        };
        /** @description The account cannot be used, consents are missing, or the role does not allow it. */
        ForbiddenMember: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "CONSENT_REQUIRED" | "FORBIDDEN";
                };
            };
        };
        /** @description A gate refuses: account, impersonation, role, consent or MFA. */
        ForbiddenAdmin: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "CONSENT_REQUIRED" | "FORBIDDEN" | "MFA_REQUIRED";
                };
            };
        };
        /** @description Somebody with this address is a member or is invited already. */
        AlreadyMember: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ALREADY_MEMBER" | "CONFLICT";
                };
            };
        };
        /** @description An organization keeps at least one ADMIN. */
        LastAdmin: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "LAST_ADMIN";
                };
            };
        };
        /** @description The invitation is no longer open. */
        InvitationClosed: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVITATION_ACCEPTED" | "INVITATION_DECLINED" | "INVITATION_USED" | "INVITATION_EXPIRED";
                };
            };
        };
        /** @description The invitation is no longer open, or was sent 5 times again already. */
        InvitationNotResent: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVITATION_ACCEPTED" | "INVITATION_DECLINED" | "INVITATION_USED" | "RESEND_LIMIT_EXCEEDED";
                };
            };
        };
        /** @description There is a newer invitation for this address, or it is a member’s. */
        InvitedAgain: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ALREADY_MEMBER" | "CONFLICT";
                };
            };
        };
        /** @description The invitation has expired, or was answered or cancelled. */
        InvitationNotOpen: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVITATION_EXPIRED" | "INVITATION_USED";
                };
            };
        };
        /** @description The invitation is no longer open. */
        InvitationAnswered: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVITATION_ACCEPTED" | "INVITATION_DECLINED" | "INVITATION_USED" | "INVITATION_EXPIRED";
                };
            };
        };
        /** @description The caller is a member already. */
        MemberAlready: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ALREADY_MEMBER";
                };
            };
        };
        /** @description A gate refuses: account, impersonation, role, consent, MFA or step-up. */
        ForbiddenStepUp: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "CONSENT_REQUIRED" | "FORBIDDEN" | "MFA_REQUIRED" | "STEP_UP_REQUIRED";
                };
            };
        };
        /** @description There is a subscription already, or the first request with this key still runs. */
        ConflictIdempotent: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "CONFLICT" | "IDEMPOTENCY_IN_PROGRESS";
                };
            };
        };
        /** @description Billing is not set up here, or Stripe or the database does not answer; nothing was changed. */
        BillingUnavailable: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "BILLING_NOT_CONFIGURED" | "BILLING_UNAVAILABLE" | "UNAVAILABLE";
                };
            };
        };
        /** @description In conflict with what is there. */
        Conflict: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "CONFLICT";
                };
            };
        };
        /** @description A gate refuses, or the call is not possible while impersonating. */
        ForbiddenPatientBilling: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "CONSENT_REQUIRED" | "FORBIDDEN" | "MFA_REQUIRED" | "PROXY_ACCESS_EXPIRED" | "PROXY_PERMISSION_DENIED";
                };
            };
        };
        /** @description The signature is missing, wrong or too old. */
        InvalidSignature: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_SIGNATURE";
                };
            };
        };
        /** @description Billing is not set up here, or the database does not answer; Stripe tries again. */
        NotConfigured: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "BILLING_NOT_CONFIGURED" | "UNAVAILABLE";
                };
            };
        };
        /** @description No language model is set up here, or it or the database does not answer. */
        AiUnavailable: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "AI_NOT_CONFIGURED" | "AI_UNAVAILABLE" | "UNAVAILABLE";
                };
            };
        };
        /** @description The language model took longer than it may. */
        AiTimeout: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "AI_TIMEOUT";
                };
            };
        };
        /** @description The organization's subscription has lapsed for longer than its grace; reads stay open. */
        SubscriptionRequired: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "SUBSCRIPTION_REQUIRED";
                };
            };
        };
        /** @description A gate refuses: account, role, proxy access, consent or MFA. */
        ForbiddenCare: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "CONSENT_REQUIRED" | "FORBIDDEN" | "MFA_REQUIRED" | "PROXY_ACCESS_EXPIRED" | "PROXY_PERMISSION_DENIED";
                };
            };
        };
        /** @description Somebody changed it meanwhile; nothing was overwritten. */
        PreconditionFailed: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "PRECONDITION_FAILED";
                };
            };
        };
        /** @description Nothing automated may go to this address. */
        UnsafeAddress: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "VOICEMAIL_UNSAFE";
                };
            };
        };
        /** @description The patient is ACTIVE here already, or the MRN is taken. */
        NotEnrolled: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "CONFLICT" | "DUPLICATE_MRN";
                };
            };
        };
        /** @description The MRN is taken. */
        MrnTaken: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "DUPLICATE_MRN";
                };
            };
        };
        /** @description A gate refuses: account, role, proxy access or consent. */
        ForbiddenReaders: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "CONSENT_REQUIRED" | "FORBIDDEN" | "PROXY_ACCESS_EXPIRED" | "PROXY_PERMISSION_DENIED";
                };
            };
        };
        /** @description The provider may not practise, or the patient is not in care here. */
        NotInCare: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "LICENSE_EXPIRED" | "PATIENT_DISCHARGED";
                };
            };
        };
        /** @description The visit is over or cancelled, or has begun, or its status does not lead there. */
        NotPossibleNow: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "CONFLICT";
                };
            };
        };
        /** @description The patient is not in care here, so takes no messages. */
        PatientDischarged: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "PATIENT_DISCHARGED";
                };
            };
        };
        /** @description The first request with this key is still running. */
        IdempotencyInProgress: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "IDEMPOTENCY_IN_PROGRESS";
                };
            };
        };
        /** @description The cursor is not valid here, or which organization is not clear. */
        InvalidCursorOrOrganization: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_CURSOR" | "ORGANIZATION_REQUIRED";
                };
            };
        };
        /** @description Which organization is not clear. */
        OrganizationRequired: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ORGANIZATION_REQUIRED";
                };
            };
        };
        /** @description The call is not where this is possible. */
        NotNow: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_TRANSITION";
                };
            };
        };
        /** @description The patient must not be called there, or now; or which organization is not clear. */
        NoCall: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "VOICEMAIL_UNSAFE" | "CONSENT_NOT_GRANTED" | "PATIENT_DISCHARGED" | "CALL_LIMIT_EXCEEDED" | "ORGANIZATION_REQUIRED";
                };
            };
        };
        /** @description The agent is in another call, or the first request with this key is still running. */
        BusyOrInProgress: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "CONFLICT" | "IDEMPOTENCY_IN_PROGRESS";
                };
            };
        };
        /** @description The recording was taken away. */
        RecordingRedacted: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "RECORDING_REDACTED";
                };
            };
        };
        /** @description No such call, or it has no recording. */
        NoRecording: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "NOT_FOUND" | "RECORDING_NOT_AVAILABLE";
                };
            };
        };
        /** @description The patient is discharged and can send nothing any more. */
        "PatientDischarged-2": {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "PATIENT_DISCHARGED";
                };
            };
        };
        /** @description No file has been sent to the link yet. */
        NothingUploaded: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "CONFLICT";
                };
            };
        };
        /** @description The file is infected, or not scanned yet. */
        NotDownloadable: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "DOCUMENT_INFECTED" | "DOCUMENT_NOT_SCANNED";
                };
            };
        };
        /** @description The link is forged, or its time is over. */
        BadLink: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "FORBIDDEN";
                };
            };
        };
        /** @description The stream. Each block has `id`, `event` and `data` (one line of JSON), which together are a `StreamEvent`; `retry` comes first. It stays open until the client or a `stream.closed` ends it. */
        EventStream: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "text/event-stream": components["schemas"]["StreamEvent"];
            };
        };
        /** @description A gate refuses: account, consent or MFA. */
        ForbiddenStream: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "CONSENT_REQUIRED" | "FORBIDDEN" | "MFA_REQUIRED";
                };
            };
        };
        /** @description The job has not failed for good. */
        JobNotFailed: {
            headers: {
                "X-Request-ID": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "INVALID_TRANSITION";
                };
            };
        };
    };
    parameters: {
        /** @description Items a page. */
        Limit: number;
        /** @description The `next_cursor` of the page before. */
        Cursor: components["schemas"]["Cursor"];
        /** @description Also count everything that matches. */
        IncludeTotal: boolean;
        /** @description The session. */
        SessionId: components["schemas"]["Uuid"];
        /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
        IdempotencyKey: string;
        /** @description The export. */
        ExportId: components["schemas"]["Uuid"];
        /** @description The notification. */
        NotificationId: components["schemas"]["Uuid"];
        /** @description The organization. */
        OrgId: components["schemas"]["Uuid"];
        /** @description Only members with this role. */
        MemberRole: components["schemas"]["OrganizationRole"];
        /** @description Part of the name or the e-mail address, in any case. */
        MemberSearch: string;
        /** @description The membership. */
        MemberId: components["schemas"]["Uuid"];
        /** @description Only invitations in this state. */
        InvitationStatusFilter: "PENDING" | "ACCEPTED" | "DECLINED" | "EXPIRED" | "CANCELLED" | "ALL";
        /** @description The invitation. */
        InvitationId: components["schemas"]["Uuid"];
        /** @description The token of the mailed link. */
        InvitationToken: string;
        /** @description The API key. */
        ApiKeyId: components["schemas"]["Uuid"];
        /** @description The patient. */
        PatientId: components["schemas"]["Uuid"];
        /** @description When it was signed, and the signatures. */
        StripeSignature: string;
        /** @description The webhook endpoint. */
        EndpointId: components["schemas"]["Uuid"];
        /** @description Only these. */
        DeliveryStatus: components["schemas"]["WebhookDeliveryStatus"];
        /** @description The delivery. */
        DeliveryId: components["schemas"]["Uuid"];
        /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
        IfMatchOptional: string;
        /** @description The token of the mailed link. */
        PortalToken: string;
        /** @description The contact method. */
        ContactId: components["schemas"]["Uuid"];
        /** @description The access, or the invitation to it. */
        AssignmentId: components["schemas"]["Uuid"];
        /** @description The place on the care team. */
        CareTeamAssignmentId: components["schemas"]["Uuid"];
        /** @description Only this specialty. Case does not matter. */
        SpecialtyFilter: string;
        /** @description Part of the name, or the beginning of the NPI. Accents and case do not matter. */
        ProviderSearch: string;
        /** @description The provider. */
        ProviderId: components["schemas"]["Uuid"];
        /** @description Only this job title. Case does not matter. */
        JobTitleFilter: string;
        /** @description Part of the name or the employee number. Accents and case do not matter. */
        StaffSearch: string;
        /** @description The staff profile. */
        StaffId: components["schemas"]["Uuid"];
        /** @description The visit. */
        AppointmentId: components["schemas"]["Uuid"];
        /** @description The thread. */
        ThreadId: components["schemas"]["Uuid"];
        /** @description The task. */
        TaskId: components["schemas"]["Uuid"];
        /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
        OrganizationQuery: components["schemas"]["Uuid"];
        /** @description The queue entry: the id of its call. */
        QueueId: components["schemas"]["Uuid"];
        /** @description The call. */
        CallId: components["schemas"]["Uuid"];
        /** @description The document. */
        DocumentId: components["schemas"]["Uuid"];
        /** @description What the link opens and until when, sealed by the server. */
        Link: string;
        /** @description The ticket. */
        TicketId: components["schemas"]["Uuid"];
        /** @description The version that you have seen, as in its ETag. A stale one answers 412 and changes nothing. */
        IfMatch: string;
        /** @description The macro. */
        MacroId: components["schemas"]["Uuid"];
        /** @description Only these events, with commas between; names as in `StreamEvent`, an unknown one answers 422. Heartbeats and `stream.*` come always. */
        EventTypes: string;
        /** @description Only events that name this patient. Nobody gets more by it than without it. */
        EventPatient: components["schemas"]["Uuid"];
        /** @description The last id seen, for clients that cannot send the header. The header wins. */
        LastEventIdQuery: components["schemas"]["EventId"];
        /** @description Begin with what happened from this instant on, at most 7 days ago (else `stream.reset`). An event id wins, so a client that reconnects may leave it in the address. */
        EventsSince: components["schemas"]["Timestamp"];
        /** @description The last id seen; the stream goes on right after it. */
        LastEventId: components["schemas"]["EventId"];
        /** @description The account. */
        UserId: components["schemas"]["Uuid"];
        /** @description The job. */
        JobId: components["schemas"]["Uuid"];
    };
    requestBodies: never;
    headers: {
        /** @description The request's id, also in the logs and the audit trail. */
        RequestId: string;
        /** @description Seconds to wait before another try. */
        RetryAfter: number;
        /** @description What is left of the quota (draft-ietf-httpapi-ratelimit-headers). */
        RateLimit: string;
        /** @description The version of the answered record, for If-Match. */
        ETag: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDeepHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can serve. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeepHealth"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getJwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The public keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JsonWebKeySet"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description The account exists and is signed in. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description The e-mail address has an account. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "EMAIL_TAKEN";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description Signed in, or an MFA code is still needed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description The credential is right, and the account is locked, suspended or in need of a new password. */
            403: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "PASSWORD_RESET_REQUIRED";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    completeMfaChallenge: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MfaChallengeAnswer"];
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description The credential is right, and the account is locked, suspended or in need of a new password. */
            403: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "PASSWORD_RESET_REQUIRED";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    stepUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUpRequest"];
            };
        };
        responses: {
            /** @description The session is strong. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepUp"];
                };
            };
            400: components["responses"]["InvalidMfaCode"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            /** @description Multi-factor authentication is not set up. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    refreshSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description The next pair of tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description The credential is right, and the account is locked, suspended or in need of a new password. */
            403: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "PASSWORD_RESET_REQUIRED";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordResetRequest"];
            };
        };
        responses: {
            /** @description If there is such an account, its mail is on the way. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description The new password counts from now on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordResetResult"];
                };
            };
            401: components["responses"]["Unauthorized"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Changed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidPassword"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCurrentUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The person. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurrentUser"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAccount"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteCurrentUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordConfirmation"];
            };
        };
        responses: {
            /** @description The account is closed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidPassword"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            /** @description An organization would be left without an ADMIN. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "LAST_ADMIN";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateCurrentUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CurrentUserUpdate"];
            };
        };
        responses: {
            /** @description The person as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurrentUser"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listProxyPatients: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of patients. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManagedPatientPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session. */
                session_id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    requestDataExport: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DataExportRequest"];
            };
        };
        responses: {
            /** @description It is being built. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataExport"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenExport"];
            /** @description Another export of the person is being built, or the first request with this key still runs. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT" | "IDEMPOTENCY_IN_PROGRESS";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDataExport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The export. */
                export_id: components["parameters"]["ExportId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The export. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataExport"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenExport"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCommunicationPreferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The preferences. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommunicationPreferences"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateCommunicationPreferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommunicationPreferencesUpdate"];
            };
        };
        responses: {
            /** @description The preferences as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommunicationPreferences"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMyAppointments: {
        parameters: {
            query?: {
                /** @description From this day on, in the time zone of each visit's organization. */
                start_date?: components["schemas"]["LocalDate"];
                /** @description Up to and with this day. */
                end_date?: components["schemas"]["LocalDate"];
                /** @description Only this status. */
                status?: components["schemas"]["AppointmentStatus"];
                /** @description Only this patient's. */
                patient_id?: components["schemas"]["Uuid"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of visits. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyAppointmentPage"];
                    "text/calendar": components["schemas"]["Calendar"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    registerDeviceToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceRegistration"];
            };
        };
        responses: {
            /** @description The device. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removeDeviceToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceRemoval"];
            };
        };
        responses: {
            /** @description It gets nothing any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    disableMfa: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordConfirmation"];
            };
        };
        responses: {
            /** @description It is off; the secret and the backup codes are gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidPassword"];
            401: components["responses"]["Unauthorized"];
            /** @description The account cannot be used, the role needs it, or an administrator impersonates. */
            403: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "ACCOUNT_LOCKED" | "ACCOUNT_SUSPENDED" | "IMPERSONATION_EXPIRED" | "IMPERSONATION_FORBIDDEN" | "FORBIDDEN" | "MFA_REQUIRED_FOR_ROLE";
                    };
                };
            };
            /** @description It is not on. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    regenerateMfaBackupCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordConfirmation"];
            };
        };
        responses: {
            /** @description The new codes, shown this once. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MfaBackupCodes"];
                };
            };
            400: components["responses"]["InvalidPassword"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            /** @description It is not on. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /** @description Only those that are unread. */
                filter?: "unread";
                /** @description Only this kind. */
                type?: components["schemas"]["NotificationType"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of notifications. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    markAllNotificationsRead: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationsReadUntil"];
            };
        };
        responses: {
            /** @description How many were marked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationsMarked"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notification. */
                notification_id: components["parameters"]["NotificationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notification. */
                notification_id: components["parameters"]["NotificationId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationUpdate"];
            };
        };
        responses: {
            /** @description The notification. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    setupMfa: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What to put into the authenticator. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MfaSetup"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            /** @description It is already on, or nothing is pending. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    verifyMfa: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MfaVerification"];
            };
        };
        responses: {
            /** @description It is on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MfaStatus"];
                };
            };
            400: components["responses"]["InvalidMfaCode"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            /** @description It is already on, or nothing is pending. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    recordConsent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentCreate"];
            };
        };
        responses: {
            /** @description The signature. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Consent"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonal"];
            404: components["responses"]["NotFound"];
            /** @description The document is not in force. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRequiredConsents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is missing. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequiredConsents"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAccount"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listConsentHistory: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of signatures. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentHistoryPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAccount"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getConsentDocument: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The document. */
                document_id: components["schemas"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentDocument"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAccount"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listOrganizations: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of organizations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganizationCreate"];
            };
        };
        responses: {
            /** @description The organization. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenMember"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganizationUpdate"];
            };
        };
        responses: {
            /** @description The organization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description Only members with this role. */
                role?: components["parameters"]["MemberRole"];
                /** @description Part of the name or the e-mail address, in any case. */
                search?: components["parameters"]["MemberSearch"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of members. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenMember"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    inviteMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemberInvite"];
            };
        };
        responses: {
            /** @description The invitation. Its link goes out by mail only. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["AlreadyMember"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The membership. */
                member_id: components["parameters"]["MemberId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The membership. */
                member_id: components["parameters"]["MemberId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemberUpdate"];
            };
        };
        responses: {
            /** @description The member. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastAdmin"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listInvitations: {
        parameters: {
            query?: {
                /** @description Only invitations in this state. */
                status?: components["parameters"]["InvitationStatusFilter"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of invitations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The invitation. */
                invitation_id: components["parameters"]["InvitationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancelled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvitationClosed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    resendInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The invitation. */
                invitation_id: components["parameters"]["InvitationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["InvitationNotResent"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["InvitedAgain"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token of the mailed link. */
                token: components["parameters"]["InvitationToken"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationOffer"];
                };
            };
            400: components["responses"]["InvitationNotOpen"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    acceptInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token of the mailed link. */
                token: components["parameters"]["InvitationToken"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The membership. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationAccepted"];
                };
            };
            400: components["responses"]["InvitationAnswered"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["MemberAlready"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    declineInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token of the mailed link. */
                token: components["parameters"]["InvitationToken"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The declined invitation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationOffer"];
                };
            };
            400: components["responses"]["InvitationAnswered"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listApiKeys: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of API keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyCreate"];
            };
        };
        responses: {
            /** @description The key with its secret. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyCreated"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStepUp"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The API key. */
                api_key_id: components["parameters"]["ApiKeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrganizationBilling: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The subscription. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationBilling"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrganizationCheckout: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BillingReturn"];
            };
        };
        responses: {
            /** @description The page. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckoutPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictIdempotent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["BillingUnavailable"];
        };
    };
    createOrganizationPortal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BillingReturn"];
            };
        };
        responses: {
            /** @description The page. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["BillingUnavailable"];
        };
    };
    getPatientBilling: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The subscription. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientBilling"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPatientBilling"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createPatientCheckout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BillingReturn"];
            };
        };
        responses: {
            /** @description The page. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckoutPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPatientBilling"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["BillingUnavailable"];
        };
    };
    createPatientPortal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BillingReturn"];
            };
        };
        responses: {
            /** @description The page. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPatientBilling"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["BillingUnavailable"];
        };
    };
    handleStripeWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description When it was signed, and the signatures. */
                "Stripe-Signature"?: components["parameters"]["StripeSignature"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StripeEvent"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookReceived"];
                };
            };
            400: components["responses"]["InvalidSignature"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["NotConfigured"];
        };
    };
    summarizeText: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SummarizeRequest"];
            };
        };
        responses: {
            /** @description The summary. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["AiUnavailable"];
            504: components["responses"]["AiTimeout"];
        };
    };
    listWebhookEndpoints: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of endpoints. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookEndpointCreate"];
            };
        };
        responses: {
            /** @description The endpoint with its secret. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointWithSecret"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The webhook endpoint. */
                endpoint_id: components["parameters"]["EndpointId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The webhook endpoint. */
                endpoint_id: components["parameters"]["EndpointId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookEndpointUpdate"];
            };
        };
        responses: {
            /** @description The endpoint. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The webhook endpoint. */
                endpoint_id: components["parameters"]["EndpointId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint with its new secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointWithSecret"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description Only these. */
                status?: components["parameters"]["DeliveryStatus"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The webhook endpoint. */
                endpoint_id: components["parameters"]["EndpointId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    replayWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The webhook endpoint. */
                endpoint_id: components["parameters"]["EndpointId"];
                /** @description The delivery. */
                delivery_id: components["parameters"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The new delivery. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPatients: {
        parameters: {
            query?: {
                /** @description Part of a name, or an MRN. Accents and case do not matter. */
                search?: string;
                /** @description The enrollment's status. */
                status?: components["schemas"]["EnrollmentStatus"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of patients. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createPatient: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatientCreate"];
            };
        };
        responses: {
            /** @description The patient. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            /** @description The MRN is taken, or the first request with this key is still running. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "DUPLICATE_MRN" | "IDEMPOTENCY_IN_PROGRESS";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getPatient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The patient. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deletePatient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updatePatient: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatientUpdate"];
            };
        };
        responses: {
            /** @description The patient as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            /** @description The MRN is taken. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "DUPLICATE_MRN";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    invitePatientToPortal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PortalInvite"];
            };
        };
        responses: {
            /** @description The invitation. Its link goes out by mail only. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalInvitation"];
                };
            };
            400: components["responses"]["UnsafeAddress"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    acceptPortalInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token of the mailed link. */
                token: components["parameters"]["PortalToken"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PortalAccept"];
            };
        };
        responses: {
            /** @description Whose portal is open now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalAccepted"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenPersonalConsent"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listContactMethods: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of contact methods. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactMethodPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createContactMethod: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactMethodCreate"];
            };
        };
        responses: {
            /** @description The contact method. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactMethod"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteContactMethod: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
                /** @description The contact method. */
                contact_id: components["parameters"]["ContactId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateContactMethod: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
                /** @description The contact method. */
                contact_id: components["parameters"]["ContactId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactMethodUpdate"];
            };
        };
        responses: {
            /** @description The contact method as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactMethod"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getEnrollment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The enrollment. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrollment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    enrollPatient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrollmentCreate"];
            };
        };
        responses: {
            /** @description The enrollment. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrollment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotEnrolled"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateEnrollment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrollmentUpdate"];
            };
        };
        responses: {
            /** @description The enrollment as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrollment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["MrnTaken"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPatientOrganizations: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of organizations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientOrganizationPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listProxies: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of proxies. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProxyPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    assignProxy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProxyAssign"];
            };
        };
        responses: {
            /** @description The access, or the invitation to it. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProxyAssignment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeProxy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
                /** @description The access, or the invitation to it. */
                assignment_id: components["parameters"]["AssignmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateProxy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
                /** @description The access, or the invitation to it. */
                assignment_id: components["parameters"]["AssignmentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProxyUpdate"];
            };
        };
        responses: {
            /** @description The access as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProxyAssignment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCareTeam: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the care team. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareTeamPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    addCareTeamMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CareTeamAdd"];
            };
        };
        responses: {
            /** @description The assignment. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareTeamMember"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removeCareTeamMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
                /** @description The place on the care team. */
                assignment_id: components["parameters"]["CareTeamAssignmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateCareTeamMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
                /** @description The place on the care team. */
                assignment_id: components["parameters"]["CareTeamAssignmentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CareTeamUpdate"];
            };
        };
        responses: {
            /** @description The assignment as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareTeamMember"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listProviders: {
        parameters: {
            query?: {
                /** @description Only this specialty. Case does not matter. */
                specialty?: components["parameters"]["SpecialtyFilter"];
                /** @description Part of the name, or the beginning of the NPI. Accents and case do not matter. */
                search?: components["parameters"]["ProviderSearch"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of providers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenReaders"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderCreate"];
            };
        };
        responses: {
            /** @description The provider. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The provider. */
                provider_id: components["parameters"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The provider. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenReaders"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The provider. */
                provider_id: components["parameters"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateProvider: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The provider. */
                provider_id: components["parameters"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderUpdate"];
            };
        };
        responses: {
            /** @description The provider as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listStaff: {
        parameters: {
            query?: {
                /** @description Only this job title. Case does not matter. */
                job_title?: components["parameters"]["JobTitleFilter"];
                /** @description Part of the name or the employee number. Accents and case do not matter. */
                search?: components["parameters"]["StaffSearch"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of staff. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createStaff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StaffCreate"];
            };
        };
        responses: {
            /** @description The profile. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Staff"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getStaff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The staff profile. */
                staff_id: components["parameters"]["StaffId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The profile. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Staff"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteStaff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The staff profile. */
                staff_id: components["parameters"]["StaffId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateStaff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The staff profile. */
                staff_id: components["parameters"]["StaffId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StaffUpdate"];
            };
        };
        responses: {
            /** @description The profile as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Staff"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getProviderAvailability: {
        parameters: {
            query?: {
                /** @description From this day on, in the organization's time zone; today when left out. */
                start_date?: components["schemas"]["LocalDate"];
                /** @description Up to and with this day, at most 31 days after the first; 7 days after it when left out. */
                end_date?: components["schemas"]["LocalDate"];
                /** @description How long the visit would take. */
                duration_minutes?: number;
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The provider. */
                provider_id: components["parameters"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The free slots. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Availability"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAppointments: {
        parameters: {
            query?: {
                /** @description This day only. */
                date?: components["schemas"]["LocalDate"];
                /** @description From this day on. */
                start_date?: components["schemas"]["LocalDate"];
                /** @description Up to and with this day. */
                end_date?: components["schemas"]["LocalDate"];
                /** @description Only this status. */
                status?: components["schemas"]["AppointmentStatus"];
                /** @description Only this patient's. */
                patient_id?: components["schemas"]["Uuid"];
                /** @description Only this provider's. */
                provider_id?: components["schemas"]["Uuid"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of appointments. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppointmentPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createAppointment: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppointmentCreate"];
            };
        };
        responses: {
            /** @description The appointment. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Appointment"];
                };
            };
            400: components["responses"]["NotInCare"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            /** @description The provider is not free then, or the first request with this key is still running. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "APPOINTMENT_CONFLICT" | "IDEMPOTENCY_IN_PROGRESS";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getAppointment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The visit. */
                appointment_id: components["parameters"]["AppointmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The visit. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppointmentDetail"];
                    "text/calendar": components["schemas"]["Calendar"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelAppointment: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The visit. */
                appointment_id: components["parameters"]["AppointmentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppointmentCancellation"];
            };
        };
        responses: {
            /** @description The cancelled visit. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Appointment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotPossibleNow"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateAppointment: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The visit. */
                appointment_id: components["parameters"]["AppointmentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppointmentUpdate"];
            };
        };
        responses: {
            /** @description The visit as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Appointment"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotPossibleNow"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    rescheduleAppointment: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The visit. */
                appointment_id: components["parameters"]["AppointmentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppointmentReschedule"];
            };
        };
        responses: {
            /** @description The visit at its new time. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Appointment"];
                };
            };
            400: components["responses"]["NotInCare"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            /** @description The provider is not free then, or the visit is over, cancelled or has begun. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "APPOINTMENT_CONFLICT" | "CONFLICT";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listThreads: {
        parameters: {
            query?: {
                /** @description Only threads with unread messages, or only archived ones. */
                filter?: "unread" | "archived";
                /** @description Words of the subject or of one message, in any form ("refills" finds "refill"); the last one may be unfinished. `"two words"` in quotes stand together, `or` takes either. Case and accents do not matter. */
                search?: string;
                /** @description Only threads about this patient. */
                patient_id?: components["schemas"]["Uuid"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of threads. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ThreadPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createThread: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ThreadCreate"];
            };
        };
        responses: {
            /** @description The thread with its first message. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ThreadDetail"];
                };
            };
            400: components["responses"]["PatientDischarged"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["IdempotencyInProgress"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getThread: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The thread. */
                thread_id: components["parameters"]["ThreadId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The thread. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ThreadDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateThread: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The thread. */
                thread_id: components["parameters"]["ThreadId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ThreadUpdate"];
            };
        };
        responses: {
            /** @description The thread as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Thread"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    replyToThread: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The thread. */
                thread_id: components["parameters"]["ThreadId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplyCreate"];
            };
        };
        responses: {
            /** @description The message. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["PatientDischarged"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["IdempotencyInProgress"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description Only this member's. */
                assignee_id?: components["schemas"]["Uuid"];
                /** @description Only these. */
                status?: components["schemas"]["TaskStatus"];
                /** @description Only those due at this instant or later. */
                due_after?: components["schemas"]["Timestamp"];
                /** @description Only those due before this instant. */
                due_before?: components["schemas"]["Timestamp"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tasks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskCreate"];
            };
        };
        responses: {
            /** @description The task. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The task. */
                task_id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskUpdate"];
            };
        };
        responses: {
            /** @description The task as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCallQueue: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the queue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallQueuePage"];
                };
            };
            400: components["responses"]["InvalidCursorOrOrganization"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    acceptCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The queue entry: the id of its call. */
                queue_id: components["parameters"]["QueueId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The call, IN_PROGRESS. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    hangUpQueuedCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The queue entry: the id of its call. */
                queue_id: components["parameters"]["QueueId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The call, MISSED. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotNow"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    enqueueInboundCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InboundCallCreate"];
            };
        };
        responses: {
            /** @description The call, QUEUED. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["IdempotencyInProgress"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    startOutboundCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OutboundCallCreate"];
            };
        };
        responses: {
            /** @description The call, INITIATING. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["NoCall"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["BusyOrInProgress"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRecentCalls: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of calls. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallPage"];
                };
            };
            400: components["responses"]["InvalidCursorOrOrganization"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The call. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: {
                /** @description The version that you have seen, as in its ETag. When sent and stale, 412 and nothing changes. */
                "If-Match"?: components["parameters"]["IfMatchOptional"];
            };
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallUpdate"];
            };
        };
        responses: {
            /** @description The call as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotNow"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    completeCall: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallComplete"];
            };
        };
        responses: {
            /** @description The call, over. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotNow"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createCallTask: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallTaskCreate"];
            };
        };
        responses: {
            /** @description The task. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createCallRecordingUpload: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallRecordingCreate"];
            };
        };
        responses: {
            /** @description Where to send it. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallRecordingUpload"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            410: components["responses"]["RecordingRedacted"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    redactCallRecording: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken away. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NoRecording"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCallRecordingUrl: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The call. */
                call_id: components["parameters"]["CallId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallRecording"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NoRecording"];
            410: components["responses"]["RecordingRedacted"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPatientCalls: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of calls. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallPage"];
                };
            };
            400: components["responses"]["InvalidCursorOrOrganization"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createDocumentUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DocumentUploadCreate"];
            };
        };
        responses: {
            /** @description Where to send the file. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentUpload"];
                };
            };
            400: components["responses"]["PatientDischarged-2"];
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["IdempotencyInProgress"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDocument: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The document. */
                document_id: components["parameters"]["DocumentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteDocument: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The document. */
                document_id: components["parameters"]["DocumentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    completeDocumentUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The document. */
                document_id: components["parameters"]["DocumentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DocumentUploadComplete"];
            };
        };
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"];
                };
            };
            401: components["responses"]["Unauthorized"];
            402: components["responses"]["SubscriptionRequired"];
            403: components["responses"]["ForbiddenStaff"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NothingUploaded"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDocumentDownloadUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The document. */
                document_id: components["parameters"]["DocumentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentDownload"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["NotDownloadable"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPatientDocuments: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of documents. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenCare"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    downloadBlob: {
        parameters: {
            query: {
                /** @description What the link opens and until when, sealed by the server. */
                link: components["parameters"]["Link"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            403: components["responses"]["BadLink"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    uploadBlob: {
        parameters: {
            query: {
                /** @description What the link opens and until when, sealed by the server. */
                link: components["parameters"]["Link"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description Stored. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["BadLink"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listTickets: {
        parameters: {
            query?: {
                /** @description Only this status. */
                status?: components["schemas"]["TicketStatus"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tickets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createTicket: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketCreate"];
            };
        };
        responses: {
            /** @description The ticket. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["IdempotencyInProgress"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    addTicketMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketMessageCreate"];
            };
        };
        responses: {
            /** @description The message, and where the ticket stands now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketMessageAdded"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            404: components["responses"]["NotFound"];
            /** @description The ticket is closed, or the first request with this key is still running. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "INVALID_TRANSITION" | "IDEMPOTENCY_IN_PROGRESS";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAllTickets: {
        parameters: {
            query?: {
                /** @description One or more statuses, with commas between. */
                status?: string;
                /** @description Only this urgency. */
                urgency?: components["schemas"]["TicketUrgency"];
                /** @description Only this category. */
                category?: components["schemas"]["TicketCategory"];
                /** @description `me`, `none`, or the id of an agent. */
                assignee?: string;
                /** @description Only tickets about this organization. */
                organization_id?: components["schemas"]["Uuid"];
                /** @description Tags with commas between; a ticket must have them all. */
                tags?: string;
                /** @description Words of subject, body, messages and notes, the last one maybe unfinished, or part of a ticket number. Case and accents do not matter. */
                search?: string;
                /** @description A ready-made part of the queue. */
                view?: "mine" | "unassigned" | "breaching" | "all";
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the queue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskTicketPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTicketForAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskTicketDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateTicket: {
        parameters: {
            query?: never;
            header: {
                /** @description The version that you have seen, as in its ETag. A stale one answers 412 and changes nothing. */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketUpdate"];
            };
        };
        responses: {
            /** @description The ticket as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskTicket"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description The status cannot change this way. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "INVALID_TRANSITION";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    replyToTicket: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeskReplyCreate"];
            };
        };
        responses: {
            /** @description The message, and where the ticket stands now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskReply"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description The status cannot change this way, or the first request with this key is still running. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "INVALID_TRANSITION" | "IDEMPOTENCY_IN_PROGRESS";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    claimTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket, now the caller's. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskTicket"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description Somebody has it, or it is closed. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT" | "INVALID_TRANSITION";
                    };
                };
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    touchTicketPresence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketPresenceTouch"];
            };
        };
        responses: {
            /** @description Who else is there. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketPresence"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTicketTimeline: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the timeline. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketTimelinePage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    mergeTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketMerge"];
            };
        };
        responses: {
            /** @description The merged ticket. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskTicket"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description The two do not belong together, or one of them is closed or merged already. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT" | "INVALID_TRANSITION";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    unmergeTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The ticket. */
                ticket_id: components["parameters"]["TicketId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket, as it was. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeskTicket"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description It is not merged, or was more than 10 minutes ago. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    searchTickets: {
        parameters: {
            query: {
                /** @description Words, or part of a ticket number. `"…"` for a phrase, `or` between alternatives. */
                q: string;
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of matches. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketSearchPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTicketCounts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketViewCounts"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSupportStats: {
        parameters: {
            query?: {
                /** @description How far back percentiles and series reach. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SupportStats"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMacros: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of macros. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createMacro: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MacroCreate"];
            };
        };
        responses: {
            /** @description The macro. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Macro"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            /** @description There is a macro of this title. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteMacro: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The macro. */
                macro_id: components["parameters"]["MacroId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateMacro: {
        parameters: {
            query?: never;
            header: {
                /** @description The version that you have seen, as in its ETag. A stale one answers 412 and changes nothing. */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                /** @description The macro. */
                macro_id: components["parameters"]["MacroId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MacroUpdate"];
            };
        };
        responses: {
            /** @description The macro. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Macro"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description There is another macro of this title. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    previewMacro: {
        parameters: {
            query: {
                /** @description The ticket. */
                ticket_id: components["schemas"]["Uuid"];
            };
            header?: never;
            path: {
                /** @description The macro. */
                macro_id: components["parameters"]["MacroId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What would happen. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroPreview"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    applyMacro: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key and body answers what the first call answered, for 24 hours. The SDK sends one by itself. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The macro. */
                macro_id: components["parameters"]["MacroId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MacroApply"];
            };
        };
        responses: {
            /** @description What became of each ticket, in the order asked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MacroApplied"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description The first request with this key is still running. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "IDEMPOTENCY_IN_PROGRESS";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["InvalidIdempotent"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description Only these events, with commas between; names as in `StreamEvent`, an unknown one answers 422. Heartbeats and `stream.*` come always. */
                types?: components["parameters"]["EventTypes"];
                /** @description Only events that name this patient. Nobody gets more by it than without it. */
                patient_id?: components["parameters"]["EventPatient"];
                /** @description The last id seen, for clients that cannot send the header. The header wins. */
                last_event_id?: components["parameters"]["LastEventIdQuery"];
                /** @description Begin with what happened from this instant on, at most 7 days ago (else `stream.reset`). An event id wins, so a client that reconnects may leave it in the address. */
                since?: components["parameters"]["EventsSince"];
            };
            header?: {
                /** @description The last id seen; the stream goes on right after it. */
                "Last-Event-ID"?: components["parameters"]["LastEventId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["EventStream"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStream"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createStreamTicket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamTicket"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStream"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    streamOrganizationEvents: {
        parameters: {
            query?: {
                /** @description Only these events, with commas between; names as in `StreamEvent`, an unknown one answers 422. Heartbeats and `stream.*` come always. */
                types?: components["parameters"]["EventTypes"];
                /** @description Only events that name this patient. Nobody gets more by it than without it. */
                patient_id?: components["parameters"]["EventPatient"];
                /** @description The last id seen, for clients that cannot send the header. The header wins. */
                last_event_id?: components["parameters"]["LastEventIdQuery"];
                /** @description Begin with what happened from this instant on, at most 7 days ago (else `stream.reset`). An event id wins, so a client that reconnects may leave it in the address. */
                since?: components["parameters"]["EventsSince"];
            };
            header?: {
                /** @description The last id seen; the stream goes on right after it. */
                "Last-Event-ID"?: components["parameters"]["LastEventId"];
            };
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["EventStream"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    impersonatePatient: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The patient. */
                patient_id: components["parameters"]["PatientId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImpersonationRequest"];
            };
        };
        responses: {
            /** @description The token. It is shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImpersonationGrant"];
                };
            };
            /** @description The patient is discharged, or which organization is not clear. */
            400: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "ORGANIZATION_REQUIRED" | "PATIENT_DISCHARGED";
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStepUp"];
            404: components["responses"]["NotFound"];
            /** @description The patient has no sign-in, or is the caller. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listImpersonations: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
                /** @description Only those that run, or only those that are over. */
                status?: components["schemas"]["ImpersonationStatus"];
                /** @description Only of this patient. */
                patient_id?: components["schemas"]["Uuid"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of impersonations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImpersonationPage"];
                };
            };
            400: components["responses"]["InvalidCursorOrOrganization"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    endImpersonation: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
            };
            header?: never;
            path: {
                /** @description The impersonation. */
                impersonation_id: components["schemas"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is over. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAuditLogs: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
                /** @description Only what this person did, as themselves or impersonating; or this API key. */
                actor?: components["schemas"]["Uuid"];
                /** @description Only this kind of record. */
                resource_type?: components["schemas"]["AuditResourceType"];
                /** @description Only this record. */
                resource_id?: components["schemas"]["Uuid"];
                /** @description Only this action. */
                action_type?: components["schemas"]["AuditAction"];
                /** @description Only what succeeded, or only what was refused. */
                outcome?: components["schemas"]["AuditOutcome"];
                /** @description From this day on, in the organization's time zone. */
                start_date?: components["schemas"]["LocalDate"];
                /** @description Up to this day and with it, in the organization's time zone. */
                end_date?: components["schemas"]["LocalDate"];
                /** @description Items a page. */
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of audit rows. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditLogPage"];
                };
            };
            400: components["responses"]["InvalidCursorOrOrganization"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    exportAuditLogs: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
                /** @description Only what this person did, as themselves or impersonating; or this API key. */
                actor?: components["schemas"]["Uuid"];
                /** @description Only this kind of record. */
                resource_type?: components["schemas"]["AuditResourceType"];
                /** @description Only this record. */
                resource_id?: components["schemas"]["Uuid"];
                /** @description Only this action. */
                action_type?: components["schemas"]["AuditAction"];
                /** @description Only what succeeded, or only what was refused. */
                outcome?: components["schemas"]["AuditOutcome"];
                /** @description From this day on, in the organization's time zone. */
                start_date?: components["schemas"]["LocalDate"];
                /** @description Up to this day and with it, in the organization's time zone. */
                end_date?: components["schemas"]["LocalDate"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rows, newest first, then by id, and the trailer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": components["schemas"]["AuditExport"];
                    "application/x-ndjson": components["schemas"]["AuditExport"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStepUp"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    verifyAuditIntegrity: {
        parameters: {
            query?: {
                /** @description The organization to act in. May be left out by a caller with exactly one suitable membership. */
                organization_id?: components["parameters"]["OrganizationQuery"];
                /** @description Only rows sealed from this day on, in UTC. */
                start_date?: components["schemas"]["LocalDate"];
                /** @description Only rows sealed up to this day and with it, in UTC. */
                end_date?: components["schemas"]["LocalDate"];
                /** @description The number of a seal that was kept outside; goes with `seal_hash`. */
                seal_number?: components["schemas"]["SealNumber"];
                /** @description The hash of that seal. */
                seal_hash?: components["schemas"]["SealHash"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditIntegrity"];
                };
            };
            400: components["responses"]["OrganizationRequired"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAllOrganizations: {
        parameters: {
            query?: {
                /** @description Part of the name. Accents and case do not matter. */
                search?: string;
                /** @description Only these. */
                status?: components["schemas"]["OrganizationStatus"];
                /** @description Only with this subscription. */
                subscription_status?: components["schemas"]["SubscriptionStatus"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of organizations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationAccountPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    suspendOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdministrativeReason"];
            };
        };
        responses: {
            /** @description The organization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationAccount"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStepUp"];
            404: components["responses"]["NotFound"];
            /** @description It is suspended already. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    reactivateOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organization. */
                org_id: components["parameters"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdministrativeReason"];
            };
        };
        responses: {
            /** @description The organization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationAccount"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description It is not suspended. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAllUsers: {
        parameters: {
            query?: {
                /** @description Part of the name or of the e-mail address. Accents and case do not matter. */
                search?: string;
                /** @description Only these. */
                status?: components["schemas"]["AccountStatus"];
                /** @description Only with, or only without, multi-factor authentication. */
                mfa_enabled?: boolean;
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of accounts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccountPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account. */
                user_id: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccountDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    unlockUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account. */
                user_id: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdministrativeReason"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccountDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    suspendUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account. */
                user_id: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdministrativeReason"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccountDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenStepUp"];
            404: components["responses"]["NotFound"];
            /** @description It is suspended already, one's own, or the last super-admin's. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    reactivateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account. */
                user_id: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdministrativeReason"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccountDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            /** @description It is not suspended. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    forcePasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account. */
                user_id: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdministrativeReason"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccountDetail"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSystemHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the system, whatever it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemHealth"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSystemMetrics: {
        parameters: {
            query?: {
                /** @description How far back. */
                period?: components["schemas"]["MetricsPeriod"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures of the period. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemMetrics"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description Only these. */
                state?: "WAITING" | "RETRYING" | "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED" | "ALL";
                /** @description Only of this queue. */
                queue?: components["schemas"]["QueueName"];
                /** @description Items a page. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Also count everything that matches. */
                include_total?: components["parameters"]["IncludeTotal"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of jobs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            400: components["responses"]["InvalidCursor"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    retryJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The job. */
                job_id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["JobNotFailed"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    publishConsentDocument: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentDocumentCreate"];
            };
        };
        responses: {
            /** @description The document. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentDocument"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            /** @description This version of this kind exists. */
            409: {
                headers: {
                    "X-Request-ID": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "CONFLICT";
                    };
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    recordTelemetry: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TelemetryRequest"];
            };
        };
        responses: {
            /** @description Kept. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TelemetryReceipt"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenConsent"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTopTelemetry: {
        parameters: {
            query?: {
                /** @description How far back. */
                period?: "1h" | "24h" | "7d" | "30d" | "90d";
                /** @description Only events whose name begins so. */
                prefix?: string;
                /** @description At most so many names. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TelemetryTop"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenAdmin"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
}
