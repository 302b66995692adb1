import pg from 'pg'
import { vi } from 'vitest'

type Scope = 'organization' | 'person' | 'platform'

/**
 * Runs `work` and answers the statements of each transaction that it made the server open in that scope of row-level
 * security. The server runs in this process, so its every statement passes here. Run it while nothing else calls;
 * jobs of earlier calls run in a person's scope, so there the person is named too.
 */
export async function scopedStatements(
  work: () => PromiseLike<unknown>,
  scope: Scope,
  userId = '',
): Promise<string[][]> {
  const open = new Map<unknown, string[]>()
  const transactions: string[][] = []
  const query = pg.Client.prototype.query
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: unknown,
    ...parameters: unknown[]
  ) {
    const [first] = parameters
    const text = typeof first === 'string' ? first : String((first as { text?: unknown }).text)
    if (text.startsWith('begin') && text.includes(`'app.scope', '${scope}'`) && text.includes(userId)) {
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
export async function statementsOf(
  call: () => PromiseLike<unknown>,
  scope: Scope = 'organization',
  userId?: string,
): Promise<string[]> {
  const transactions = await scopedStatements(call, scope, userId)
  const [only] = transactions
  if (!only || transactions.length > 1) throw new Error(`${transactions.length} scoped transactions, not one`)
  return only
}
