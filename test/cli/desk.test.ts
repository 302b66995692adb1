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

const ask = async (subject: string) => {
  const { id, ticket_number } = await owner.client.tickets.create({
    subject,
    body: 'The page stays white.',
    category: 'TECHNICAL',
  })
  return { ticket_id: id, number: ticket_number }
}
const ward = (argv: string[], user = sam): Promise<Ran> =>
  home.ward(argv, { url: world.url, token: user.token })

describe('ward tickets', () => {
  test('urgency, tag, list --tags, merge, unmerge, timeline and search do what they say', async () => {
    const { number, ticket_id } = await ask('White page in Firefox')
    const { number: again } = await ask('Still white')
    expect((await ward(['tickets', 'urgency', number, 'high'])).stderr).toContain('is HIGH; version 2')
    expect((await ward(['tickets', 'urgency', number, 'asap'])).code).toBe(2)
    expect((await ward(['tickets', 'tag', number, 'browser', 'VIP'])).stderr).toContain('has browser, vip')
    expect((await ward(['tickets', 'tag', number, '--remove', 'vip'])).stderr).toContain('has browser;')
    expect((await ward(['tickets', 'tag', number])).code).toBe(2)
    const tagged = await ward(['tickets', 'list', '--tags', 'browser', '-o', 'json'])
    expect(JSON.parse(tagged.stdout)).toMatchObject([{ id: ticket_id }])
    expect((await ward(['tickets', 'merge', again, number])).stderr).toMatch(
      new RegExp(`${again} is merged into ${number}; it can be taken back until `),
    )
    expect((await ward(['tickets', 'show', number])).stdout).toMatch(
      new RegExp(`#browser\\nwith ${again} of Ngozi Okafor: Still white\\n {2}The page stays white\\.`),
    )
    expect((await ward(['tickets', 'merge', again, number])).code).toBe(5)
    expect((await ward(['tickets', 'unmerge', again])).stderr).toContain('is OPEN again')
    const timeline = (await ward(['tickets', 'timeline', number])).stdout
    expect(timeline).toMatch(/Ngozi Okafor +CREATED/)
    expect(timeline).toContain('urgency: NORMAL → HIGH')
    expect(timeline).toMatch(new RegExp(`Sam Adeyemi +UNMERGED_OUT .*${again}`))
    const found = (await ward(['tickets', 'search', 'firef'])).stdout
    expect(found).toMatch(new RegExp(`${number} .*SUBJECT`))
  })

  test('a stale version exits with 5 and says who changed what', async () => {
    const { number, ticket_id } = await ask('Two of us')
    await kim.client.supportDesk.update({ ticket_id, if_match: 1, urgency: 'URGENT' })
    const ran = await ward(['tickets', 'status', number, 'IN_PROGRESS', '--if-version', '1'])
    expect(ran.code).toBe(5)
    expect(ran.stderr).toContain('Kim Park changed urgency: NORMAL → URGENT')
  })

  test('stats draws a bar beside each number, a sparkline of the days, and the load of each agent', async () => {
    const { ticket_id } = await ask('Mine')
    await sam.client.supportDesk.claim({ ticket_id })
    const { stdout } = await ward(['tickets', 'stats', '--days', '7'])
    expect(stdout).toMatch(/^URGENT +\d+ {2}█+$/m)
    expect(stdout).toMatch(/^created +▁{6}█ {2}\d+$/m)
    expect(stdout).toMatch(/^Sam Adeyemi +1 {2}█+ +0 overdue, 0 waiting, 0 resolved$/m)
    const csv = (await ward(['tickets', 'stats', '--days', '2', '-o', 'csv'])).stdout
    expect(csv.split('\r\n')).toHaveLength(4)
    expect(JSON.parse((await ward(['tickets', 'stats', '-o', 'json'])).stdout)).toHaveProperty('agents')
  })

  test('watch prints one line a change, and raises an alarm for what is overdue', async () => {
    const running = home.start(['tickets', 'watch', '--bell', '--presence'], {
      url: world.url,
      token: sam.token,
    })
    await expect.poll(() => running.stderr, { timeout: 20_000 }).toContain('connected')
    expect(running.stderr).toMatch(/\d+ open: \d+ yours, \d+ unassigned, \d+ overdue/)
    const { number, ticket_id } = await ask('Watched')
    await kim.client.supportDesk.claim({ ticket_id })
    await kim.client.supportDesk.touchPresence({ ticket_id, state: 'VIEWING' })
    await owner.client.tickets.addMessage({ ticket_id, body: 'Hello?' })
    await world.admin.query(
      `insert into events (to_support, type, payload, created_at) values (true, 'ticket.overdue', $1, now())`,
      [
        JSON.stringify({
          ticket_id,
          ticket_number: number,
          urgency: 'NORMAL',
          assignee_id: kim.id,
          clock: 'FIRST_RESPONSE',
          due_at: world.clock.now().toISOString(),
        }),
      ],
    )
    await expect.poll(() => running.stdout, { timeout: 20_000 }).toContain('OVERDUE')
    const lines = running.stdout.trim().split('\n')
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      `${number} new NORMAL TECHNICAL, first response in 24 h`,
      `${number} with a colleague (by a colleague)`,
      `${number} Kim Park is viewing`,
      `${number} requester wrote, OPEN`,
      `${number} ‼ OVERDUE FIRST RESPONSE NORMAL, with a colleague`,
    ])
    await expect.poll(() => running.stderr).toContain('\u0007')
    running.interrupt()
    expect((await running.ended).code).toBe(130)
  })
})

