import { command } from '../command.ts'

export const logout = command<void>({
  name: 'logout',
  summary: 'Sign out, here and on the server',
  details: 'Revokes the session at once and removes the profile. Signing out twice is fine.',
  examples: [
    ['ward logout', 'the default profile'],
    ['ward logout --profile work', 'another one'],
  ],
  parse: () => undefined,
  async run(context) {
    const { profile, profileName, credentials } = context
    if (profile?.access_token === undefined) {
      await credentials.update(profileName, () => undefined)
      return context.status(`Nobody was signed in with the profile "${profileName}".`)
    }
    const { createClient, session } = await import('../sdk.ts')
    const { access_token, refresh_token } = profile
    const auth = refresh_token === undefined ? access_token : session({ access_token, refresh_token })
    let kept: unknown
    try {
      await createClient({ baseUrl: profile.url, auth, maxRetries: 0 }).auth.logout(
        {},
        { signal: context.io.signal },
      )
    } catch (error) {
      // A session that is over already is what was wanted.
      if (!(error instanceof Error && 'code' in error && error.code === 'UNAUTHORIZED')) kept = error
    }
    await credentials.update(profileName, () => undefined)
    if (kept !== undefined) {
      context.warn(
        'The sign-in is forgotten here, but the server could not be told: its session ends by itself.',
      )
      throw kept
    }
    context.status(`Signed out of ${profile.url}.`)
  },
})
