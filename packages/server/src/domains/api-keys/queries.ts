import type { Insertable } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { ApiKeysTable } from '../../generated/database.ts'

type ApiKey = components['schemas']['ApiKey']

const of = (db: Db, organizationId: string) =>
  db
    .selectFrom('api_keys as k')
    .innerJoin('users as u', 'u.id', 'k.created_by')
    .select((eb) => [
      eb
        .not(
          eb.and([
            eb('u.deleted_at', 'is', null),
            eb('u.suspended_at', 'is', null),
            eb.exists(
              eb
                .selectFrom('organization_memberships as m')
                .whereRef('m.user_id', '=', 'k.created_by')
                .where('m.organization_id', '=', organizationId)
                .where('m.role', '=', 'ADMIN')
                .where('m.deleted_at', 'is', null),
            ),
          ]),
        )
        .as('stopped'),
      'k.id',
      'k.organization_id',
      'k.name',
      'k.prefix',
      'k.role',
      'k.scopes',
      'k.created_by',
      'u.display_name as creator_name',
      'k.last_used_at',
      'k.expires_at',
      'k.revoked_at',
      'k.created_at',
    ])
    .where('k.organization_id', '=', organizationId)

type Row = Awaited<ReturnType<ReturnType<typeof of>['execute']>>[number]

const isScope = (scope: string): scope is ApiKey['scopes'][number] => scope === 'read' || scope === 'write'

const toApiKey = ({ created_by, creator_name, scopes, stopped, ...row }: Row): ApiKey => ({
  ...row,
  stopped: Boolean(stopped),
  scopes: scopes.filter(isScope),
  created_by: { id: created_by, display_name: creator_name },
})

/** The newest first: ids are ordered by time. */
export const listApiKeys = async (db: Db, organizationId: string, { after, limit }: Slice) =>
  (
    await of(db, organizationId)
      .$if(after !== null, (query) => query.where(rowAfter(['k.id'], 'descending', after ?? [])))
      .orderBy('k.id', 'desc')
      .limit(limit)
      .execute()
  ).map(toApiKey)

export const countApiKeys = async (db: Db, organizationId: string): Promise<number> =>
  (
    await db
      .selectFrom('api_keys')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('organization_id', '=', organizationId)
      .executeTakeFirstOrThrow()
  ).n

export async function findApiKey(db: Db, organizationId: string, id: string): Promise<ApiKey | undefined> {
  const row = await of(db, organizationId).where('k.id', '=', id).executeTakeFirst()
  return row && toApiKey(row)
}

export const insertApiKey = (db: Db, key: Insertable<ApiKeysTable>) =>
  db.insertInto('api_keys').values(key).execute()

/** Its first end stands. */
export const revokeApiKey = (db: Db, organizationId: string, id: string, userId: string, now: Date) =>
  db
    .updateTable('api_keys')
    .set({ revoked_at: now, revoked_by: userId })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
