import type { Scope } from '../../db/scope.ts'
import { actorIdOf, personOf, type RequestState } from '../request-state.ts'

/** What row-level security may show this request (`x-tenancy`, and how the caller got in). */
export function scopeOf(state: RequestState): Scope {
  const person = personOf(state)
  // A key's id is nobody's: it opens what the key itself left (its idempotency keys), and no person's rows.
  const userId = actorIdOf(state)
  switch (state.operation.gates.tenancy) {
    case 'organization':
      return person?.as.kind === 'platform' && person.as.organizationId === null
        ? { name: 'platform', organizationId: null, userId }
        : { name: 'organization', organizationId: state.organizationId, userId }
    case 'person':
      return {
        name: 'person',
        organizationId: null,
        userId,
        within: person?.impersonation?.organizationId ?? null,
      }
    case 'platform':
      return { name: 'platform', organizationId: null, userId }
    case 'none':
      return { name: 'none', organizationId: null, userId }
  }
}
