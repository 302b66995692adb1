import type { Insertable } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { ConsentDocumentsTable, ConsentsTable } from '../../generated/database.ts'

/** Of each type, the newest version that is in force. */
const inForce = (db: Db, now: Date) =>
  db
    .selectFrom('consent_documents')
    .distinctOn('type')
    .select(['id', 'type', 'version', 'title'])
    .where('effective_date', '<=', now.toISOString())
    .orderBy('type')
    .orderBy('effective_date', 'desc')
    .orderBy('created_at', 'desc')

/** What the person has still to sign, by type; nothing for somebody whom the gate lets pass. */
export const listPending = (db: Db, userId: string, now: Date) =>
  db
    .selectFrom(inForce(db, now).as('d'))
    .select(['d.id', 'd.type', 'd.version', 'd.title'])
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('users').select('id').where('id', '=', userId).where('requires_consent', '=', true)),
    )
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('consents as c')
            .select('c.id')
            .where('c.user_id', '=', userId)
            .whereRef('c.document_id', '=', 'd.id'),
        ),
      ),
    )
    .orderBy('d.type')
    .execute()

export const findDocument = (db: Db, id: string) =>
  db
    .selectFrom('consent_documents')
    .select(['id', 'type', 'version', 'title', 'content', 'effective_date'])
    .where('id', '=', id)
    .executeTakeFirst()

export const isInForce = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await inForce(db, now).execute()).some((document) => document.id === id)

/** Signing again changes nothing. */
export const insertConsent = (db: Db, consent: Insertable<ConsentsTable>) =>
  db
    .insertInto('consents')
    .values(consent)
    .onConflict((conflict) => conflict.columns(['user_id', 'document_id']).doNothing())
    .execute()

export const findConsent = (db: Db, userId: string, documentId: string) =>
  db
    .selectFrom('consents as c')
    .innerJoin('consent_documents as d', 'd.id', 'c.document_id')
    .select(['c.id', 'c.document_id', 'd.type', 'd.version', 'c.agreed_at'])
    .where('c.user_id', '=', userId)
    .where('c.document_id', '=', documentId)
    .executeTakeFirst()

/** What the person signed, newest first. */
export const listConsents = (db: Db, userId: string, { after, limit }: Slice) =>
  db
    .selectFrom('consents as c')
    .innerJoin('consent_documents as d', 'd.id', 'c.document_id')
    .select(['c.id', 'c.document_id', 'd.type', 'd.version', 'd.title', 'c.agreed_at'])
    .where('c.user_id', '=', userId)
    .$if(after !== null, (query) => query.where(rowAfter(['c.agreed_at', 'c.id'], 'descending', after ?? [])))
    .orderBy('c.agreed_at', 'desc')
    .orderBy('c.id', 'desc')
    .limit(limit)
    .execute()

export const countConsents = async (db: Db, userId: string): Promise<number> =>
  (
    await db
      .selectFrom('consents')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow()
  ).n

export const insertDocument = (db: Db, document: Insertable<ConsentDocumentsTable>) =>
  db.insertInto('consent_documents').values(document).execute()

/** The versions whose effective date has come, for whoever announces them: of several servers one gets each. */
export const takeDueDocuments = (db: Db, now: Date) =>
  db
    .updateTable('consent_documents')
    .set({ announce_at: null })
    .where('announce_at', '<=', now.toISOString())
    .returning(['id', 'type', 'version'])
    .execute()
