import { problem } from '../problem.ts'
import { type Gate, personOf } from '../request-state.ts'

/** What nobody may do in a patient's name (`x-impersonation: forbidden`). */
export const impersonation: Gate = (state) => {
  if (state.operation.gates.impersonation === 'forbidden' && personOf(state)?.impersonation)
    throw problem('IMPERSONATION_FORBIDDEN', 'End the impersonation first.')
}
