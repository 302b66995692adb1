import { command } from '../command.ts'

export const whoami = command<void>({
  name: 'whoami',
  summary: 'Who is signed in, where, and with which roles',
  details: 'Asks the server, so that a revoked sign-in shows. Exits with 4 when nobody is signed in.',
  examples: [
    ['ward whoami', 'for people'],
    ['ward whoami --output json', 'for scripts'],
  ],
  parse: () => undefined,
  async run(context) {
    const client = await context.client()
    const me = await client.users.me({}, { signal: context.io.signal })
    const source = context.token === undefined ? `profile "${context.profileName}"` : 'WARD_TOKEN'
    context.record(me, [
      { key: 'name', value: (one) => one.display_name, paint: (text, _, style) => style.bold(text) },
      { key: 'email', value: (one) => one.email },
      { key: 'id', value: (one) => one.id },
      {
        key: 'roles',
        value: (one) =>
          [
            ...one.platform_roles.map((role) => `${role} (platform)`),
            ...one.memberships.map((member) => `${member.role} of ${member.organization_name}`),
            ...(one.patient_profile === null ? [] : ['patient']),
            ...(one.proxy_profile === null ? [] : [`proxy of ${one.proxy_profile.patients.length}`]),
          ].join(', '),
      },
      { key: 'mfa', value: (one) => (one.mfa_enabled ? 'on' : 'off') },
      { key: 'server', value: () => context.url },
      { key: 'by', value: () => source },
    ])
    if (me.impersonation !== null) {
      const { impersonator_name, patient_name, expires_at } = me.impersonation
      context.warn(`Impersonating ${patient_name} as ${impersonator_name} until ${expires_at}.`)
    }
  },
})
