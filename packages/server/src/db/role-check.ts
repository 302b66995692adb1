import type { ClientBase } from 'pg'
import { StartupError } from '../startup-error.ts'

const OLDEST = 150_000

/**
 * Row-level security protects only against a role that it applies to.
 * @param setting how the sentence names the connection.
 * @throws {StartupError} when the connection's role owns tables, bypasses policies or could become one that does.
 */
export async function refuseUnsafeRole(client: ClientBase, setting = 'DATABASE_URL'): Promise<void> {
  const { rows } = await client.query(`
    select current_user as name, current_setting('server_version_num')::int as version,
      exists (select from pg_roles where (rolsuper or rolbypassrls) and pg_has_role(current_user, oid, 'member')) as bypasses,
      exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
        and pg_has_role(current_user, relowner, 'member')) as owns,
      exists (select from pg_roles where rolname = 'wardline_app' and pg_has_role(current_user, oid, 'usage')) as member`)
  const [found] = rows
  const name = String(found?.name)
  if (Number(found?.version) < OLDEST)
    throw new StartupError(`The database of ${setting} must be PostgreSQL 15 or newer.`)
  const remedy = 'make a role for the server with "ward-server create-app-login NAME"'
  if (found?.bypasses === true)
    throw new StartupError(
      `The role ${name} of ${setting} bypasses row-level security, which separates the tenants: ${remedy}.`,
    )
  if (found?.owns === true)
    throw new StartupError(
      `The role ${name} of ${setting} owns the tables, so it could switch off what separates the tenants: ${remedy}.`,
    )
  if (found?.member !== true)
    throw new StartupError(
      `The role ${name} of ${setting} is not in the role wardline_app and may read nothing: ${remedy}.`,
    )
}
