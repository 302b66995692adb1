import { problem } from '../problem.ts'
import type { Gate } from '../request-state.ts'

/** Every consent document in force must be signed (`x-consent: required`); the problem names the missing ones. */
export const consent: Gate = ({ operation, session }) => {
  if (operation.gates.consent !== 'required' || !session || session.pending_documents.length === 0) return
  throw problem('CONSENT_REQUIRED', 'Sign the pending consent documents first.', {
    pending_documents: session.pending_documents,
  })
}
