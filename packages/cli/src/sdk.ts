// Loaded by the commands that talk to the server; a file of its own in the bundle, so that help does not pay for it.
export { createClient, isProblem, session, signWebhook } from '@wardline/sdk'
