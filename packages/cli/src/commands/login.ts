import { command } from '../command.ts'
import type { Context } from '../context.ts'
import type { Profile } from '../credentials.ts'
import { UsageError } from '../exit.ts'
import { askCode, askSecret, askText, readAll } from '../prompts.ts'

interface Options {
  email: string | undefined
  mfaCode: string | undefined
  passwordStdin: boolean
  tokenStdin: boolean
}

export const login = command<Options>({
  name: 'login',
  summary: 'Sign in, and keep the sign-in for the next commands',
  details:
    'Asks for what is missing. The sign-in is kept in ~/.config/wardline/credentials.json, readable by you alone, and renews itself. --profile keeps several side by side.',
  options: [
    { flags: '--email <email>', text: 'who signs in' },
    { flags: '--mfa-code <code>', text: 'a code of the authenticator app, or a backup code' },
    { flags: '--password-stdin', text: 'read the password from stdin' },
    {
      flags: '--token-stdin',
      text: 'read an access token from stdin instead of signing in; it is not renewed',
    },
  ],
  examples: [
    ['ward login', 'ask for e-mail, password and code'],
    ['ward login --email ada@example.com --url https://wardline.example --profile work', 'a second sign-in'],
    ['pass wardline | ward login --email ada@example.com --password-stdin --mfa-code 492039', 'in a script'],
    ['ward login --token-stdin < token.txt', 'with a token, also of an external issuer'],
    [
      'WARD_TOKEN="$(gcloud auth print-identity-token)" ward whoami',
      'one command, signed in elsewhere, nothing kept',
    ],
  ],
  parse: (typed) => ({
    email: typed.text('email'),
    mfaCode: typed.text('mfaCode'),
    passwordStdin: typed.flag('passwordStdin'),
    tokenStdin: typed.flag('tokenStdin'),
  }),
  async run(context, options) {
    const profile = options.tokenStdin ? await fromToken(context) : await fromPassword(context, options)
    await context.credentials.update(context.profileName, () => profile)
    const name = context.profileName === 'default' ? '' : ` (profile "${context.profileName}")`
    context.status(`Signed in to ${profile.url} as ${profile.email}${name}.`)
    if (context.token !== undefined) context.warn('WARD_TOKEN is set and wins over this sign-in.')
  },
})

const fromToken = async (context: Context): Promise<Profile> => {
  const access_token = (await readAll(context)).trim()
  if (access_token === '') throw new UsageError('--token-stdin found no token on stdin')
  const { createClient } = await import('../sdk.ts')
  const client = createClient({ baseUrl: context.url, auth: access_token })
  const me = await client.users.me({}, { signal: context.io.signal })
  return { url: context.url, email: me.email, access_token, ...onlyOrganization(me.memberships) }
}

const fromPassword = async (context: Context, options: Options): Promise<Profile> => {
  const email = options.email ?? (await askText(context, { message: 'E-mail:', flag: '--email' }))
  const password = options.passwordStdin
    ? (await readAll(context)).replace(/\r?\n$/, '')
    : await askSecret(context, { message: 'Password:', flag: '--password-stdin' })
  const { hostname } = await import('node:os')
  const client = await context.anonymousClient()
  const session = await client.signIn(
    {
      email,
      password,
      device: `ward on ${hostname()}`.slice(0, 100),
      mfa: () => options.mfaCode ?? askCode(context),
    },
    { signal: context.io.signal },
  )
  const me = await client.users.me({}, { signal: context.io.signal })
  return { url: context.url, email: me.email, ...session.tokens, ...onlyOrganization(me.memberships) }
}

/** Somebody with one organization need not name it. */
const onlyOrganization = (memberships: readonly { organization_id: string }[]): Partial<Profile> => {
  const [only] = memberships
  return only !== undefined && memberships.length === 1 ? { organization_id: only.organization_id } : {}
}
