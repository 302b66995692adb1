import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Machine, type Ran } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let sam: TestUser
let kim: TestUser
let owner: TestUser
const home = new Machine()

beforeAll(async () => {
  world = await createWorld()
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
  kim = await world.user({ supportAgent: true, name: 'Kim Park' })
  owner = await world.user({ name: 'Ngozi Okafor' })
})
afterAll(async () => {
  home.remove()
  await world.stop()
})

const ask = (subject: string, urgency: 'NORMAL' | 'URGENT' = 'NORMAL') =>
  owner.client.tickets.create({ subject, body: 'The page stays white.', category: 'TECHNICAL', urgency })
const ward = (argv: string[], user = sam): Promise<Ran> =>
  home.ward(argv, { url: world.url, token: user.token })
const messages = async (ticket_id: string) => (await sam.client.supportDesk.get({ ticket_id })).messages

describe('ward tickets', () => {
  test('create, list, show, reply, note, status and assign do what they say', async () => {
    const made = await ward(
      ['tickets', 'create', '--subject', 'White page', '--body', 'Since noon.', '--category', 'TECHNICAL'],
      owner,
    )
    expect(made.stdout).toMatch(/^TKT-\d{4}-\d{5}\n$/)
    const number = made.stdout.trim()
    expect((await ward(['tickets', 'list'])).stdout).toContain(number)
    expect((await ward(['tickets', 'claim', number])).stderr).toContain('is yours')
    expect((await ward(['tickets', 'note', number, '--body', 'Seen before.'])).stderr).toContain(
      'Internal note left',
    )
    const reply = await ward([
      'tickets',
      'reply',
      number,
      '--body',
      'Which browser?',
      '--status',
      'WAITING_ON_USER',
      '-o',
      'json',
    ])
    expect(JSON.parse(reply.stdout)).toMatchObject({
      is_internal_note: false,
      ticket_status: 'WAITING_ON_USER',
    })

    const shown = (await ward(['tickets', 'show', number])).stdout
    expect(shown).toMatch(/ INTERNAL NOTE {2}Sam Adeyemi .*\n┃ Seen before\./)
    expect(shown).toMatch(/PUBLIC REPLY Sam Adeyemi .*\n {2}Which browser\?/)
    const own = (await ward(['tickets', 'show', number, '--own'], owner)).stdout
    expect(own).toContain('Which browser?')
    expect(own).not.toContain('Seen before')

    expect((await ward(['tickets', 'status', number, 'IN_PROGRESS'])).stderr).toContain('is IN_PROGRESS')
    expect((await ward(['tickets', 'status', number, 'CLOSED'])).code).toBe(5)
    expect((await ward(['tickets', 'status', number, 'RESOLVED', '--if-version', '1'])).code).toBe(5)
    expect((await ward(['tickets', 'assign', number, 'none'])).stderr).toContain('with nobody')
    expect((await ward(['tickets', 'stats'])).stdout).toContain('unassigned')
  })

  test('a claimed ticket is refused to a colleague, who learns who has it', async () => {
    const { ticket_number, id } = await ask('Taken')
    await kim.client.supportDesk.claim({ ticket_id: id })
    const ran = await ward(['tickets', 'claim', ticket_number])
    expect(ran.code).toBe(5)
    expect(ran.stderr).toContain('Kim Park')
  })

  test('a ticket that is not there exits with 3, the desk of others with 4', async () => {
    expect((await ward(['tickets', 'show', 'TKT-2020-00001'])).code).toBe(3)
    const ran = await ward(['tickets', 'list'], owner)
    expect(ran.code).toBe(4)
    expect(ran.stdout).toBe('')
  })

  test('prints JSON, NDJSON and CSV', async () => {
    await ask('For, "machines"')
    const list = ['tickets', 'list', '--search', 'machines', '--output']
    expect(JSON.parse((await ward([...list, 'json'])).stdout)).toMatchObject([{ subject: 'For, "machines"' }])
    expect(JSON.parse((await ward([...list, 'ndjson'])).stdout)).toMatchObject({ subject: 'For, "machines"' })
    expect((await ward([...list, 'csv'])).stdout).toContain('"For, ""machines"""')
  })

  test('a reader that hangs up is no error', async () => {
    const running = home.start(['tickets', 'list', '-o', 'json'], { url: world.url, token: sam.token })
    running.hangUp()
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('ward tickets triage --plain', () => {
  test('claims, notes and replies with one key each', async () => {
    const { id, ticket_number } = await ask('First of all', 'URGENT')
    const terminal = home.terminal(['tickets', 'triage', '--plain'], { url: world.url, token: sam.token })
    await terminal.shows(ticket_number)
    await terminal.shows('internal note')
    terminal.type('c')
    await terminal.shows('It is yours.')
    await terminal.shows('quit')
    terminal.type('n')
    await terminal.shows('only the desk reads it')
    terminal.type('Odd one.\r')
    await terminal.shows('Internal note left.')
    await terminal.shows('quit')
    terminal.type('r')
    await terminal.shows('PUBLIC REPLY the requester reads it')
    terminal.type('Which browser?\r')
    await terminal.shows('Send this PUBLIC REPLY to Ngozi Okafor?')
    terminal.type('no\r')
    await terminal.shows('Not sent; your text is kept')
    await terminal.shows('quit')
    terminal.type('r')
    await terminal.shows('Which browser?')
    terminal.type('\r')
    await terminal.shows('Send this PUBLIC REPLY to Ngozi Okafor?')
    terminal.type('yes\r')
    await terminal.shows('Public reply sent')
    await terminal.shows('quit')
    expect(await messages(id)).toMatchObject([
      { is_internal_note: true, body: 'Odd one.' },
      { is_internal_note: false, body: 'Which browser?' },
    ])
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
  })

  test('shows what a colleague changed meanwhile and overwrites nothing', async () => {
    const { id, ticket_number } = await ask('Two of us', 'URGENT')
    const terminal = home.terminal(['tickets', 'triage', '--plain', '--view', 'unassigned'], {
      url: world.url,
      token: sam.token,
    })
    await terminal.shows(ticket_number)
    await terminal.shows('quit')
    await kim.client.supportDesk.update({ ticket_id: id, if_match: 1, urgency: 'HIGH' })
    terminal.type('a')
    await terminal.shows('Assign to')
    terminal.type('me\r')
    await terminal.shows(`Meanwhile ${ticket_number} changed (version 1 → 2)`)
    await terminal.shows('urgency: URGENT → HIGH')
    await terminal.shows('quit')
    expect(await kim.client.supportDesk.get({ ticket_id: id })).toMatchObject({
      assignee: null,
      urgency: 'HIGH',
    })
    terminal.type('a')
    await terminal.shows('Assign to')
    terminal.type('me\r')
    await terminal.shows('with Sam Adeyemi')
    await terminal.shows('quit')
    terminal.type('s')
    await terminal.shows('OPEN →')
    terminal.type('\r')
    await terminal.shows('IN_PROGRESS')
    await terminal.shows('quit')
    expect(await kim.client.supportDesk.get({ ticket_id: id })).toMatchObject({ status: 'IN_PROGRESS' })
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
  })

  test('a terminal that cannot be drawn on is spoken to line by line', async () => {
    await ask('Dumb')
    const terminal = home.terminal(['tickets', 'triage'], {
      url: world.url,
      token: sam.token,
      env: { TERM: 'dumb' },
    })
    await terminal.shows('TKT-')
    await terminal.shows('quit')
    expect(terminal.raw).not.toContain('\u001b[')
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
  })

  test('goes on to the next, and Ctrl-C leaves with 130', async () => {
    const { ticket_number } = await ask('Not now', 'URGENT')
    const terminal = home.terminal(['tickets', 'triage', '--plain', '--view', 'unassigned'], {
      url: world.url,
      token: sam.token,
    })
    await terminal.shows(ticket_number)
    await terminal.shows('quit')
    terminal.type('x')
    await terminal.shows('TKT-')
    await terminal.shows('quit')
    expect(terminal.screen.slice(terminal.screen.lastIndexOf('TKT-'))).not.toContain('Not now')
    terminal.type('\u0003')
    expect(await terminal.ended).toBe(130)
  })
})
