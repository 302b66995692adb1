import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { editorThatAdds, type ScreenOptions, type ScreenTerminal } from '../support/screen.ts'
import { Cable, Machine } from '../support/ward.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

let world: World
let sam: TestUser
let kim: TestUser
let owner: TestUser
let home: Machine
let open: ScreenTerminal[] = []

const [ESC, ENTER, CTRL_C, CTRL_O, NEWLINE] = ['\u001b', '\r', '\u0003', '\u000f', '\n']
const AS_BEFORE = { otherScreen: false, pastesAreTold: false, wraps: true }
const [GREEN, YELLOW, RED] = [2, 3, 1]

beforeAll(async () => {
  world = await createWorld()
  const clinic = await world.organization('Riverside Family Practice')
  sam = await world.user({ supportAgent: true, name: 'Sam Adeyemi' })
  kim = await world.user({ supportAgent: true, name: 'Kim Park' })
  owner = await world.user({ name: 'Ngozi Okafor', roles: { [clinic]: 'STAFF' } })
})
afterAll(() => world.stop())
beforeEach(async () => {
  home = new Machine()
  // Each test has the queue to itself.
  await world.admin.query(
    "update support_tickets set status = 'CLOSED', resolved_at = now() where status <> 'CLOSED'",
  )
})
afterEach(() => {
  for (const terminal of open) terminal.remove()
  open = []
  home.remove()
})

const ask = (subject: string, urgency: 'LOW' | 'NORMAL' | 'HIGH' | 'URGENT' = 'NORMAL') =>
  owner.client.tickets.create({ subject, body: 'The page stays white.', category: 'TECHNICAL', urgency })
const start = (
  options: ScreenOptions & {
    url?: string
    env?: Record<string, string>
    argv?: string[]
    user?: TestUser
  } = {},
): ScreenTerminal => {
  const { url = world.url, argv = [], user = sam, ...rest } = options
  const terminal = home.screen(['tickets', 'triage', ...argv], { url, token: user.token, ...rest })
  open.push(terminal)
  return terminal
}
const messages = async (ticket_id: string) => (await sam.client.supportDesk.get({ ticket_id })).messages
/** The queue's numbers, top down. */
const queued = ({ lines }: ScreenTerminal) =>
  lines.map((line) => /^[▶ ] {1,2}(TKT-\d{4}-\d+)/.exec(line)?.[1]).filter((one) => one !== undefined)

