import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'

/** One figure of a benchmark. Ratios compare two things of one run; absolute times only mean something beside a bound. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 's' | 'ms' | 'µs' | 'times' | 'KiB' | 'bytes'
  /** What the figure must not exceed. */
  readonly bound?: number
}

export interface Benchmark {
  readonly name: string
  run(): Promise<Figure[]>
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** @param share from 0 to 1 */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** A folder that is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'wardline-bench-'))
  // As root the database runs as another user, who must get in.
  chmodSync(folder, 0o755)
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CPU milliseconds of a whole `node` process, its start included, as it tells at its own end. */
export function nodeCpuMs(folder: string, args: readonly string[]): number {
  const hook = join(folder, 'cpu.cjs')
  const out = join(folder, 'cpu.txt')
  writeFileSync(
    hook,
    `process.on('exit', () => { const c = process.cpuUsage(); require('node:fs').writeFileSync(${JSON.stringify(out)}, String((c.user + c.system) / 1000)) })`,
  )
  const { status } = spawnSync(process.execPath, ['-r', hook, ...args], { stdio: 'ignore' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`)
  return Number(readFileSync(out, 'utf8'))
}

/** Starts the server and answers the seconds until /health answers. */
export async function startServer(
  args: readonly string[],
): Promise<{ child: ChildProcess; url: string; seconds: number }> {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(
    process.execPath,
    ['packages/server/src/main.ts', 'start', '--port', String(port), ...args],
    {
      stdio: 'ignore',
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, LOG_LEVEL: 'silent' },
    },
  )
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const up = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (up) return { child, url, seconds: (performance.now() - began) / 1000 }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export async function stopServer(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  await ended
}
