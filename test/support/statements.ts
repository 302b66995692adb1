import pg from 'pg'
import { vi } from 'vitest'

/**
 * Runs `work` and answers the statements of each transaction that it made the server open in a scope of row-level
 * security. The server runs in this process, so its every statement passes here. Run it while nothing else calls.
 */
export async function scopedStatements(work: () => PromiseLike<unknown>): Promise<string[][]> {
  const open = new Map<unknown, string[]>()
  const transactions: string[][] = []
  const query = pg.Client.prototype.query
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: unknown,
    ...parameters: unknown[]
  ) {
    const [first] = parameters
    const text = typeof first === 'string' ? first : String((first as { text?: unknown }).text)
    if (/^begin\b.*'app\.scope', '(organization|person|platform)'/.test(text)) {
      const statements: string[] = []
      transactions.push(statements)
      open.set(this, statements)
    } else if (/^(commit|rollback)$/.test(text)) open.delete(this)
    else open.get(this)?.push(text)
    return Reflect.apply(query, this, parameters)
  })
  try {
    await work()
  } finally {
    spy.mockRestore()
  }
  return transactions
}

/** The statements of the one scoped transaction of a call. */
export async function statementsOf(call: () => PromiseLike<unknown>): Promise<string[]> {
  const transactions = await scopedStatements(call)
  const [only] = transactions
  if (!only || transactions.length > 1) throw new Error(`${transactions.length} scoped transactions, not one`)
  return only
}
