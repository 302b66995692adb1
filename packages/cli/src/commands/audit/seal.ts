import { writeFileSync } from 'node:fs'
import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'

interface Options {
  org: string | undefined
  file: string | undefined
}

export const seal = command<Options>({
  name: 'seal <export>',
  summary: 'The newest seal, to be kept outside',
  details:
    'Checks the whole trail first. Kept where the database’s owner cannot reach, it shows later that nothing up to it was rewritten.',
  options: [
    { flags: '--org <id>', text: 'the organization you act in, when you belong to several' },
    { flags: '--file <path>', text: 'write there instead of to stdout; an existing file is left alone' },
  ],
  examples: [
    ['ward audit seal export --file seal-2026-03.json', 'once a month, to another place'],
    ['ward audit verify --seal seal-2026-03.json', 'later'],
  ],
  parse: (typed) => {
    if (typed.arg(0) !== 'export') throw new UsageError('Say: ward audit seal export')
    return { org: typed.text('org'), file: typed.text('file') }
  },
  async run(context, { org, file }) {
    const client = await context.client()
    const result = await client.admin.verifyAuditIntegrity(
      { organization_id: org },
      { signal: context.io.signal },
    )
    const { intact, first_bad, last_seal } = result
    if (!intact)
      throw new Error(
        `The trail is not intact (${first_bad?.breach} at seal ${first_bad?.seal_number}): see ward audit verify`,
      )
    if (last_seal === null) throw new Error('Nothing is sealed yet. Try again in a minute.')
    const text = `${JSON.stringify(last_seal)}\n`
    if (file === undefined) return context.print(text)
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
    context.status(`Seal ${last_seal.number}, ${file}`)
  },
})
