import { type Problem, problem } from '../../http/problem.ts'

interface Account {
  readonly id: string
  readonly is_super_admin: boolean
  readonly suspended_at: string | null
}

/** Whom a super-admin may not suspend: themselves, and whoever is the last super-admin. */
export function suspensionRefusal(
  account: Account,
  actorId: string,
  superAdmins: readonly string[],
): Problem<'CONFLICT'> | undefined {
  if (account.id === actorId) return problem('CONFLICT', 'You cannot suspend yourself.')
  if (account.suspended_at !== null) return problem('CONFLICT', 'The account is suspended already.')
  const others = superAdmins.filter((id) => id !== account.id)
  if (account.is_super_admin && others.length === 0)
    return problem('CONFLICT', 'The last super-admin cannot be suspended.')
  return undefined
}
