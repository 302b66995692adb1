import type { Command } from 'commander'
import { Secret, TOTP } from 'otpauth'
import { DEMO_SIGN_INS } from '../demo/sign-ins.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { say } from './terminal.ts'

function run(who: string): void {
  const known = DEMO_SIGN_INS.find(({ email }) => email === who.toLowerCase() || email.split('@')[0] === who)
  const secret = known?.totpSecret ?? who.replaceAll(' ', '').toUpperCase()
  if (!/^[A-Z2-7]{16,}$/.test(secret))
    throw new StartupError(
      `"${who}" is neither a demo sign-in with a second factor nor a base32 secret.`,
      EXIT.usage,
    )
  say(new TOTP({ secret: Secret.fromBase32(secret) }).generate())
}

export function totpCommand(program: Command): void {
  program
    .command('totp')
    .description("print the current code of a demo sign-in's second factor, in place of an authenticator app")
    .argument('<who>', 'a demo sign-in such as admin, or a base32 secret')
    .action(run)
}