describe('the screen', () => {
  test('shows queue, conversation and requester side by side, and the open ticket marked', async () => {
    const late = await ask('Later', 'LOW')
    const soon = await ask('White page', 'URGENT')
    const terminal = start()
    await terminal.shows('REQUESTER Ngozi Okafor', 'The page stays white.', 'STAFF', '● connected')
    expect(queued(terminal)).toEqual([soon.ticket_number, late.ticket_number])
    await terminal.shows(`▶ ${soon.ticket_number}`, owner.email, '[all 2]')
    expect(terminal.look('!!')).toMatchObject({ color: RED })
    await terminal.type('j')
    await terminal.shows(`▶ ${late.ticket_number}`)
    await terminal.type('k', 'q')
    expect(await terminal.ended).toEqual({ code: 0, signal: 0 })
  })

  test('each key does what the bottom line says', async () => {
    const { id, ticket_number } = await ask('One key each', 'URGENT')
    const macro = await kim.client.macros.create({
      title: `Browser ${world.id()}`,
      body: 'Hello {{requester.first_name}}, which browser?',
      is_internal_note: false,
      status: 'WAITING_ON_USER',
    })
    const terminal = start()
    await terminal.shows(ticket_number, 'REQUESTER')
    await terminal.type('c')
    await terminal.shows(`✓ ${ticket_number} is yours.`, 'with you')
    await terminal.type('u')
    await terminal.shows('Urgency: URGENT →')
    await terminal.type(ENTER)
    await terminal.shows('urgency HIGH.', 'OPEN · HIGH')
    await terminal.type('z')
    await terminal.shows('Undone', 'OPEN · URGENT')
    await terminal.type('t', ...'vip -none', ENTER)
    await terminal.shows('tags +vip.', '#vip')
    await terminal.type('s', ENTER)
    await terminal.shows('status IN_PROGRESS.', 'IN_PROGRESS · URGENT')
    await terminal.type('z')
    await terminal.shows('The last change cannot be taken back.')
    await terminal.type('a')
    await terminal.shows('nobody: back to the queue')
    await terminal.type(...'nob', ENTER)
    await terminal.shows('with nobody.', 'unassigned')
    await terminal.type('l')
    await terminal.shows('Timeline of', 'Sam Adeyemi changed urgency URGENT → HIGH')
    await terminal.type('x', '?')
    await terminal.shows('Keys', 'PUBLIC reply: the requester reads it')
    await terminal.type('x', 'm')
    await terminal.shows('Macro: see what it would do')
    await terminal.type(...macro.title.slice(-12), ENTER)
    await terminal.shows('Hello Ngozi, which browser?', 'status: IN_PROGRESS → WAITING_ON_USER', 'Use it?')
    expect(await messages(id)).toEqual([])
    await terminal.type('y')
    await terminal.shows('is done.')
    expect(await messages(id)).toMatchObject([
      { body: 'Hello Ngozi, which browser?', is_internal_note: false },
    ])
    expect(await sam.client.supportDesk.get({ ticket_id: id })).toMatchObject({
      status: 'WAITING_ON_USER',
      tags: ['vip'],
      urgency: 'URGENT',
    })
  })

  test('merges into another ticket, and takes it back', async () => {
    const [first, second] = [await ask('White page', 'URGENT'), await ask('Still white', 'LOW')]
    const terminal = start()
    await terminal.shows(first.ticket_number, 'REQUESTER')
    await terminal.type('j')
    await terminal.shows(`▶ ${second.ticket_number}`, 'LOW · TECHNICAL')
    await terminal.type('M', ...first.ticket_number, ENTER)
    await terminal.shows(`is merged into ${first.ticket_number}`, `merged into ${first.ticket_number}`)
    await terminal.type('z')
    await terminal.shows('stands by itself again')
    expect(await sam.client.supportDesk.get({ ticket_id: second.id })).toMatchObject({ merged_into: null })
  })

  test('switches views, searches whatever the status, and filters', async () => {
    const mine = await ask('Mine', 'LOW')
    const other = await ask('Zebra crossing', 'URGENT')
    await sam.client.supportDesk.claim({ ticket_id: mine.id })
    const terminal = start()
    await terminal.shows(mine.ticket_number, other.ticket_number)
    await terminal.type('v', ...'mine', ENTER)
    await terminal.shows('[mine 1]')
    await terminal.until(() => queued(terminal).length === 1, 'only mine')
    await terminal.type('v', ...'all', ENTER)
    await terminal.until(() => queued(terminal).length === 2, 'all')
    await terminal.type('/', ...'zebra', ENTER)
    await terminal.until(() => queued(terminal).join() === other.ticket_number, 'what was searched')
    await terminal.type('/', '\u0015', ENTER)
    await terminal.until(() => queued(terminal).length === 2, 'the queue')
    await terminal.type('f', ...'low', ENTER)
    await terminal.until(() => queued(terminal).join() === mine.ticket_number, 'what was filtered')
  })
})

