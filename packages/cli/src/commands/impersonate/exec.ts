import { command } from '../../command.ts'
import { SignedOutError, UsageError } from '../../exit.ts'
import { due, localTime } from '../../output.ts'

export const exec = command<{ argv: readonly string[] }>({
  name: 'exec <command...>',
  summary: 'Run a command as the patient',
  details:
    'Runs it with WARD_TOKEN and WARD_URL set to the impersonation that ward impersonate start keeps; it ends with the exit code of the command. Put -- before it.',
  examples: [
    ['ward impersonate exec -- ward whoami', 'the patient, and by whom'],
    [
      'ward impersonate exec -- ward api GET /api/organizations/{org_id}/appointments',
      'what the patient sees',
    ],
  ],
  parse: (typed) => ({ argv: typed.args() }),
  async run(context, { argv }) {
    const { profile } = context
    const stored = profile?.impersonation
    if (profile === undefined || stored === undefined)
      throw new SignedOutError(
        'No impersonation is kept here; begin with: ward impersonate start <patient-id>',
      )
    if (Date.parse(stored.expires_at) <= Date.now()) {
      throw new SignedOutError(
        `The impersonation ended at ${localTime(stored.expires_at)}; begin anew with: ward impersonate start ${stored.patient_id}`,
      )
    }
    const [file, ...args] = argv
    if (file === undefined) throw new UsageError('Say what to run: ward impersonate exec -- <command>')
    context.status(
      context.style.magenta(
        `As ${stored.patient_name}; the token expires ${due(stored.expires_at, Date.now())}.`,
      ),
    )
    const [{ spawn }, { constants }] = [await import('node:child_process'), await import('node:os')]
    const child = spawn(file, args, {
      stdio: 'inherit',
      // The server that gave the token, whatever else WARD_URL says.
      env: { ...context.io.env, WARD_TOKEN: stored.access_token, WARD_URL: profile.url },
    })
    const exit = await new Promise<number>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        reject(
          new UsageError(
            error.code === 'ENOENT' ? `${file} was not found` : `${file} could not be run: ${error.message}`,
          ),
        )
      })
      child.on('close', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      )
    })
    context.exitCode = exit
  },
})
