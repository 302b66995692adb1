import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { confirmed, findMacro, MACRO_OPTIONS, type MacroFields, parseMacro } from './shared.ts'

const PLACEHOLDERS =
  'Placeholders: {{requester.name}}, {{requester.first_name}}, {{ticket.number}}, {{ticket.subject}}, {{ticket.status}}, {{ticket.urgency}}, {{ticket.category}}, {{agent.name}}, {{agent.first_name}}, {{organization.name}}.'

export const create = command<{ title: string; fields: MacroFields }>({
  name: 'create <title>',
  summary: 'Make a canned answer',
  details: `A text must be said to be a --reply or a --note. ${PLACEHOLDERS}`,
  options: MACRO_OPTIONS,
  examples: [
    [
      'ward macros create "Ask for the browser" --reply --body "Hello {{requester.first_name}}, which browser?" --status WAITING_ON_USER',
      'a reply',
    ],
    ['ward macros create Escalate --note --body "Seen by tier 2." --urgency HIGH --add-tag tier-2', 'a note'],
  ],
  parse: (typed) => {
    const fields = parseMacro(typed)
    if (fields.body !== undefined && fields.is_internal_note === undefined)
      throw new UsageError('Say whether the text is a --reply or a --note')
    return { title: typed.arg(0), fields }
  },
  async run(context, { title, fields }) {
    const client = await context.client()
    const made = await client.macros.create({ title, ...fields }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(made, [])
    context.status(`The macro "${made.title}" is there.`)
  },
})

export const edit = command<{ macro: string; title: string | undefined; fields: MacroFields }>({
  name: 'edit <macro>',
  summary: 'Change a canned answer',
  details: `By title or id; what is left out stays. Tags given replace those of their kind. ${PLACEHOLDERS}`,
  options: [{ flags: '--title <title>', text: 'a new title' }, ...MACRO_OPTIONS],
  examples: [['ward macros edit Escalate --urgency URGENT', 'more of it']],
  parse: (typed) => {
    const [title, fields] = [typed.text('title'), parseMacro(typed)]
    if (title === undefined && Object.keys(fields).length === 0)
      throw new UsageError('Say what to change, for example --body')
    return { macro: typed.arg(0), title, fields }
  },
  async run(context, { macro, title, fields }) {
    const client = await context.client()
    const found = await findMacro(context, client, macro)
    const changed = await client.macros.update(
      { macro_id: found.id, if_match: found.version, ...(title === undefined ? {} : { title }), ...fields },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(changed, [])
    context.status(`The macro "${changed.title}" is changed; version ${changed.version}.`)
  },
})

export const remove = command<{ macro: string; yes: boolean }>({
  name: 'delete <macro>',
  summary: 'Delete a canned answer',
  details: 'By title or id. What it wrote stays.',
  options: [{ flags: '-y, --yes', text: 'do not ask' }],
  examples: [['ward macros delete Escalate --yes', 'gone']],
  parse: (typed) => ({ macro: typed.arg(0), yes: typed.flag('yes') }),
  async run(context, { macro, yes }) {
    const client = await context.client()
    const found = await findMacro(context, client, macro)
    if (!yes && !(await confirmed(context, `Delete the macro "${found.title}"?`)))
      return context.status('Nothing was done.')
    await client.macros.delete({ macro_id: found.id }, { signal: context.io.signal })
    context.status(`The macro "${found.title}" is gone.`)
  },
})
