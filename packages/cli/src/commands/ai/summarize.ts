import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { readAll } from '../../prompts.ts'

interface Summarize {
  file: string | undefined
  max_words: number | undefined
  org: string | undefined
}

export const summarize = command<Summarize>({
  name: 'summarize [file]',
  summary: 'Summarize a clinical text',
  details:
    'Of a file, or of stdin without one or with -; at most 100,000 characters. It goes to the language model that the server was set up with and is kept nowhere on the server, but for a line in the audit trail that there was one. Read the text, too: a summary can be wrong. For PROVIDERs.',
  options: [{ flags: '--max-words <n>', text: 'how long it may be (200)', integer: [20, 1000] }, ORG],
  examples: [
    ['ward ai summarize visit.txt', 'a file'],
    ['pdftotext letter.pdf - | ward ai summarize --max-words 80', 'what another program writes'],
  ],
  parse: (typed) => ({
    file: typed.optionalArg(0),
    max_words: typed.number('maxWords'),
    org: typed.text('org'),
  }),
  async run(context, { file, max_words, org }) {
    if (file === undefined && context.interactive)
      throw new UsageError('Name a file, or pipe the text in: ward ai summarize visit.txt')
    const text = file === undefined || file === '-' ? await readAll(context) : await readText(file)
    if (text.trim() === '') throw new UsageError('The text is empty')
    const org_id = await context.organization(org)
    const client = await context.client()
    context.status('The model is reading …')
    const answer = await client.ai.summarize(
      { org_id, text, max_words },
      // The server gives the model up before; this is for a server that does not answer at all.
      { signal: context.io.signal, timeout: 330_000 },
    )
    if (context.format !== 'table')
      return context.record(answer, [{ key: 'summary', value: (one) => one.summary }])
    context.print(`${clean(answer.summary)}\n`)
    context.status(`By ${clean(answer.model)}. Read the text, too.`)
  },
})

const readText = async (file: string): Promise<string> => {
  const fs = await import('node:fs/promises')
  return await fs.readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read`)
  })
}
