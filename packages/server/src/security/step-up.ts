/** How long an MFA code keeps a session strong. */
export const STEP_UP_SECONDS = 600

/** Until when the session is strong, after a code given now. */
export const stepUpUntil = (now: Date): string =>
  new Date(now.getTime() + STEP_UP_SECONDS * 1000).toISOString()
