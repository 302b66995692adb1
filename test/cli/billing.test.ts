import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { completion, type LocalModel, startModel } from '../support/model.ts'
import { LocalStripe } from '../support/stripe.ts'
import { Machine } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let stripe: LocalStripe
let model: LocalModel
let world: World
let org: string
let admin: TestUser
const home = new Machine()
const bin = join(home.home, 'bin')
const opened = join(home.home, 'opened')

beforeAll(async () => {
  stripe = await new LocalStripe().start()
  model = await startModel()
  world = await createWorld({ env: { ...stripe.env, ...model.env } })
  // The browser of this machine writes down what it was asked to open.
  mkdirSync(bin)
  writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${opened}'\n`)
  chmodSync(join(bin, 'xdg-open'), 0o755)
})
beforeEach(async () => {
  org = await world.organization()
  admin = await world.user({ roles: { [org]: 'ADMIN' } })
  rmSync(opened, { force: true })
})
afterAll(async () => {
  home.remove()
  await world.stop()
  await stripe.stop()
  await model.close()
})

const ward = (token: string, argv: string[], env: Record<string, string> = {}, stdin?: string) =>
  home.ward(argv, {
    url: world.url,
    token,
    env: { PATH: `${bin}:${process.env.PATH}`, ...env },
    ...(stdin === undefined ? {} : { stdin }),
  })
const billing = (...argv: string[]) => ward(admin.token, ['billing', ...argv])

describe('ward billing', () => {
  test('prints where to subscribe and where to change it, and nothing else on stdout', async () => {
    expect(await billing('portal')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('no subscription yet'),
    })
    const page = await billing('checkout')
    expect(page).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^https:\/\/checkout\.stripe\.com\/\S+\n$/),
      stderr: expect.stringContaining('ward billing status'),
    })
    expect(JSON.parse((await billing('portal', '-o', 'json')).stdout)).toEqual({
      url: expect.stringMatching(/^https:\/\/billing\.stripe\.com\//),
    })
    expect(existsSync(opened)).toBe(false)
    expect(await billing('checkout', '--return-url', 'https://evil.example/')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('/return_url'),
    })
  })

  test('opens the page with --open, and only what is a page', async () => {
    const page = await billing('checkout', '--open')
    expect(page.code).toBe(0)
    await expect.poll(() => existsSync(opened) && readFileSync(opened, 'utf8')).toBe(page.stdout)
    // A server that answers something else than a page starts no program.
    const calls = stripe.calls.length
    stripe.instead(({ path }) =>
      path === '/v1/billing_portal/sessions' ? [200, { id: 'bps_1', url: 'file:///etc/passwd' }] : undefined,
    )
    const other = await billing('portal', '--open')
    stripe.asUsual()
    expect(stripe.calls.length).toBe(calls + 1)
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be opened') })
    expect(readFileSync(opened, 'utf8')).toBe(page.stdout)
  })

  test('says how it stands, and what to do about it', async () => {
    await world.admin.query(
      `update organizations set subscription_status = 'PAST_DUE', writes_until = $2 where id = $1`,
      [org, new Date(world.clock.now().getTime() - 1000)],
    )
    const status = await billing('status')
    expect(status).toMatchObject({ code: 0, stderr: expect.stringContaining('ward billing portal --open') })
    expect(status.stdout).toMatch(/subscription\s+PAST_DUE\nwriting\s+CLOSED\n/)
    expect(JSON.parse((await billing('status', '-o', 'json')).stdout)).toMatchObject({
      organization_id: org,
      write_access: 'CLOSED',
    })
    const refused = await ward(admin.token, ['patients', 'create', 'Ada', 'Moreau', '--dob', '1984-07-21'])
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('An ADMIN can renew it') })
  })

  test('is there for a patient too: their own, or seen by staff under a record number', async () => {
    const login = await world.user()
    const patient = await world.patient([org], { userId: login.id })
    const page = await ward(login.token, ['billing', 'checkout', '--patient', 'me'])
    expect(page).toMatchObject({ code: 0, stdout: expect.stringContaining('https://checkout.stripe.com/') })
    expect((await ward(login.token, ['billing', 'portal', '--patient', patient.id])).code).toBe(0)
    const staff = await world.user({ roles: { [org]: 'STAFF' } })
    const status = await ward(staff.token, ['billing', 'status', '--patient', patient.mrn, '-o', 'json'])
    expect(JSON.parse(status.stdout)).toMatchObject({ patient_id: patient.id, has_portal: true })
    expect((await billing('status', '--patient', 'me')).code).toBe(3)
  })
})

describe('ward ai summarize', () => {
  test('reads a file or stdin, prints the summary alone, and lets no text of the model steer the terminal', async () => {
    const provider = await world.user({ roles: { [org]: 'PROVIDER' } })
    model.answer((response) => response.writeHead(200).end(completion('Stable.\u001b[2J')))
    const file = join(home.home, 'visit.txt')
    writeFileSync(file, 'Seen for follow-up.')
    const summarize = (argv: string[], stdin?: string) =>
      ward(provider.token, ['ai', 'summarize', ...argv], {}, stdin)
    expect(await summarize([file])).toMatchObject({
      code: 0,
      stdout: 'Stable.[2J\n',
      stderr: expect.stringContaining('Read the text, too'),
    })
    expect(model.asked.at(-1)?.body.messages[1]?.content).toContain('\nSeen for follow-up.\n')
    const piped = await summarize(['--max-words', '40', '-o', 'json'], 'From a pipe.')
    expect(JSON.parse(piped.stdout)).toMatchObject({ model: 'local-model' })
    expect(model.asked.at(-1)?.body.messages[0]?.content).toContain('at most 40 words')
    expect((await summarize(['-'], '  ')).code).toBe(2)
    expect((await summarize([join(home.home, 'nowhere')])).code).toBe(2)
    model.answer((response) => response.writeHead(500).end())
    expect(await summarize([file])).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('AI_UNAVAILABLE'),
    })
  })
})
