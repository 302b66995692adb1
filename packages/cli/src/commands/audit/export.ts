import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { TextBody } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { day } from '../../days.ts'
import { withStepUp } from '../../prompts.ts'

interface Options {
  org: string | undefined
  actor: string | undefined
  resourceType: string | undefined
  action: string | undefined
  from: string | undefined
  to: string | undefined
  file: string | undefined
  mfaCode: string | undefined
}

export const exportLogs = command<Options>({
  name: 'export',
  summary: 'The audit trail as a file, however large',
  details:
    'CSV, or NDJSON with --output ndjson. The last line says how many rows there are and of what bytes; ' +
    'it is checked, and what broke off ends with an error. With --file the name is there only once the file is whole.',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '--actor <user-id>', text: 'only what this person did' },
    { flags: '--resource-type <type>', text: 'only this kind of record, e.g. PATIENT' },
    { flags: '--action <action>', text: 'only this action, e.g. BREAK_GLASS' },
    { flags: '--from <date>', text: 'from this day on' },
    { flags: '--to <date>', text: 'up to this day, and with it' },
    { flags: '--file <path>', text: 'write there instead of to stdout' },
    { flags: '--mfa-code <code>', text: 'the code to confirm with' },
  ],
  examples: [
    ['ward audit export --file audit.csv', 'everything, for a spreadsheet'],
    ['ward audit export --from 2026-03-01 --output ndjson | jq .action_type', 'one JSON object a line'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    actor: typed.text('actor'),
    resourceType: typed.text('resourceType')?.toUpperCase(),
    action: typed.text('action')?.toUpperCase(),
    from: day(typed.text('from'), '--from'),
    to: day(typed.text('to'), '--to'),
    file: typed.text('file'),
    mfaCode: typed.text('mfaCode'),
  }),
  async run(context, options) {
    const client = await context.client()
    const body = await withStepUp(context, options.mfaCode, () =>
      client.admin.exportAuditLogs(
        {
          organization_id: options.org,
          actor: options.actor,
          resource_type: options.resourceType,
          action_type: options.action,
          start_date: options.from,
          end_date: options.to,
        },
        {
          accept: context.format === 'ndjson' ? 'application/x-ndjson' : 'text/csv',
          signal: context.io.signal,
        },
      ),
    )
    const rows = await save(context, body, options.file)
    context.status(`${rows} rows, whole.`)
  },
})

async function save(context: Context, body: TextBody, file: string | undefined): Promise<number> {
  const end = new Trailer()
  const part = file === undefined ? undefined : `${file}.part`
  const out: Writable = part === undefined ? context.io.stdout : createWriteStream(part, { mode: 0o600 })
  // A disk that is full says so while we wait for the next piece.
  const failed = part === undefined ? undefined : finished(out)
  failed?.catch(() => undefined)
  for await (const piece of body) {
    end.take(piece)
    if (!out.write(piece))
      await Promise.race([new Promise((resolve) => out.once('drain', resolve)), ...(failed ? [failed] : [])])
  }
  if (part !== undefined) out.end()
  await failed
  const rows = end.check()
  if (part !== undefined && file !== undefined) await rename(part, file)
  return rows
}

/** Follows an export's text and holds it against its own last line. */
export class Trailer {
  readonly #hash: Hash = createHash('sha256')
  #held = ''

  /** All but the last line counts; which line is the last shows at the end. */
  take(piece: string): void {
    this.#held += piece
    const before = this.#held.lastIndexOf('\n', this.#held.length - 2) + 1
    this.#hash.update(this.#held.slice(0, before))
    this.#held = this.#held.slice(before)
  }

  /** @throws Error when the export is not whole */
  check(): number {
    const line = this.#held.trimEnd()
    const [, rows, sha256] =
      /^\{"end":true,"rows":(\d+),"sha256":"([0-9a-f]{64})"\}$/.exec(line) ??
      /^END,(\d+),([0-9a-f]{64}),*$/.exec(line) ??
      []
    if (rows === undefined || sha256 !== this.#hash.digest('hex'))
      throw new Error('The export is not whole: its last line is missing or does not fit. Run it again.')
    return Number(rows)
  }
}
