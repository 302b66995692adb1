import { randomBytes } from 'node:crypto'
import type { Client, components } from '@wardline/sdk'
import { TOTP } from 'otpauth'
import type { World } from './world.ts'

type Tokens = components['schemas']['Tokens']

/** Somebody who came in through the front door, with a password. */
export interface Registered {
  email: string
  password: string
  tokens: Tokens
  client: Client
}

/** Keeps what a session's tokens say out of the log. */
export function guarded(world: World, tokens: Tokens): Tokens {
  world.secret(tokens.access_token)
  world.secret(tokens.refresh_token)
  return tokens
}

export async function register(world: World): Promise<Registered> {
  const mark = randomBytes(6).toString('hex')
  const email = world.secret(`ada.${mark}@patient.test`)
  const password = world.secret(`otter-${mark}-basalt`)
  const tokens = guarded(
    world,
    await world.client().auth.register({ email, password, display_name: 'Ada Moreau' }),
  )
  return { email, password, tokens, client: world.client(tokens.access_token) }
}

/** The code that the authenticator shows now, or so many steps of 30 seconds from now. */
export const totp = (world: World, secret: string, steps = 0): string =>
  new TOTP({ secret }).generate({ timestamp: world.clock.now().getTime() + steps * 30_000 })

/** Turns MFA on. The clock moves on to the very start of a later step: the next code is a new one, and lasts. */
export async function enableMfa(
  world: World,
  { client }: Pick<Registered, 'client'>,
): Promise<{ secret: string; backupCodes: string[] }> {
  const { secret, backup_codes: backupCodes } = await client.mfa.setup()
  for (const value of [secret, ...backupCodes]) world.secret(value)
  await client.mfa.verify({ code: totp(world, secret) })
  world.clock.advance({ seconds: 60 - (world.clock.now().getTime() % 30_000) / 1000 })
  return { secret, backupCodes }
}

/** Signs in with the password alone; throws when a code is asked for. */
export async function signIn(world: World, user: Pick<Registered, 'email' | 'password'>): Promise<Tokens> {
  const result = await world.client().auth.login({ email: user.email, password: user.password })
  if (result.result !== 'tokens') throw new Error('a code is asked for')
  return guarded(world, result)
}

/** The challenge that a right password earns where MFA is on. */
export async function challenge(world: World, user: Pick<Registered, 'email' | 'password'>): Promise<string> {
  const result = await world.client().auth.login({ email: user.email, password: user.password })
  if (result.result !== 'mfa_required') throw new Error('no code is asked for')
  return world.secret(result.mfa_token)
}
