/** Whether both JavaScript and PostgreSQL know the name. Offsets are none: PostgreSQL reads their sign the other way. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
