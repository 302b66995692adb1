const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The value when it is a UUID, else null: for what is read before, or beside, the contract's validation. */
export const asUuid = (value: unknown): string | null =>
  typeof value === 'string' && uuid.test(value) ? value : null
