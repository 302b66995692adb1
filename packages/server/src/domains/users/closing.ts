import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { OrganizationRole } from '../../http/operation.ts'

/** A membership that ended with the account. */
interface EndedMembership {
  readonly member_id: string
  readonly organization_id: string
  readonly role: OrganizationRole
}

/** Ends the account of the person in scope and all that hangs on it, sessions apart. */
export async function closeAccount(db: Db, now: Date): Promise<EndedMembership[]> {
  const { rows } = await sql<EndedMembership>`select * from close_account(${now})`.execute(db)
  return rows
}
