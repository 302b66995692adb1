import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import pty from '@lydell/node-pty'
import { inject } from 'vitest'
import { type ScreenOptions, ScreenTerminal } from './screen.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

export interface WardOptions {
  url: string
  /** Acts with this token; else with the profile. */
  token?: string
  env?: Record<string, string>
  stdin?: string
}

/** A machine of its own: an empty home, where `ward` is run as a process. */
export class Machine {
  readonly home = mkdtempSync(join(tmpdir(), 'ward-home-'))
  readonly credentialsFile = join(this.home, '.config/wardline/credentials.json')

  remove(): void {
    // A command that a test left running may still write here as it ends.
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }

  credentials(): { profiles: Record<string, Record<string, unknown>> } {
    return JSON.parse(readFileSync(this.credentialsFile, 'utf8'))
  }

  /** Signs in without asking anybody. */
  keep(profile: Record<string, unknown>): void {
    mkdirSync(join(this.home, '.config/wardline'), { recursive: true })
    writeFileSync(this.credentialsFile, JSON.stringify({ profiles: { default: profile } }), { mode: 0o600 })
  }

  env({ url, token, env = {} }: WardOptions): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.home,
      WARD_URL: url,
      TERM: 'xterm-256color',
      ...(token === undefined ? {} : { WARD_TOKEN: token }),
      ...env,
    }
  }

  /** A running command, whose output can be waited for. */
  start(argv: readonly string[], options: WardOptions): Running {
    return new Running(argv, this.env(options), options.stdin)
  }

  async ward(argv: readonly string[], options: WardOptions): Promise<Ran> {
    return await this.start(argv, options).ended
  }

  terminal(argv: readonly string[], options: WardOptions): Terminal {
    return new Terminal(argv, this.env(options), this.home)
  }

  /** A terminal whose screen is read, for what draws on it. */
  screen(argv: readonly string[], options: WardOptions & ScreenOptions): ScreenTerminal {
    return new ScreenTerminal(argv, this.env(options), this.home, options)
  }
}

export class Running {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ran>
  readonly #child

  constructor(argv: readonly string[], env: Record<string, string>, stdin = '') {
    const child = spawn(process.execPath, [inject('ward'), ...argv], { env })
    this.#child = child
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    child.stdout.on('data', (chunk) => {
      this.stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      this.stderr += chunk
    })
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ code: code ?? -1, stdout: this.stdout, stderr: this.stderr }))
    })
  }

  interrupt(): void {
    this.#child.kill('SIGINT')
  }

  /** Closes the reading end, as `| head` does. */
  hangUp(): void {
    this.#child.stdout.destroy()
  }

  shows(where: 'stdout' | 'stderr', text: string): Promise<void> {
    return until(
      () => this[where].includes(text),
      () => `"${text}" in ${where}; there is:\n${this.stdout}\n${this.stderr}`,
    )
  }
}

/** A pseudo-terminal, read as a person sees it: without colours. */
export class Terminal {
  readonly ended: Promise<number>
  readonly #pty: pty.IPty
  #text = ''
  #from = 0

  constructor(argv: readonly string[], env: Record<string, string>, cwd: string) {
    this.#pty = pty.spawn(process.execPath, [inject('ward'), ...argv], { cols: 120, rows: 50, env, cwd })
    this.#pty.onData((data) => {
      this.#text += data
    })
    this.ended = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)))
  }

  /** All that was ever shown. */
  get screen(): string {
    return stripVTControlCharacters(this.#text)
  }

  get raw(): string {
    return this.#text
  }

  /** Waits for a text that has come since the last `type`. */
  async shows(text: string): Promise<void> {
    await until(
      () => stripVTControlCharacters(this.#text.slice(this.#from)).includes(text),
      () => `"${text}" on the screen; there is:\n${this.screen}`,
    )
  }

  type(keys: string): void {
    this.#from = this.#text.length
    this.#pty.write(keys)
  }

  kill(): void {
    this.#pty.kill()
  }
}

/** A cable to the server that a test can cut. */
export class Cable {
  readonly url: string
  readonly #sockets: Set<Socket>
  readonly #server

  private constructor(url: string, server: ReturnType<typeof createServer>, sockets: Set<Socket>) {
    this.url = url
    this.#server = server
    this.#sockets = sockets
  }

  static async to(url: string): Promise<Cable> {
    const { hostname, port } = new URL(url)
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(Number(port), hostname)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the cable has no port')
    return new Cable(`http://127.0.0.1:${address.port}`, server, sockets)
  }

  /** Cuts, and nobody gets through until `mend`. */
  async unplug(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  async mend(): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#server.listen(Number(new URL(this.url).port), '127.0.0.1', resolve),
    )
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  remove(): void {
    this.#server.close()
    this.cut()
  }
}

const until = async (condition: () => boolean, what: () => string): Promise<void> => {
  const end = Date.now() + 12_000
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
