const MINUTE = 60

/**
 * How long an account is locked after so many failed sign-ins in a row; 0 for not at all.
 * The count survives the lock, so that each further failure locks again.
 */
export function lockSeconds(failures: number): number {
  if (failures < 5) return 0
  if (failures === 5) return 15 * MINUTE
  return failures <= 10 ? 30 * MINUTE : 60 * MINUTE
}
