/** The version that an If-Match header names; the contract has checked its form (`"3"`). */
export const versionOf = (ifMatch: string): number => Number(ifMatch.slice(1, -1))
