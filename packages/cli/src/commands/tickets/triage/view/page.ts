import { clean, localTime, type Style } from '../../../../output.ts'
import { ACTIONS } from '../browse.ts'
import type { Entry, Mode } from '../state.ts'
import { fit, oneLine, wrapPainted } from './measure.ts'

/** A page over the conversation: the keys, or the timeline. */
export const pageLines = (
  mode: Extract<Mode, { kind: 'page' }>,
  { width, height }: { width: number; height: number },
  style: Style,
): string[] => {
  const all = mode.page === 'help' ? helpLines(width, style) : timelineLines(mode.entries, width, style)
  const room = Math.max(1, height - 2)
  const from = Math.min(mode.scroll, Math.max(0, all.length - room))
  const left = all.length - from - room
  const foot = left > 0 ? `↓ ${left} more (Space) · any other key closes` : 'any other key closes'
  const shown = Array.from({ length: room }, (_, at) => all[from + at] ?? '')
  return [style.bold(mode.title), ...shown, style.dim(foot)]
}

const helpLines = (width: number, style: Style): string[] => [
  ...ACTIONS.flatMap(({ key, label, about }) =>
    wrapPainted(`${style.bold(fit(key, 11))}${fit(label, 10)} ${style.dim(about)}`, width),
  ),
  '',
  style.bold('While writing'),
  ...[
    ['Enter', 'a note: leaves it. A public reply: asks first, then y sends'],
    ['Ctrl-J', 'a new line (Alt-Enter too)'],
    ['Ctrl-O', 'writes on in $VISUAL or $EDITOR'],
    ['Esc', 'keeps the text and leaves it for now'],
    ['Ctrl-C', 'ends ward; texts that were not sent are kept'],
  ].flatMap(([key = '', about = '']) => wrapPainted(`${style.bold(fit(key, 11))}${about}`, width)),
]

const timelineLines = (entries: readonly Entry[], width: number, style: Style): string[] =>
  entries.flatMap((entry) => wrapPainted(`${style.dim(localTime(entry.at))} ${sentence(entry)}`, width))

const sentence = ({ type, actor, changes, macro, other_ticket, clock }: Entry): string => {
  const who = actor === null ? 'the system' : oneLine(actor.display_name)
  const with_ = macro === null ? '' : ` with the macro “${oneLine(macro.title)}”`
  const other = other_ticket?.ticket_number ?? 'another ticket'
  const changed = changes
    .map(({ field, from, to }) => `${field} ${clean(from ?? 'none')} → ${clean(to ?? 'none')}`)
    .join(', ')
  const texts: Record<Entry['type'], string> = {
    CREATED: `${who} opened it`,
    MESSAGE: `${who} wrote`,
    REPLY: `${who} sent a PUBLIC REPLY${with_}`,
    NOTE: `${who} left an INTERNAL NOTE${with_}`,
    CHANGED: `${who} changed ${changed}${with_}`,
    MERGED: `${who} merged it into ${other}`,
    MERGED_IN: `${who} merged ${other} into it`,
    UNMERGED: `${who} took the merge into ${other} back`,
    UNMERGED_OUT: `${who} took the merge of ${other} back`,
    OVERDUE: `the ${clock === 'RESOLUTION' ? 'resolution' : 'first response'} is late`,
  }
  const more = type !== 'CHANGED' && changed !== '' ? ` (${changed})` : ''
  return `${texts[type]}${more}`
}
