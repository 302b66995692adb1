import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Issuer } from '../support/issuer.ts'
import { enableMfa, type Registered, register, signIn, totp } from '../support/sign-in.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let plain: Registered
const machines: Machine[] = []

const machine = (): Machine => {
  const made = new Machine()
  machines.push(made)
  return made
}

beforeAll(async () => {
  world = await createWorld()
  plain = await register(world)
})
afterAll(async () => {
  for (const made of machines) made.remove()
  await world.stop()
})

describe('ward login', () => {
  test('keeps the sign-in for its owner alone, and whoami shows it', async () => {
    const home = machine()
    const { email, password } = plain
    const login = await home.ward(['login', '--email', email, '--password-stdin'], {
      url: world.url,
      stdin: `${password}\n`,
    })
    expect(login).toMatchObject({ code: 0, stdout: '' })
    expect(login.stderr).toContain(`Signed in to ${world.url} as ${email}.`)
    expect(statSync(home.credentialsFile).mode & 0o777).toBe(0o600)
    expect(JSON.stringify(home.credentials())).not.toContain(password)
    const who = await home.ward(['whoami', '--output', 'json'], { url: world.url })
    expect(JSON.parse(who.stdout)).toMatchObject({ email })
  })

  test('with a wrong password exits with 4 and keeps nothing', async () => {
    const home = machine()
    const ran = await home.ward(['login', '--email', plain.email, '--password-stdin'], {
      url: world.url,
      stdin: 'wrong',
    })
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain('UNAUTHORIZED')
    expect(() => home.credentials()).toThrow('ENOENT')
  })

  test('WARD_TOKEN, and a token from stdin, may be an external issuer’s; once logged out it is refused', async () => {
    const issuer = await Issuer.start()
    const other = await createWorld({
      env: { OIDC_ISSUERS: JSON.stringify([{ issuer: issuer.url, audience: 'wardline' }]) },
    })
    const home = machine()
    const { email } = await other.user()
    const token = other.secret(await issuer.signIn({ email }))
    expect((await home.ward(['whoami'], { url: other.url, token })).stdout).toContain(email)
    await home.ward(['login', '--token-stdin'], { url: other.url, stdin: token })
    expect((await home.ward(['whoami'], { url: other.url })).stdout).toContain(email)
    expect((await home.ward(['logout'], { url: other.url })).code).toBe(0)
    expect((await home.ward(['whoami'], { url: other.url, token })).code).toBe(4)
    await other.stop()
    await issuer.stop()
  })

  test('takes a token from stdin', async () => {
    const home = machine()
    const { access_token } = await signIn(world, plain)
    const ran = await home.ward(['login', '--token-stdin', '--profile', 'ci'], {
      url: world.url,
      stdin: access_token,
    })
    expect(ran.code).toBe(0)
    expect((await home.ward(['whoami', '--profile', 'ci'], { url: world.url })).stdout).toContain(plain.email)
    expect((await home.ward(['whoami'], { url: world.url })).code).toBe(4)
  })

  test('asks on a terminal for what is missing, and shows no secret there', async () => {
    const user = await register(world)
    const { secret } = await enableMfa(world, user)
    const home = machine()
    const terminal = home.terminal(['login'], { url: world.url })
    await terminal.shows('E-mail:')
    terminal.type(`${user.email}\r`)
    await terminal.shows('Password:')
    terminal.type(`${user.password}\r`)
    await terminal.shows('Code from the authenticator app:')
    terminal.type(`${totp(world, secret)}\r`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.screen).toContain(`Signed in to ${world.url}`)
    expect(terminal.screen).not.toContain(user.password)
  })

  test('ended by Ctrl-C at a question exits with 130', async () => {
    const terminal = machine().terminal(['login'], { url: world.url })
    await terminal.shows('E-mail:')
    terminal.type('\u0003')
    expect(await terminal.ended).toBe(130)
  })

  test('without a code where one is needed names the flag', async () => {
    const user = await register(world)
    await enableMfa(world, user)
    const ran = await machine().ward(['login', '--email', user.email, '--password-stdin'], {
      url: world.url,
      stdin: user.password,
    })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('--mfa-code is required')
  })
})

describe('a kept sign-in', () => {
  test('is renewed once by many commands at a time, and stays usable', async () => {
    const home = machine()
    const { refresh_token } = await signIn(world, plain)
    home.keep({ url: world.url, email: plain.email, access_token: 'expired.or.lost', refresh_token })
    const runs = await Promise.all(Array.from({ length: 5 }, () => home.ward(['whoami'], { url: world.url })))
    expect(runs.map((run) => run.code)).toEqual([0, 0, 0, 0, 0])
    expect(home.credentials().profiles.default?.refresh_token).not.toBe(refresh_token)
    world.secret(String(home.credentials().profiles.default?.access_token))
    expect((await home.ward(['whoami'], { url: world.url })).code).toBe(0)
  })

  test('ends with logout, on the server too', async () => {
    const home = machine()
    const { access_token, refresh_token } = await signIn(world, plain)
    home.keep({ url: world.url, email: plain.email, access_token, refresh_token })
    expect((await home.ward(['logout'], { url: world.url })).code).toBe(0)
    expect(home.credentials().profiles).toEqual({})
    expect((await home.ward(['whoami'], { url: world.url })).code).toBe(4)
    expect((await home.ward(['whoami'], { url: world.url, token: access_token })).code).toBe(4)
    expect((await home.ward(['logout'], { url: world.url })).code).toBe(0)
  })
})

describe('ward export', () => {
  test('asks for one’s data, waits for it and saves it for its owner alone', async () => {
    const home = machine()
    const { token } = await world.user()
    const options = { url: world.url, token }
    const file = join(home.home, 'me.zip')
    const asked = await home.ward(['export', 'request', '--format', 'pdf'], options)
    expect(asked.stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    const id = asked.stdout.trim()
    const saved = await home.ward(['export', 'download', id, '--file', file], options)
    expect(saved).toMatchObject({ code: 0, stderr: expect.stringContaining(`Saved to ${file}`) })
    expect(readFileSync(file).subarray(0, 2).toString()).toBe('PK')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await home.ward(['export', 'status', id], options)).stdout).toMatch(/status +READY\n/)
    expect((await home.ward(['export', 'status', world.id()], options)).code).toBe(3)
  })
})
