const latest = 2_147_483_647

/**
 * The version that an If-Match header names; the contract has checked its form (`"3"`). A number that no column
 * holds is 0, which is nobody's version.
 */
export function versionOf(ifMatch: string): number {
  const version = Number(ifMatch.slice(1, -1))
  return version <= latest ? version : 0
}
