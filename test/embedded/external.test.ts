import { randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TOTP, URI } from 'otpauth'
import { expect, inject, onTestFinished, test } from 'vitest'
import { databaseUrl, execute } from '../../scripts/postgres.ts'
import { finished, temporaryFolder, wardServer, whenUp } from './process.ts'

const TIMEOUT = 60_000
const PASSWORD = 'correct horse battery staple'

/** An empty database and a key file, as an operator begins with. */
async function site() {
  const { adminUrl, prefix } = inject('database')
  const name = `${prefix}_site_${randomBytes(4).toString('hex')}`
  await execute(
    adminUrl,
    `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  )
  const folder = await temporaryFolder()
  const keys = join(folder, 'keys.json')
  expect((await finished(wardServer(['keys', 'generate', '--out', keys]))).code).toBe(0)
  return { name, ownerUrl: databaseUrl(adminUrl, name), keys }
}

const post = async (url: string, body: unknown): Promise<Record<string, unknown>> => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(200)
  const value: unknown = await answer.json()
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

test(
  'with DATABASE_URL: from an empty database to the first super-admin',
  async () => {
    const { name, ownerUrl, keys } = await site()
    expect(statSync(keys).mode & 0o777).toBe(0o600)
    const owner = { DATABASE_OWNER_URL: ownerUrl }

    expect(await finished(wardServer(['migrate'], { env: owner }))).toMatchObject({ code: 0 })
    const again = await finished(wardServer(['migrate'], { env: owner }))
    expect(again).toEqual({ code: 0, output: 'Nothing to apply: the database is up to date.\n' })

    const role = `${name}_login`
    const login = await finished(wardServer(['create-app-login', role], { env: owner }))
    expect(login.code).toBe(0)
    onTestFinished(async () => {
      await execute(ownerUrl, `drop owned by ${role}`)
      await execute(ownerUrl, `drop role ${role}`)
    })
    const appUrl = /postgres(?:ql)?:\/\/\S+/.exec(login.output)?.[0] ?? ''
    expect(new URL(appUrl).username).toBe(role)
    const env = { DATABASE_URL: appUrl, WARDLINE_KEYS_FILE: keys }

    const args = ['create-admin', '--email', 'root@example.test', '--name', 'First Admin']
    expect((await finished(wardServer(args, { env }))).output).toContain('--password-stdin')
    const weak = await finished(wardServer([...args, '--password-stdin'], { env, input: 'password' }))
    expect(weak).toEqual({ code: 2, output: 'The password must have at least 12 characters.\n' })
    const admin = await finished(wardServer([...args, '--password-stdin'], { env, input: `${PASSWORD}\n` }))
    expect(admin.code).toBe(0)
    const twice = await finished(wardServer([...args, '--password-stdin'], { env, input: PASSWORD }))
    expect(twice.output).toBe('The admin was not created: this e-mail address is in use.\n')

    const server = wardServer(['start', '--port', '0'], { env: { ...env, LOG_LEVEL: 'warn' } })
    const url = await whenUp(server)
    expect(server.output()).not.toContain('demo.wardline.test')
    const challenge = await post(`${url}/api/auth/login`, { email: 'root@example.test', password: PASSWORD })
    const totp = URI.parse(/otpauth:\S+/.exec(admin.output)?.[0] ?? '')
    const code = totp instanceof TOTP ? totp.generate() : ''
    const tokens = await post(`${url}/api/auth/mfa/challenge`, { mfa_token: challenge.mfa_token, code })
    expect(tokens.access_token).toEqual(expect.any(String))

    server.child.kill('SIGTERM')
    expect(await server.exit).toEqual({ code: 0, signal: null })
  },
  TIMEOUT,
)

test(
  'a role that row-level security does not bind is refused, and so is a database without its tables',
  async () => {
    const { ownerUrl, keys } = await site()
    const WARDLINE_KEYS_FILE = keys
    const asSuperuser = await finished(
      wardServer(['start'], { env: { DATABASE_URL: ownerUrl, WARDLINE_KEYS_FILE } }),
    )
    expect(asSuperuser.code).toBe(1)
    expect(asSuperuser.output).toMatch(
      /^The role \S+ of DATABASE_URL bypasses row-level security, .*create-app-login NAME"\.\n$/,
    )

    const { appUrl } = inject('database')
    const empty = databaseUrl(appUrl, new URL(ownerUrl).pathname.slice(1))
    const behind = await finished(wardServer(['start'], { env: { DATABASE_URL: empty, WARDLINE_KEYS_FILE } }))
    expect(behind.code).toBe(1)
    expect(behind.output).toMatch(
      /^The database lacks \d+ migrations, 0001_\w+\.sql first: run "ward-server migrate"/,
    )
  },
  TIMEOUT,
)

test(
  'a wrong DATABASE_URL is told in one sentence without its password, with the exit code for unreachable',
  async () => {
    const folder = await temporaryFolder()
    const keys = join(folder, 'keys.json')
    await finished(wardServer(['keys', 'generate', '--out', keys]))
    const start = (url: string) =>
      finished(wardServer(['start'], { env: { DATABASE_URL: url, WARDLINE_KEYS_FILE: keys } }))
    expect(await start('postgres://ward:s3cret@127.0.0.1:1/ward')).toEqual({
      code: 7,
      output: 'The database of DATABASE_URL (127.0.0.1:1/ward) cannot be used: nothing listens there.\n',
    })
    const { appUrl } = inject('database')
    const missing = databaseUrl(appUrl, 'wardline_no_such_database')
    const run = await start(missing)
    expect(run.code).toBe(7)
    expect(run.output).toContain('there is no such database')
    expect(existsSync(join(folder, '.wardline'))).toBe(false)
  },
  TIMEOUT,
)
