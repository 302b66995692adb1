import { readFileSync } from 'node:fs'
import { command } from '../../command.ts'
import { day } from '../../days.ts'
import { EXIT, UsageError } from '../../exit.ts'

interface Options {
  org: string | undefined
  from: string | undefined
  to: string | undefined
  seal: { number: number; hash: string } | undefined
}

export const verify = command<Options>({
  name: 'verify',
  summary: 'Check that nobody rewrote the audit trail',
  details:
    'Ends with 1 and names the first bad range when somebody did. See docs/decisions/006-audit-integrity.md.',
  options: [
    { flags: '--org <id>', text: 'the organization you act in, when you belong to several' },
    { flags: '--from <date>', text: 'only rows sealed from this day on (UTC)' },
    { flags: '--to <date>', text: 'only rows sealed up to this day, and with it (UTC)' },
    { flags: '--seal <file>', text: 'a seal kept by ward audit seal export' },
  ],
  examples: [
    ['ward audit verify', 'the whole trail'],
    ['ward audit verify --seal seal-2026-03.json', 'and against a seal that was kept outside'],
  ],
  parse: (typed) => {
    const file = typed.text('seal')
    return {
      org: typed.text('org'),
      from: day(typed.text('from'), '--from'),
      to: day(typed.text('to'), '--to'),
      seal: file === undefined ? undefined : readSeal(file),
    }
  },
  async run(context, { org, from, to, seal }) {
    const client = await context.client()
    const result = await client.admin.verifyAuditIntegrity(
      {
        organization_id: org,
        start_date: from,
        end_date: to,
        seal_number: seal?.number,
        seal_hash: seal?.hash,
      },
      { signal: context.io.signal },
    )
    const { first_bad: bad } = result
    if (!result.intact) context.exitCode = EXIT.failed
    context.record(result, [
      {
        key: 'intact',
        value: () => (result.intact ? 'yes' : 'NO'),
        paint: (text, _, style) => (result.intact ? style.green(text) : style.red(text)),
      },
      { key: 'checked_seals', value: () => String(result.checked_seals) },
      { key: 'checked_rows', value: () => String(result.checked_rows) },
      { key: 'first_bad', value: () => (bad === null ? null : `${bad.breach} at seal ${bad.seal_number}`) },
      { key: 'from', value: () => bad?.from ?? null },
      { key: 'to', value: () => bad?.to ?? null },
      { key: 'last_seal', value: () => (result.last_seal === null ? null : String(result.last_seal.number)) },
    ])
  },
})

function readSeal(file: string): { number: number; hash: string } {
  let kept: unknown
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`--seal: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof kept === 'object' && kept !== null && 'number' in kept && 'hash' in kept) {
    const { number, hash } = kept
    if (typeof number === 'number' && typeof hash === 'string') return { number, hash }
  }
  throw new UsageError(`--seal: ${file} is no seal; ward audit seal export makes one`)
}
