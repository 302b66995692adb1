import type { Insertable } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { WebhookReceiptsTable } from '../../generated/database.ts'

/** Notes that an event came. False when it came before; while another transaction notes the same one, waits for it. */
export async function insertReceipt(db: Db, receipt: Insertable<WebhookReceiptsTable>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('webhook_receipts')
    .values(receipt)
    .onConflict((conflict) => conflict.columns(['provider', 'external_id']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}
