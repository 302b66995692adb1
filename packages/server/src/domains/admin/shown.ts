import type { components } from '../../generated/contract.ts'
import type { JsonValue } from '../../generated/database.ts'
import type { Admission } from '../../http/actor.ts'
import { maskName, maskValues } from './masking.ts'
import { seesNames } from './policy.ts'
import type { AuditRow } from './queries.ts'

const fieldsOf = (changes: JsonValue) =>
  typeof changes === 'object' && !Array.isArray(changes) ? changes : null

/** A row of the audit trail as this caller may see it. */
export function shownRow(row: AuditRow, as: Admission): components['schemas']['AuditLog'] {
  const { changes, actor_name, ...rest } = row
  const plain = seesNames(as)
  return {
    ...rest,
    actor_name: actor_name === null || plain ? actor_name : maskName(actor_name),
    changes: fieldsOf(plain ? changes : maskValues(changes)),
  }
}
