import type { Readable } from 'node:stream'
import type { Config } from '../../config.ts'
import { createClamd } from './clamd.ts'

/** What a scanner says of a file. */
export type Verdict = { readonly infected: false } | { readonly infected: true; readonly signature: string }

/** Looks for viruses. */
export interface Scanner {
  /** Rejects when there is no verdict; the file may then be scanned again. */
  scan(content: Readable): Promise<Verdict>
  /** Rejects when the scanner does not answer. */
  ping(): Promise<void>
}

/** clamd where one is configured; else there is no scanner, and nothing counts as clean. Connects to nothing yet. */
export const createScanner = ({ clamd }: Pick<Config, 'clamd'>): Scanner | undefined =>
  clamd === undefined ? undefined : createClamd(clamd)