describe('ward macros', () => {
  test('are created, listed, previewed, used, edited and deleted', async () => {
    const { number, ticket_id } = await ask('For a macro')
    const { number: other } = await ask('Closed already')
    const made = await ward([
      ...['macros', 'create', 'Ask for the browser', '--reply', '--body', 'Hello {{requester.first_name}}!'],
      ...['--status', 'WAITING_ON_USER', '--add-tag', 'browser', '--add-tag', 'asked'],
    ])
    expect(made.stderr).toContain('The macro "Ask for the browser" is there.')
    expect((await ward(['macros', 'create', 'No', '--body', 'Who reads it?'])).code).toBe(2)
    const unknown = await ward(['macros', 'create', 'No', '--note', '--body', '{{nobody.name}}'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('there is no placeholder nobody.name')
    expect((await ward(['macros', 'list'])).stdout).toMatch(
      /Ask for the browser +REPLY +WAITING_ON_USER +\+asked \+browser|Ask for the browser +REPLY +WAITING_ON_USER +\+browser \+asked/,
    )
    const preview = (await ward(['macros', 'preview', 'ask for the BROWSER', number])).stdout
    expect(preview).toContain(
      'PUBLIC REPLY the requester reads it\n  Hello Ngozi!\nstatus: OPEN → WAITING_ON_USER',
    )
    expect((await ward(['tickets', 'macro', 'Ask for the browser', number, '--preview'])).stdout).toBe(
      preview,
    )
    expect((await sam.client.supportDesk.get({ ticket_id })).version).toBe(1)

    // Without a terminal nobody can be asked.
    expect((await ward(['tickets', 'macro', 'Ask for the browser', number])).code).toBe(2)
    const closing = await ward(['macros', 'create', 'Close it', '--status', 'CLOSED'])
    expect(closing.code).toBe(0)
    const used = await ward(['tickets', 'macro', 'Ask for the browser', number, other, '--yes', '-o', 'json'])
    expect(used.code).toBe(0)
    expect(JSON.parse(used.stdout)).toMatchObject([{ outcome: 'APPLIED' }, { outcome: 'APPLIED' }])
    const refused = await ward(['tickets', 'macro', 'Close it', number, '--yes'])
    expect(refused.code).toBe(5)
    expect(refused.stdout).toContain('REFUSED')
    expect(
      (await ward(['macros', 'edit', 'Close it', '--title', 'Close', '--urgency', 'LOW'])).stderr,
    ).toContain('version 2')
    expect((await ward(['macros', 'edit', 'Close'])).code).toBe(2)
    expect((await ward(['macros', 'delete', 'Close'])).code).toBe(2)
    expect((await ward(['macros', 'delete', 'Close', '--yes'])).stderr).toContain('is gone')
    expect((await ward(['macros', 'delete', 'Close', '--yes'])).code).toBe(3)
  })
})
