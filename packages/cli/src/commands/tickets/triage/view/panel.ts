import { clean, type Style } from '../../../../output.ts'
import { differences } from '../differences.ts'
import { shown } from '../overlays.ts'
import type { Mode, State } from '../state.ts'
import { draftOf, type Writing } from '../write.ts'
import { flow, layOut, oneLine, width as widthOf, wrap } from './measure.ts'

/** What asks for something, under the conversation. */
export interface Panel {
  lines: string[]
  cursor: { row: number; column: number } | undefined
}

export const panel = (
  state: State,
  size: { width: number; height: number },
  style: Style,
): Panel | undefined => {
  const { mode } = state
  switch (mode.kind) {
    case 'browse':
    case 'page':
      return undefined
    case 'write':
      return writePanel(state, mode, size, style)
    case 'pick':
      return pickPanel(mode, size, style)
    case 'ask': {
      const prompt = '> '
      const { lines, row, column } = layOut(mode.edit, Math.max(8, size.width - widthOf(prompt)))
      const line = lines[row] ?? ''
      return {
        lines: [
          rule(style.bold(mode.title), '─', size.width, style.dim),
          `${style.bold(prompt)}${line}`,
          style.dim(mode.hint),
        ],
        cursor: { row: 1, column: widthOf(prompt) + column },
      }
    }
    case 'preview':
      return previewPanel(mode, size, style)
    case 'conflict':
      return conflictPanel(mode, size, style)
  }
}

const rule = (title: string, line: string, width: number, paint: (text: string) => string): string =>
  `${title} ${paint(line.repeat(Math.max(0, width - widthOf(title) - 1)))}`

/** Reply and note differ in label, colour, line, prompt and margin: any one of them is enough to tell. */
const look = (note: boolean, style: Style) =>
  note
    ? {
        label: style.inverse(style.yellow(' INTERNAL NOTE ')),
        line: '┄',
        paint: style.yellow,
        prompt: 'note',
        edge: '┃',
      }
    : {
        label: style.inverse(style.green(' PUBLIC REPLY ')),
        line: '━',
        paint: style.green,
        prompt: 'reply',
        edge: '>',
      }

const writePanel = (
  state: State,
  mode: Writing,
  { width, height }: { width: number; height: number },
  style: Style,
): Panel => {
  const { label, line, paint, prompt, edge } = look(mode.note, style)
  const name = oneLine(mode.seen.requester.display_name)
  const to = mode.note ? 'only the desk reads this' : `to ${name}, who reads this`
  const title = rule(`${label} ${paint(to)}`, line, width, paint)
  const below = mode.step === 'confirming' ? confirmLines(state, mode, width, style) : []
  const indent = prompt.length + 2
  const { lines, row, column } = layOut(draftOf(state, mode), Math.max(8, width - indent))
  const room = Math.max(1, height - 1 - below.length)
  const from = Math.max(0, Math.min(row - room + 1, lines.length - room))
  const text = lines.slice(from, from + room).map((one, at) => {
    const lead = from + at === 0 ? prompt : ' '.repeat(prompt.length)
    return `${paint(`${lead}${edge}`)} ${one}`
  })
  const cursor = mode.step === 'typing' ? { row: 1 + row - from, column: indent + column } : undefined
  return { lines: [title, ...text, ...below], cursor }
}

/** The line that stands between an agent and a mistake: to whom it goes, and what has changed since they began. */
const confirmLines = (state: State, { seen }: Writing, width: number, style: Style): string[] => {
  const { ticket } = state
  const changes = ticket?.id === seen.id ? differences(seen, ticket, state.me.id) : []
  const meanwhile = changes.length === 0 ? [] : wrap(`Meanwhile: ${changes.join(' · ')}`, width).slice(0, 3)
  const others = state.others
    .filter((one) => one.state === 'REPLYING')
    .map(({ agent }) => oneLine(agent.display_name))
  if (others.length > 0) meanwhile.push(`${others.join(', ')} is writing too.`)
  const ask = style.inverse(style.bold(style.green(` Send to ${oneLine(seen.requester.display_name)}? `)))
  const keys = flow(
    [`${ask} y yes`, 'w yes, and wait for them', 'd yes, and resolve', 'else write on'],
    width,
  )
  return [...meanwhile.map(style.yellow), ...keys]
}

