import type { components } from '../generated/contract.ts'
import { catalogue, type ProblemCode } from '../generated/problems.ts'

/** Members of a problem beyond the standard ones; each is declared in the contract's Problem schema. */
export interface ProblemExtra {
  readonly errors?: readonly { pointer: string; message: string }[]
  readonly pending_documents?: readonly { id: string; type: string; version: string; title: string }[]
  readonly retry_after?: number
  readonly current_version?: number
  readonly changes?: readonly components['schemas']['MissedChange'][]
  readonly assignee?: string
}

/**
 * A refusal with a code of the contract's catalogue (RFC 9457). Handlers return it, so that tsc holds its code
 * against those that the operation declares; steps throw it.
 */
export class Problem<Code extends ProblemCode = ProblemCode> extends Error {
  readonly code: Code
  readonly detail: string | undefined
  readonly extra: ProblemExtra
  /** Commit what was written before answering; otherwise a problem rolls everything back. */
  readonly keep: boolean

  constructor(code: Code, detail?: string, extra: ProblemExtra = {}, keep = false) {
    super(detail ?? catalogue[code].title)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.extra = extra
    this.keep = keep
  }

  get status(): number {
    return catalogue[this.code].status
  }

  /** The same answer, but what the handler wrote stays (a counted failure, a revoked session). */
  keepEffects(): Problem<Code> {
    return new Problem(this.code, this.detail, this.extra, true)
  }

  /** The wire form. */
  toBody(requestId: string, instance: string): Record<string, unknown> {
    return {
      type: `https://wardline.dev/problems/${this.code.toLowerCase().replaceAll('_', '-')}`,
      title: catalogue[this.code].title,
      status: this.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      instance,
      code: this.code,
      request_id: requestId,
      ...this.extra,
    }
  }
}

/** A problem to return from a handler, or to throw from a step. */
export const problem = <Code extends ProblemCode>(
  code: Code,
  detail?: string,
  extra?: ProblemExtra,
): Problem<Code> => new Problem(code, detail, extra)

/** NOT_FOUND, worded the same for what does not exist and for what is another tenant's. */
export const notFound = (what: string): Problem<'NOT_FOUND'> =>
  problem('NOT_FOUND', `There is no such ${what}.`)
