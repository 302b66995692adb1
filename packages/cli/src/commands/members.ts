import type { Client } from '@wardline/sdk'
import type { Context } from '../context.ts'
import { UsageError } from '../exit.ts'
import { isId, nothingNamed } from '../uuid.ts'

/** The account of a member who was named by its id or by e-mail address. */
export const memberUserId = async (
  context: Context,
  client: Client,
  org_id: string,
  named: string,
): Promise<string> => {
  if (isId(named)) return named
  if (!named.includes('@')) throw new UsageError(`"${named}" is neither an id nor an e-mail address`)
  const wanted = named.toLowerCase()
  const { signal } = context.io
  for await (const one of client.members.list({ org_id, search: named, limit: 100 }, { signal }))
    if (one.email.toLowerCase() === wanted) return one.user_id
  throw nothingNamed(`There is no member with the address ${named}`)
}
