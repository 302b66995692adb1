import { command } from '../../command.ts'

const FORMATS = ['json', 'pdf'] as const

interface Options {
  format: (typeof FORMATS)[number]
  documents: boolean
}

export const request = command<Options>({
  name: 'request',
  summary: 'Ask for your own data; the server builds a ZIP',
  details:
    'Prints the id of the export. A notification tells when it is there; it is kept for 7 days. One at a time.',
  options: [
    {
      flags: '--format <format>',
      text: 'json for programs (the default), pdf for reading',
      choices: FORMATS,
    },
    { flags: '--documents', text: 'with the files of your documents' },
  ],
  examples: [
    ['ward export request', 'then: ward export download <id>'],
    ['ward export request --format pdf --documents', 'to read it, with every file'],
  ],
  parse: (typed) => ({
    format: typed.choice('format', FORMATS) ?? 'json',
    documents: typed.flag('documents'),
  }),
  async run(context, { format, documents }) {
    const client = await context.client()
    const made = await client.users.requestExport(
      { format, include_documents: documents },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.id}\n`)
    context.status(`It is being built. Get it with: ward export download ${made.id}`)
  },
})