describe('a public reply and an internal note', () => {
  test('are never taken for one another: label, colour, prompt and confirmation differ', async () => {
    const { id, ticket_number } = await ask('Mistakes', 'URGENT')
    const terminal = start()
    await terminal.shows(ticket_number, 'REQUESTER')
    await terminal.type('n', ...'Odd one.')
    await terminal.shows(' INTERNAL NOTE  only the desk reads this', 'note┃ Odd one.')
    expect(terminal.look(' INTERNAL NOTE ')).toMatchObject({ color: YELLOW, inverse: true })
    expect(terminal.look('note┃')).toMatchObject({ color: YELLOW })
    expect(terminal.text).not.toContain('PUBLIC')
    await terminal.type(ENTER)
    await terminal.shows('✓ Internal note left')
    await terminal.type('r', ...'Which browser?')
    await terminal.shows(' PUBLIC REPLY  to Ngozi Okafor, who reads this', 'reply> Which browser?')
    expect(terminal.look(' PUBLIC REPLY ')).toMatchObject({ color: GREEN, inverse: true })
    await terminal.type(ENTER)
    await terminal.shows('Send to Ngozi Okafor?')
    expect(await messages(id)).toHaveLength(1)
    // Anything but a yes goes back to the text.
    await terminal.type(ENTER)
    await terminal.hides('Send to Ngozi Okafor?')
    expect(await messages(id)).toHaveLength(1)
    await terminal.type(ENTER, 'w')
    await terminal.shows('✓ Public reply sent; the ticket is WAITING_ON_USER.')
    expect(await messages(id)).toMatchObject([
      { is_internal_note: true, body: 'Odd one.' },
      { is_internal_note: false, body: 'Which browser?' },
    ])
    const own = await owner.client.tickets.get({ ticket_id: id })
    expect(own.messages.map(({ body }) => body)).toEqual(['Which browser?'])
  })

  test('differ without colours too', async () => {
    await ask('No colours', 'URGENT')
    const terminal = start({ env: { NO_COLOR: '1' } })
    await terminal.shows('REQUESTER')
    await terminal.type('n', ...'a')
    await terminal.shows('INTERNAL NOTE  only the desk reads this ┄', 'note┃ a')
    await terminal.type(ESC)
    await terminal.shows('Kept; n goes on with it.')
    await terminal.type('r', ...'b', ENTER)
    await terminal.shows(
      'PUBLIC REPLY  to Ngozi Okafor, who reads this ━━',
      'reply> b',
      'Send to Ngozi Okafor?',
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin so
    expect(terminal.raw).not.toMatch(/\u001b\[[0-9;]*m/)
  })

  test('pasted line breaks send nothing, told or not', async () => {
    const { id } = await ask('Paste', 'URGENT')
    const terminal = start()
    await terminal.shows('REQUESTER')
    await terminal.type('r')
    await terminal.shows('reply>')
    terminal.paste('One\ry\u001b[31m\rq')
    await terminal.shows('reply> One', '     > q')
    await terminal.type('Two\ry\rThree')
    await terminal.shows('     > qTwo', '     > Three')
    expect(terminal.text).toContain('PUBLIC REPLY')
    expect(await messages(id)).toEqual([])
  })

  test('$EDITOR writes long ones, and the text comes back to be confirmed', async () => {
    const { id } = await ask('Long', 'URGENT')
    const editor = editorThatAdds(join(home.home, 'editor'), ' from the editor')
    const terminal = start({ env: { VISUAL: editor } })
    await terminal.shows('REQUESTER')
    await terminal.type('r', ...'Hello', CTRL_O)
    await terminal.shows('reply> Hello from the editor')
    expect(terminal.modes.otherScreen).toBe(true)
    await terminal.type(NEWLINE, ...'Bye', ENTER, 'y')
    await terminal.shows('✓ Public reply sent')
    expect(await messages(id)).toMatchObject([{ body: 'Hello from the editor\nBye' }])
  })
})

describe('what colleagues do', () => {
  test('shows while one types, and the text stays', async () => {
    const { id } = await ask('Two of us', 'URGENT')
    const terminal = start()
    await terminal.shows('● connected', 'REQUESTER')
    await terminal.type('r', ...'Which bro')
    await terminal.shows('reply> Which bro')
    await kim.client.supportDesk.touchPresence({ ticket_id: id, state: 'REPLYING' })
    await terminal.shows('Kim Park is writing')
    await kim.client.supportDesk.reply({ ticket_id: id, body: 'I am on it.', is_internal_note: true })
    await terminal.shows('I am on it.', 'NEW', 'new internal note by Kim Park')
    await terminal.type(...'wser?', ENTER)
    await terminal.shows(
      'reply> Which browser?',
      'Meanwhile: new internal note by Kim Park',
      'Send to Ngozi Okafor?',
    )
    expect(terminal.look('Meanwhile:')).toMatchObject({ color: YELLOW })
  })

  test('is not overwritten unseen: who changed what, and the agent may go on', async () => {
    const { id, ticket_number } = await ask('At once', 'URGENT')
    const cable = await Cable.to(world.url)
    const terminal = start({ url: cable.url })
    await terminal.shows(ticket_number, 'REQUESTER')
    await terminal.type('u')
    await terminal.shows('Urgency: URGENT →')
    // The news does not get through before the change does.
    await cable.unplug()
    const { version } = await kim.client.supportDesk.update({ ticket_id: id, if_match: 1, urgency: 'LOW' })
    await terminal.type(ENTER)
    await terminal.shows('The server cannot be reached')
    await cable.mend()
    await terminal.shows('CHANGED MEANWHILE', 'Kim Park changed urgency: URGENT → LOW', 'Do it all the same?')
    expect(await kim.client.supportDesk.get({ ticket_id: id })).toMatchObject({ urgency: 'LOW', version })
    await terminal.type('y')
    await terminal.shows('urgency HIGH.')
    expect(await kim.client.supportDesk.get({ ticket_id: id })).toMatchObject({ urgency: 'HIGH' })
    cable.remove()
  })

  test('a claimed ticket says whose it is', async () => {
    const { id } = await ask('Taken', 'URGENT')
    const terminal = start()
    await terminal.shows('REQUESTER')
    await kim.client.supportDesk.claim({ ticket_id: id })
    await terminal.type('c')
    await terminal.shows('Kim Park has it already.', 'with Kim Park')
  })

  test('new tickets appear in their place without moving the selection', async () => {
    const calm = await ask('Calm', 'LOW')
    const terminal = start()
    await terminal.shows('● connected', `▶ ${calm.ticket_number}`)
    const urgent = await ask('Fire', 'URGENT')
    await terminal.until(() => queued(terminal).length === 2, 'the new ticket')
    expect(queued(terminal)).toEqual([urgent.ticket_number, calm.ticket_number])
    await terminal.shows(`▶ ${calm.ticket_number}`, `New: ${urgent.ticket_number}`)
    await owner.client.tickets.addMessage({ ticket_id: calm.id, body: 'Still there?' })
    await terminal.shows('Still there?', 'NEW')
  })

  test('each of two agents sees that the other has the ticket open, and that they left', async () => {
    await ask('Shared', 'URGENT')
    const one = start()
    await one.shows('● connected', 'REQUESTER')
    const other = start({ user: kim })
    await other.shows('Sam Adeyemi has this open')
    await one.shows('! Kim Park has this open')
    await other.type('r')
    await one.shows('! Kim Park is writing')
    await other.type(ESC)
    await one.shows('! Kim Park has this open')
    await other.type('q')
    expect((await other.ended).code).toBe(0)
    await one.hides('Kim Park has this open ')
  })
})

describe('whatever happens', () => {
  test('a restarted server is found again, and what was sent meanwhile is said once', async () => {
    const { id } = await ask('Restart', 'URGENT')
    const server = await world.startServer()
    const terminal = start({ url: server.url })
    await terminal.shows('● connected', 'REQUESTER')
    await terminal.type('r', ...'Hello?', ENTER)
    await terminal.shows('Send to Ngozi Okafor?')
    await server.close()
    await terminal.shows('○ reconnecting')
    await terminal.type('y')
    await terminal.shows('The server cannot be reached; trying again')
    await kim.client.supportDesk.reply({
      ticket_id: id,
      body: 'While you were away.',
      is_internal_note: true,
    })
    const again = await world.startServer({ port: new URL(server.url).port })
    await terminal.shows('✓ Public reply sent')
    await terminal.until(() => /● (connected|caught up)/.test(terminal.text), 'the stream')
    await terminal.shows('While you were away.')
    expect((await messages(id)).filter(({ body }) => body === 'Hello?')).toHaveLength(1)
    await again.close()
  })

  test('a text that was not sent survives Esc, a quit and a killed terminal', async () => {
    await ask('Drafts', 'URGENT')
    const first = start()
    await first.shows('REQUESTER')
    await first.type('r', ...'Half a sent')
    await first.shows('reply> Half a sent')
    first.kill('SIGTERM')
    await first.ended
    const second = start()
    await second.shows('REQUESTER')
    await second.type('r')
    await second.shows('reply> Half a sent')
    await second.type(...'ence')
    await second.type(CTRL_C)
    expect((await second.ended).code).toBe(130)
    const third = start()
    await third.shows('REQUESTER')
    await third.type('r')
    await third.shows('reply> Half a sentence')
  })

  test('too many requests are told, and nobody has to stop writing', async () => {
    await ask('Busy', 'URGENT')
    const ola = await world.user({ supportAgent: true, name: 'Ola Berg' })
    const server = await world.startServer({ env: { RATE_LIMIT_GENERAL: '15/1m' } })
    const terminal = start({ user: ola, url: server.url })
    await terminal.shows('REQUESTER')
    for (let i = 0; i < 15 && !terminal.text.includes('Too many'); i++) await terminal.type('l', 'x')
    await terminal.shows('Too many requests; trying again in')
    await terminal.type('x', 'n', ...'Kept')
    await terminal.shows('note┃ Kept')
    await server.close()
  })

  test('a sign-in that ended is told, and what was asked waits', async () => {
    const { id } = await ask('Ended', 'URGENT')
    const stranger = await world.user({ supportAgent: true, name: 'Ola Berg' })
    const terminal = start({ user: stranger })
    await terminal.shows('REQUESTER')
    await terminal.type('n', ...'Kept')
    await world.admin.query('update user_sessions set revoked_at = now() where user_id = $1', [stranger.id])
    await terminal.type(ENTER)
    await terminal.shows('Your sign-in has ended.')
    await terminal.type(ESC)
    await terminal.shows('note┃ Kept')
    expect(await messages(id)).toEqual([])
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'the terminal is as before after %s',
    async (signal) => {
      await ask('Leave', 'URGENT')
      const terminal = start()
      await terminal.shows('REQUESTER')
      expect(terminal.modes).toEqual({ otherScreen: true, pastesAreTold: true, wraps: false })
      terminal.kill(signal)
      expect(await terminal.ended).toMatchObject({ code: { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 }[signal] })
      expect(terminal.modes).toEqual(AS_BEFORE)
    },
  )

  test('the terminal is as before after a crash, and the error stays readable', async () => {
    await ask('Crash', 'URGENT')
    const crash = join(home.home, 'crash.cjs')
    writeFileSync(crash, "process.on('SIGUSR2', () => { throw new Error('a defect') })")
    const terminal = start({ env: { NODE_OPTIONS: `--require ${crash}` } })
    await terminal.shows('REQUESTER')
    terminal.kill('SIGUSR2')
    expect((await terminal.ended).code).not.toBe(0)
    expect(terminal.modes).toEqual(AS_BEFORE)
    await terminal.shows('a defect')
  })

  test('Ctrl-Z gives the shell its terminal, and fg brings the screen back', async () => {
    await ask('Shell', 'URGENT')
    const terminal = start({ through: ['bash', '--norc', '-ic', '"$@"; echo stopped with $?; fg', 'bash'] })
    await terminal.shows('REQUESTER')
    await terminal.type('n', ...'Kept', '\u001a')
    await terminal.until(() => terminal.raw.includes('stopped with'), 'the shell')
    await terminal.shows('note┃ Kept')
    expect(terminal.modes.otherScreen).toBe(true)
    await terminal.type(...' on')
    await terminal.shows('note┃ Kept on')
  })

  test('any size will do, at any moment', async () => {
    await ask('Sizes', 'URGENT')
    const terminal = start()
    await terminal.shows('REQUESTER')
    await terminal.type('r', ...'Hello')
    for (const [columns, rows] of [
      [80, 24],
      [60, 15],
      [20, 5],
      [200, 60],
      [61, 15],
    ] as const) {
      terminal.resize(columns, rows)
      await terminal.shows(columns === 20 ? 'Too small' : 'reply> Hello')
      await terminal.until(
        () => Math.max(...terminal.lines.map((line) => line.length)) <= columns,
        'it to fit',
      )
    }
    await terminal.type(ENTER)
    await terminal.shows('Send to Ngozi Okafor?')
  })

  test('60 by 15 is enough to work', async () => {
    const { id, ticket_number } = await ask('Small', 'URGENT')
    const terminal = start({ columns: 60, rows: 15 })
    await terminal.shows(ticket_number.slice(-5), 'The page stays white.', '? help  q quit')
    await terminal.type('c')
    await terminal.shows('is yours.')
    await terminal.type('r', ...'Hello', ENTER)
    await terminal.shows('PUBLIC REPLY', 'reply> Hello', 'Send to Ngozi Okafor?  y yes')
    await terminal.type('y')
    await terminal.shows('Public reply sent')
    expect(await messages(id)).toHaveLength(1)
  })

  test('what others wrote cannot steer the terminal, and wide characters keep the columns', async () => {
    await owner.client.tickets.create({
      subject: '検査結果が開けません 👩‍⚕️ e\u0301',
      body: 'Plain\u001b[2J\u009b31m text',
      category: 'TECHNICAL',
      urgency: 'URGENT',
    })
    const terminal = start()
    await terminal.shows('Plain[2J31m text', '検査結果')
    const bars = terminal.lines.slice(1, 30).map((line) => [...line].filter((char) => char === '│').length)
    expect(new Set(bars)).toEqual(new Set([2]))
  })

  test('a slow line is enough: a key costs a line or two, an event what it changes', async () => {
    const { id } = await ask('Bytes', 'URGENT')
    for (let i = 0; i < 12; i++) await ask(`More ${i}`, 'LOW')
    const terminal = start()
    await terminal.shows('● connected', 'REQUESTER', 'More 0')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const whole = terminal.bytes
    await terminal.type('n')
    await terminal.shows('note┃')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const before = terminal.bytes
    await terminal.type(...'abcdefghij')
    await terminal.shows('note┃ abcdefghij')
    expect((terminal.bytes - before) / 10).toBeLessThan(200)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const quiet = terminal.bytes
    await kim.client.supportDesk.update({ ticket_id: id, if_match: 1, add_tags: ['slow'] })
    await terminal.shows('#slow')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(terminal.bytes - quiet).toBeLessThan(1_000)
    expect(whole).toBeLessThan(20_000)
  })
})
