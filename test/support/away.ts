import { inject } from 'vitest'
import { execute } from '../../scripts/postgres.ts'
import type { World } from './world.ts'

/** Cuts the world's servers off their database while `work` runs. */
export async function withoutDatabase(world: World, work: () => Promise<void>): Promise<void> {
  const { adminUrl } = inject('database')
  const name = new URL(world.appUrl).pathname.slice(1)
  await execute(adminUrl, `alter database ${name} allow_connections false`)
  try {
    await execute(
      adminUrl,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and usename <> current_user`,
    )
    await work()
  } finally {
    await execute(adminUrl, `alter database ${name} allow_connections true`)
  }
}
