import type { Client, Page, PagePromise } from '@wardline/sdk'
import { Credentials, type Profile } from './credentials.ts'
import { SignedOutError, UsageError } from './exit.ts'
import {
  type Column,
  type Format,
  renderList,
  renderRecord,
  type Sheet,
  type Style,
  style,
} from './output.ts'

/** Where a command reads and writes. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  /** Aborted at Ctrl-C. */
  signal: AbortSignal
}

/** The options that every command has. */
export interface GlobalOptions {
  output?: Format | undefined
  color?: boolean | undefined
  quiet?: boolean | undefined
  profile?: string | undefined
  url?: string | undefined
}

/** The embedded server's address: what a machine with nothing configured talks to. */
export const DEFAULT_URL = 'http://127.0.0.1:8000'

/** What a command's `run` gets: the terminal, the profile, and a client when it asks for one. */
export class Context {
  readonly io: Io
  readonly format: Format
  readonly style: Style
  readonly profileName: string
  readonly credentials: Credentials
  /** What the process ends with when nothing is thrown; `impersonate exec` passes its command's on. */
  exitCode = 0
  readonly #options: GlobalOptions
  readonly #color: boolean
  #client: Client | undefined

  constructor(io: Io, options: GlobalOptions) {
    this.io = io
    this.#options = options
    this.format = options.output ?? 'table'
    this.profileName = options.profile ?? (io.env.WARD_PROFILE || 'default')
    this.credentials = new Credentials(Credentials.folder(io.env))
    this.#color =
      options.color !== false && !io.env.NO_COLOR && io.env.TERM !== 'dumb' && io.stdout.isTTY === true
    this.style = style(this.#color)
  }

  /** May somebody be asked? */
  get interactive(): boolean {
    return this.io.stdin.isTTY === true && this.io.stderr.isTTY === true
  }

  get profile(): Profile | undefined {
    return this.credentials.profile(this.profileName)
  }

  /** --url, WARD_URL, the profile's, the embedded server's: the first that is set. */
  get url(): string {
    const url = this.#options.url ?? (this.io.env.WARD_URL || this.profile?.url || DEFAULT_URL)
    if (!URL.canParse(url)) throw new UsageError(`"${url}" is not an address; write it like ${DEFAULT_URL}`)
    return url.replace(/\/+$/, '')
  }

  get token(): string | undefined {
    return this.io.env.WARD_TOKEN || undefined
  }

  /** Data, to stdout. */
  print(text: string): void {
    this.io.stdout.write(text)
  }

  /** What goes on, to stderr; silent with --quiet. */
  status(text: string): void {
    if (this.#options.quiet !== true) this.io.stderr.write(`${text}\n`)
  }

  /** A question or a warning that --quiet does not silence. */
  warn(text: string): void {
    this.io.stderr.write(`${text}\n`)
  }

  get sheet(): Sheet {
    const { isTTY, columns } = this.io.stdout
    return { format: this.format, color: this.#color, width: isTTY ? columns : undefined }
  }

  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], nothing: string): void {
    this.print(renderList(rows, columns, this.sheet))
    if (rows.length === 0) this.status(nothing)
  }

  record<Row>(row: Row, columns: readonly Column<Row>[]): void {
    this.print(renderRecord(row, columns, this.sheet))
  }

  /** A client with no credential, for signing in. */
  async anonymousClient(): Promise<Client> {
    const { createClient } = await import('./sdk.ts')
    return createClient({ baseUrl: this.url, userAgent: 'ward' })
  }

  /**
   * A client that acts as WARD_TOKEN or as the profile. The SDK is loaded here and not before.
   *
   * @throws SignedOutError when there is neither
   */
  async client(): Promise<Client> {
    this.#client ??= await this.#connect()
    return this.#client
  }

  /** The next `client` takes the sign-in as it is stored by then: another `ward` may have renewed it. */
  forgetClient(): void {
    this.#client = undefined
  }

  async #connect(): Promise<Client> {
    const { createClient, session } = await import('./sdk.ts')
    const options = { baseUrl: this.url, userAgent: 'ward' }
    if (this.token !== undefined) return createClient({ ...options, auth: this.token })
    const { profile, profileName } = this
    if (profile?.access_token === undefined) {
      throw new SignedOutError(
        `Nobody is signed in with the profile "${profileName}". Sign in with: ward login`,
      )
    }
    // A credential goes to the server that gave it, and to no other.
    if (new URL(profile.url).origin !== new URL(this.url).origin) {
      throw new SignedOutError(
        `The profile "${profileName}" is signed in at ${profile.url}, not at ${this.url}. Sign in there with: ward login --url ${this.url} --profile <name>`,
      )
    }
    if (profile.refresh_token === undefined) return createClient({ ...options, auth: profile.access_token })
    const { credentials } = this
    return createClient({
      ...options,
      auth: session({
        access_token: profile.access_token,
        refresh_token: profile.refresh_token,
        onChange: (tokens) =>
          credentials.update(profileName, (stored) => {
            if (stored === undefined) return undefined
            const { access_token: _, refresh_token: __, ...rest } = stored
            return tokens === undefined ? rest : { ...rest, ...tokens }
          }),
        // Another `ward` may have refreshed meanwhile: the stored pair wins.
        exclusive: (refresh) =>
          credentials.locked(() => {
            const stored = credentials.profile(profileName)
            const { access_token, refresh_token } = stored ?? {}
            return refresh(access_token && refresh_token ? { access_token, refresh_token } : undefined)
          }),
      }),
    })
  }

  /** Up to `limit` items of a list, over as many pages as it takes; says when there are more. */
  async collect<Item>(list: PagePromise<Item>, limit: number): Promise<Item[]> {
    const items: Item[] = []
    for (let page: Page<Item> | undefined = await list; page !== undefined; page = await page.next()) {
      items.push(...page.items)
      if (items.length < limit) continue
      if (items.length > limit || page.next_cursor !== null)
        this.status(`The first ${limit}; see more with --limit`)
      return items.slice(0, limit)
    }
    return items
  }

  /** The organization to act in: the one named, the profile's, or the only one there is. */
  async organization(named: string | undefined): Promise<string> {
    const known = named ?? (this.token === undefined ? this.profile?.organization_id : undefined)
    if (known !== undefined) return known
    // A key has no person behind it whose organizations could be asked for.
    if (this.token?.startsWith('wlk_'))
      throw new UsageError('With an API key, say which organization with --org')
    const client = await this.client()
    const me = await client.users.me({}, { signal: this.io.signal })
    const ids = new Set(me.memberships.map((one) => one.organization_id))
    for (const one of me.patient_profile?.organizations ?? []) ids.add(one.organization_id)
    const [only] = ids
    if (only !== undefined && ids.size === 1) return only
    throw new UsageError('Say which organization with --org; ward orgs list shows yours')
  }
}
