import type { KeyRing } from '../security/keys.ts'
export async function seedDemo(_ownerUrl: string, _options: { now: Date; keys: KeyRing }): Promise<boolean> {
  return false
}
