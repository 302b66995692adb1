import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AnyCommand, Group } from './command.ts'
import { groups, topLevel } from './main.ts'
import { answering, temporaryFolder, ward } from './testing.ts'

const commands: [string, AnyCommand][] = [
  ...topLevel.map((spec): [string, AnyCommand] => [spec.name, spec]),
  ...groups.flatMap((group) => commandsOf(group)),
]

function commandsOf({ name, commands: own, groups: inner = [] }: Group): [string, AnyCommand][] {
  const paths = [
    ...own.map((spec): [string, AnyCommand] => [spec.name, spec]),
    ...inner.flatMap((group) => commandsOf(group)),
  ]
  return paths.map(([path, spec]) => [`${name} ${path}`, spec])
}

const problem = (status: number, code: string, extra: object = {}) =>
  answering((_, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' })
    response.end(
      JSON.stringify({ type: 'about:blank', title: code, status, code, request_id: 'req-1', ...extra }),
    )
  })

describe('help', () => {
  it.each(commands)('of %s says what it does, with examples', async (path, spec) => {
    const words = path.split(' ').filter((word) => /^[a-z-]+$/.test(word))
    const { code, stdout, stderr } = await ward([...words, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(spec.summary)
    expect(stdout).toContain('Examples:')
    for (const [line] of spec.examples) expect(line).toMatch(/\bward /)
    for (const option of spec.options ?? []) expect(stdout).toContain(option.flags)
  })

  it('of ward and of each noun lists what there is', async () => {
    const { stdout, code } = await ward(['--help'])
    expect(code).toBe(0)
    for (const { name } of groups) {
      expect(stdout).toContain(name)
      expect((await ward([name, '--help'])).stdout).toContain('Examples:')
    }
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect((await ward(['--version'])).stdout).toBe(`${version}\n`)
  })
})

describe('usage errors exit with 2 and name what is wrong', () => {
  it.each([
    [['tickets', 'lst'], 'list'],
    [['tickets'], 'Usage: ward tickets'],
    [['tickets', 'list', '--urgency', 'ASAP'], 'Allowed choices are LOW, NORMAL, HIGH, URGENT'],
    [['tickets', 'list', '--status', 'OPEN,ODD'], 'not "ODD"'],
    [['tickets', 'list', '--limit', '0'], 'whole number from 1'],
    [['tickets', 'list', '--output', 'xml'], 'table, json, ndjson, csv'],
    [['tickets', 'show'], "missing required argument 'ticket'"],
    [['tickets', 'status', 'TKT-2026-00001', 'DONE'], 'not "DONE"'],
    [['tickets', 'assign', 'TKT-2026-00001', 'bob'], 'me, none, or the id'],
    [['tickets', 'reply', 'TKT-2026-00001', '--body', 'a', '--body-file', 'b'], 'exclude each other'],
    [['tickets', 'triage'], 'needs a terminal'],
    [['login'], '--email is required'],
    [['login', '--email', 'a@b.test'], '--password-stdin is required'],
    [['impersonate', 'start', 'p1'], '--reason is required'],
    [['impersonate', 'start', 'p1', '--reason', 'short'], 'At least 10 characters'],
    [['impersonate', 'start', 'p1', '--reason', 'long enough, surely'], '--yes is required'],
    [['impersonate', 'end'], 'say which by its id'],
    [['events', 'tail', '--types', 'ticket.craeted'], 'does not know "ticket.craeted"'],
    [['events', 'tail', '--since', 'yesterday'], 'an event id like 731.42, or last'],
    [['audit', 'list', '--from', 'monday'], '--from must be a date'],
    [['api', 'GET', '/api/user/me'], 'GET /api/users/me'],
    [['api', 'POST', '/api/users/me'], 'takes GET, PATCH, DELETE, not POST'],
    [['api', 'GET', '/api/users/me', '-F', 'a=b'], 'GET has no body'],
    [['api', 'GET', '/api/events'], 'ward events tail'],
    [['api', 'GET', '/api/support/tickets/{ticket_id}'], 'Write the ticket_id into the path'],
    [['api', 'PATCH', '/api/users/me', '-F', 'timezone'], '--field takes key=value'],
    [['whoami', '--url', 'localhost'], 'is not an address'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await ward(argv, { env: { WARD_TOKEN: 't' } })
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('exit codes', () => {
  it.each([
    [400, 'INVALID_MFA_CODE', 4],
    [401, 'UNAUTHORIZED', 4],
    [403, 'FORBIDDEN', 4],
    [404, 'NOT_FOUND', 3],
    [409, 'CONFLICT', 5],
    [412, 'PRECONDITION_FAILED', 5],
    [422, 'VALIDATION_ERROR', 2],
    [429, 'RATE_LIMITED', 6],
    [500, 'INTERNAL_ERROR', 1],
  ])('of a %i %s is %i', async (status, code, exit) => {
    await using server = await problem(status, code, {
      retry_after: 120,
      errors: [{ pointer: '/dob', message: 'must be a date' }],
    })
    const ran = await ward(['tickets', 'stats', '--url', server.url], { env: { WARD_TOKEN: 't' } })
    expect(ran.code).toBe(exit)
    expect(ran.stderr).toContain(code)
    expect(ran.stderr).toContain('request req-1')
    expect(ran.stderr).toContain('/dob must be a date')
    expect(ran.stderr).toContain('Try again in 120 s.')
    expect(ran.stdout).toBe('')
  })

  it('of a server that cannot be reached is 7', async () => {
    const { url } = await problem(200, 'X').then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    const ran = await ward(['whoami'], { env: { WARD_TOKEN: 't', WARD_URL: url } })
    expect(ran.code).toBe(7)
    expect(ran.stderr).toContain('ECONNREFUSED')
  })

  it('of whoami without a sign-in is 4', async () => {
    const ran = await ward(['whoami'])
    expect(ran).toEqual({ code: 4, stdout: '', stderr: expect.stringContaining('ward login') })
  })

  it('of a defect is 1, with the stack only on demand', async () => {
    await using server = await answering((_, response) => response.end('{}'))
    const env = { WARD_TOKEN: 't', WARD_URL: server.url }
    const plain = await ward(['whoami'], { env })
    expect(plain.code).toBe(1)
    expect(plain.stderr).not.toContain('    at ')
    expect((await ward(['whoami'], { env: { ...env, WARD_DEBUG: '1' } })).stderr).toContain('    at ')
  })
})

describe('credentials', () => {
  const folderWith = (profile: object) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'wardline'))
    writeFileSync(
      join(folder, 'wardline/credentials.json'),
      JSON.stringify({ profiles: { default: profile } }),
    )
    return folder
  }

  it('never go to another server than the one that gave them', async () => {
    let asked = 0
    await using other = await answering((_, response) => {
      asked++
      response.end('{}')
    })
    const env = {
      XDG_CONFIG_HOME: folderWith({ url: 'https://wardline.example', access_token: 'secret-token' }),
    }
    const ran = await ward(['whoami', '--url', other.url], { env })
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain('is signed in at https://wardline.example')
    expect(ran.stderr).not.toContain('secret-token')
    expect(asked).toBe(0)
  })

  it('that the server no longer takes are forgotten', async () => {
    await using server = await problem(401, 'UNAUTHORIZED')
    const folder = folderWith({
      url: server.url,
      email: 'ada@example.com',
      access_token: 'a',
      refresh_token: 'r',
    })
    const ran = await ward(['whoami'], { env: { XDG_CONFIG_HOME: folder } })
    expect(ran.code).toBe(4)
    const left = JSON.parse(readFileSync(join(folder, 'wardline/credentials.json'), 'utf8'))
    expect(left.profiles.default).toEqual({ url: server.url, email: 'ada@example.com' })
  })
})

describe('api', () => {
  it('sends the body as JSON where it is JSON, and prints what comes back', async () => {
    let seen = ''
    await using server = await answering(async (request, response) => {
      for await (const chunk of request) seen += chunk
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ method: request.method, url: request.url, trace: request.headers['x-trace'] }),
      )
    })
    const ran = await ward(
      [
        'api',
        'patch',
        'api/users/me',
        '-F',
        'timezone=America/Chicago',
        '-F',
        'n=3',
        '-F',
        's="3"',
        '-Q',
        'a=b',
        '-H',
        'x-trace: 7',
      ],
      { env: { WARD_TOKEN: 't', WARD_URL: server.url } },
    )
    expect(ran.code).toBe(0)
    expect(JSON.parse(seen)).toEqual({ timezone: 'America/Chicago', n: 3, s: '3' })
    expect(JSON.parse(ran.stdout)).toEqual({ method: 'PATCH', url: '/api/users/me?a=b', trace: '7' })
  })

  it('takes the whole body from stdin', async () => {
    let seen = ''
    await using server = await answering(async (request, response) => {
      for await (const chunk of request) seen += chunk
      response.writeHead(204).end()
    })
    const ran = await ward(['api', 'POST', '/api/support/tickets', '--input', '-'], {
      env: { WARD_TOKEN: 't', WARD_URL: server.url },
      stdin: '{"subject":"x"}',
    })
    expect(ran).toMatchObject({ code: 0, stdout: '' })
    expect(seen).toBe('{"subject":"x"}')
  })
})
