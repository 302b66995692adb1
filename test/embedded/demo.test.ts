import { createClient } from '@wardline/sdk'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbedded } from '../../packages/server/src/db/embedded.ts'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import { demoKeyRing } from '../../packages/server/src/demo/keys.ts'
import { npiNumber } from '../../packages/server/src/demo/random.ts'
import { seedDemo } from '../../packages/server/src/demo/seed.ts'
import { DEMO_PASSWORD, DEMO_SIGN_INS } from '../../packages/server/src/demo/sign-ins.ts'
import { loadConfig } from '../../packages/server/src/config.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { createServer } from '../../packages/server/src/server.ts'

let url = ''
let stop = async (): Promise<void> => {}

beforeAll(async () => {
  const embedded = await startEmbedded({ dataDir: '', ephemeral: true })
  stop = () => embedded.stop()
  await migrate(embedded.ownerUrl)
  const keys = demoKeyRing()
  const options = { now: new Date(), keys }
  expect(await seedDemo(embedded.ownerUrl, options)).toBe(true)
  expect(await seedDemo(embedded.ownerUrl, options)).toBe(false)
  const limits = { RATE_LIMIT_LOGIN: '1000/1m', RATE_LIMIT_AUTH: '1000/1m', RATE_LIMIT_MFA: '1000/1m' }
  const server = await createServer({
    config: loadConfig(limits, { port: '0' }),
    keys,
    databaseUrl: embedded.appUrl,
    log: createLog('silent'),
    clock: { now: () => new Date() },
  })
  url = await server.listen()
  stop = async () => {
    await server.close()
    await embedded.stop()
  }
}, 60_000)
afterAll(() => stop(), 30_000)

/** Signs in as the demo's screen tells. */
async function signIn(local: string) {
  const person = DEMO_SIGN_INS.find(({ email }) => email.startsWith(`${local}@`))
  if (person === undefined) throw new Error(`no sign-in ${local}`)
  const { totpSecret } = person
  const client = createClient({ baseUrl: url })
  await client.signIn({
    email: person.email,
    password: DEMO_PASSWORD,
    ...(totpSecret === undefined
      ? {}
      : { mfa: async () => new TOTP({ secret: Secret.fromBase32(totpSecret) }).generate() }),
  })
  return client
}

const get = async (local: string, path: string): Promise<Record<string, unknown>> => {
  const client = await signIn(local)
  const answer: unknown = await client.request({ method: 'GET', path })
  return typeof answer === 'object' && answer !== null ? { ...answer } : {}
}

async function harborId(): Promise<string> {
  const { items } = await (await signIn('admin')).organizations.list()
  const found = items.find(({ name }) => name === 'Harbor Family Practice')
  return found?.id ?? ''
}