const pickPanel = (
  mode: Extract<Mode, { kind: 'pick' }>,
  { width, height }: { width: number; height: number },
  style: Style,
): Panel => {
  const choices = shown(mode)
  const room = Math.max(1, height - 2)
  const from = Math.max(0, Math.min(mode.at - room + 1, choices.length - room))
  const lines = choices
    .slice(from, from + room)
    .map(({ label }, at) => (from + at === mode.at ? style.inverse(`▶ ${label} `) : `  ${label}`))
  const typed = mode.typed === '' ? style.dim('type to narrow') : oneLine(mode.typed)
  return {
    lines: [
      rule(style.bold(mode.title), '─', width, style.dim),
      ...(lines.length === 0 ? ['  nothing fits'] : lines),
      `${style.dim('/')} ${typed}`,
    ],
    cursor: {
      row: Math.min(room, Math.max(1, lines.length)) + 1,
      column: 2 + (mode.typed === '' ? 0 : widthOf(oneLine(mode.typed))),
    },
  }
}

const previewPanel = (
  { macro, preview }: Extract<Mode, { kind: 'preview' }>,
  { width, height }: { width: number; height: number },
  style: Style,
): Panel => {
  const { label, line, paint, edge } = look(preview.is_internal_note, style)
  const title = rule(
    `${preview.body === null ? style.bold('CHANGES ONLY') : label} ${style.bold(oneLine(macro.title))}`,
    line,
    width,
    paint,
  )
  const body =
    preview.body === null ? [] : wrap(preview.body, width - 2).map((one) => `${paint(edge)} ${one}`)
  const edit = preview.body === null ? [] : ['e edit the text first']
  const changes = preview.changes.map(
    ({ field, from, to }) => `${field}: ${clean(from ?? 'none')} → ${clean(to ?? 'none')}`,
  )
  const below = [
    ...(changes.length === 0 ? [] : wrap(`and ${changes.join(' · ')}`, width)),
    ...(preview.refusal === null
      ? flow([`${style.inverse(style.bold(' Use it? '))} y yes`, ...edit, 'else no'], width)
      : flow([style.red(`Refused: ${oneLine(preview.refusal)}`), ...edit, 'else leave it'], width)),
  ]
  const room = Math.max(1, height - 1 - below.length)
  const shownBody =
    body.length > room
      ? [...body.slice(0, room - 1), style.dim(`… ${body.length - room + 1} more lines`)]
      : body
  return { lines: [title, ...shownBody, ...below], cursor: undefined }
}

const conflictPanel = (
  { what, changes, retry }: Extract<Mode, { kind: 'conflict' }>,
  { width, height }: { width: number; height: number },
  style: Style,
): Panel => {
  const title = rule(style.inverse(style.yellow(' CHANGED MEANWHILE ')), '─', width, style.yellow)
  const told = changes.flatMap(({ changed_by, field, from, to }) =>
    wrap(`${changed_by ?? 'the system'} changed ${field}: ${from ?? 'none'} → ${to ?? 'none'}`, width),
  )
  if (told.length === 0) told.push(`The ticket is at version ${retry.version} now; its head above is fresh.`)
  const ask = flow(
    [`${style.inverse(style.bold(' Do it all the same? '))} ${clean(what)}`, 'y yes', 'else no'],
    width,
  )
  return {
    lines: [title, ...told.slice(0, Math.max(1, height - 3)), ...ask],
    cursor: undefined,
  }
}
