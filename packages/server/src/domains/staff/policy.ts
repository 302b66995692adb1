import type { ApiKey, Person } from '../../http/actor.ts'

/** ADMINs see every profile, everybody else the own one. */
export const maySee = (actor: Person | ApiKey, userId: string): boolean =>
  (actor.as.kind === 'member' && actor.as.role === 'ADMIN') ||
  (actor.kind === 'person' && actor.userId === userId)
