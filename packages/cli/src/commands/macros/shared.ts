import type { Client, components } from '@wardline/sdk'
import type { OptionSpec, Typed } from '../../command.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../exit.ts'
import { clean, type Style } from '../../output.ts'
import { choose } from '../../prompts.ts'
import { URGENCIES, type Urgency } from '../tickets/shared.ts'

type Macro = components['schemas']['Macro']
type Preview = components['schemas']['MacroPreview']

/** Where a macro may take a ticket. */
const TARGETS = ['IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED'] as const

/** A macro by its title, whatever the case, or its id. */
export const findMacro = async (context: Context, client: Client, typed: string): Promise<Macro> => {
  const wanted = typed.toLowerCase()
  for await (const macro of client.macros.list({ limit: 100 }, { signal: context.io.signal }))
    if (macro.id === wanted || macro.title.toLowerCase() === wanted) return macro
  throw Object.assign(new Error(`There is no macro "${typed}"`), { status: 404 })
}

/** What a macro would do; a note cannot be taken for a reply. */
export const renderPreview = (preview: Preview, style: Style): string => {
  const lines: string[] = []
  if (preview.body !== null) {
    lines.push(
      preview.is_internal_note
        ? style.inverse(style.yellow(' INTERNAL NOTE '))
        : style.green('PUBLIC REPLY the requester reads it'),
    )
    const margin = preview.is_internal_note ? style.yellow('┃') : ' '
    lines.push(
      ...clean(preview.body)
        .split('\n')
        .map((line) => `${margin} ${line}`),
    )
  }
  for (const { field, from, to } of preview.changes)
    lines.push(`${field}: ${clean(from ?? 'nothing')} → ${clean(to ?? 'nothing')}`)
  if (preview.refusal !== null) lines.push(style.red(`It would be refused: ${clean(preview.refusal)}`))
  return `${lines.join('\n') || 'Nothing would change.'}\n`
}

/** @throws UsageError without a terminal to ask on */
export const confirmed = async (context: Context, message: string): Promise<boolean> => {
  if (!context.interactive) throw new UsageError('--yes is required when there is no terminal to ask on')
  return (await choose(context, message, ['yes', 'no'])) === 'yes'
}

export const MACRO_OPTIONS: readonly OptionSpec[] = [
  { flags: '--body <text>', text: 'the text, with placeholders such as {{requester.first_name}}' },
  { flags: '--reply', text: 'the text is a PUBLIC reply' },
  { flags: '--note', text: 'the text is an INTERNAL note' },
  { flags: '--status <status>', text: 'set this status', choices: TARGETS },
  { flags: '--urgency <urgency>', text: 'set this urgency', choices: URGENCIES },
  { flags: '--add-tag <tag>', text: 'add this tag; may be given several times', repeated: true },
  { flags: '--remove-tag <tag>', text: 'take this tag away; may be given several times', repeated: true },
]

export interface MacroFields {
  body?: string
  is_internal_note?: boolean
  status?: (typeof TARGETS)[number]
  urgency?: Urgency
  add_tags?: string[]
  remove_tags?: string[]
}

/** What was said of a macro; what was not is left out. */
export const parseMacro = (typed: Typed): MacroFields => {
  const [reply, note] = [typed.flag('reply'), typed.flag('note')]
  if (reply && note) throw new UsageError('--reply and --note exclude each other')
  const body = typed.text('body')
  const status = typed.choice('status', TARGETS)
  const urgency = typed.choice('urgency', URGENCIES)
  const [add, remove] = [typed.texts('addTag'), typed.texts('removeTag')]
  return {
    ...(body === undefined ? {} : { body }),
    ...(reply || note ? { is_internal_note: note } : {}),
    ...(status === undefined ? {} : { status }),
    ...(urgency === undefined ? {} : { urgency }),
    ...(add.length === 0 ? {} : { add_tags: [...add] }),
    ...(remove.length === 0 ? {} : { remove_tags: [...remove] }),
  }
}
