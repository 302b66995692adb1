import type { Style } from '../../../../output.ts'
import { ACTIONS } from '../browse.ts'
import type { State, Told } from '../state.ts'
import { VIEWS } from '../views.ts'
import { conversationLines, requesterLines } from './conversation.ts'
import { type Frame, type Region, region } from './frame.ts'
import { fit, oneLine, spread, width as widthOf } from './measure.ts'
import { pageLines } from './page.ts'
import { panel } from './panel.ts'
import { queueLines } from './queue.ts'

/** A terminal that is narrower has the queue above the conversation; a wide one shows the requester beside it. */
const SIDE_BY_SIDE = 80
const THREE_PANES = 116
const LEAST = { columns: 40, rows: 10 }

/** The screen of a state. Nothing else decides what is seen. */
export const view = (state: State, style: Style): Frame => {
  const { columns, rows } = state
  if (columns < LEAST.columns || rows < LEAST.rows) {
    const text = [`Too small: ${columns}×${rows}.`, 'Nothing is lost.']
    return { regions: [region({ row: 0, column: 0, width: columns, height: rows }, text)], cursor: undefined }
  }
  const body = columns >= SIDE_BY_SIDE ? beside(state, style) : stacked(state, style)
  const bar = (row: number, text: string) => region({ row, column: 0, width: columns, height: 1 }, [text])
  return {
    regions: [
      bar(0, header(state, style)),
      ...body.regions,
      bar(rows - 2, status(state, style)),
      bar(rows - 1, keys(state, style)),
    ],
    cursor: body.cursor,
  }
}

const beside = (state: State, style: Style): Frame => {
  const height = state.rows - 3
  const queueWidth = state.columns >= THREE_PANES ? 34 : 29
  // A page needs the room.
  const side = state.columns >= THREE_PANES && state.mode.kind !== 'page' ? 29 : 0
  const column = queueWidth + 3
  const width = state.columns - column - (side === 0 ? 0 : side + 3)
  const queue = queueLines(state, { width: queueWidth, height, tall: true }, style)
  const main = mainFrame(state, { row: 1, column, width, height, beside: side > 0 }, style)
  const line = (at: number) =>
    region(
      { row: 1, column: at, width: 3, height },
      Array.from({ length: height }, () => style.dim(' │ ')),
    )
  const regions = [
    region({ row: 1, column: 0, width: queueWidth, height }, queue),
    line(queueWidth),
    ...main.regions,
  ]
  if (side > 0) {
    const at = column + width
    regions.push(
      line(at),
      region({ row: 1, column: at + 3, width: side, height }, requesterLines(state, side, style)),
    )
  }
  return { regions, cursor: main.cursor }
}

const stacked = (state: State, style: Style): Frame => {
  const height = state.rows - 3
  const { mode } = state
  // A short screen belongs to who is writing.
  const hidden = height < 18 && mode.kind !== 'browse'
  const queueHeight = hidden ? 0 : Math.max(2, Math.min(8, Math.floor(height / 4)))
  const width = state.columns
  const queue = queueLines(state, { width, height: queueHeight, tall: false }, style)
  const rule = region({ row: 1 + queueHeight, column: 0, width, height: 1 }, [style.dim('─'.repeat(width))])
  const above = hidden ? [] : [region({ row: 1, column: 0, width, height: queueHeight }, queue), rule]
  const taken = hidden ? 0 : queueHeight + 1
  const main = mainFrame(
    state,
    { row: 1 + taken, column: 0, width, height: height - taken, beside: false },
    style,
  )
  return { regions: [...above, ...main.regions], cursor: main.cursor }
}

const mainFrame = (
  state: State,
  { beside: side, ...place }: { row: number; column: number; width: number; height: number; beside: boolean },
  style: Style,
): Frame => {
  const { mode } = state
  const { row, column, width, height } = place
  if (mode.kind === 'page')
    return { regions: [region(place, pageLines(mode, place, style))], cursor: undefined }
  // The head of the ticket stays in sight, whatever is asked.
  const asked = panel(state, { width, height: Math.max(4, Math.floor(height * 0.6)) }, style)
  const below = Math.min(asked?.lines.length ?? 0, height)
  const above = height - below
  const regions: Region[] = []
  if (above > 0) {
    const talk = conversationLines(state, { width, height: above, beside: side }, style)
    regions.push(region({ ...place, height: above }, talk))
  }
  if (asked === undefined) return { regions, cursor: undefined }
  regions.push(region({ row: row + above, column, width, height: below }, asked.lines))
  const { cursor } = asked
  return {
    regions,
    cursor:
      cursor === undefined ? undefined : { row: row + above + cursor.row, column: column + cursor.column },
  }
}

const header = (state: State, style: Style): string => {
  const { counts, filter, columns, queue, more } = state
  const views = VIEWS.map((one) => {
    const text = counts === undefined ? one : `${one} ${counts[one]}`
    if (one === filter.view) return style.bold(`[${text}]`)
    return one === 'breaching' && counts !== undefined && counts.breaching > 0
      ? style.red(text)
      : style.dim(text)
  })
  const facts = [
    ...(filter.search === '' ? [] : [`“${oneLine(filter.search)}”`]),
    ...(filter.urgency === undefined ? [] : [filter.urgency]),
    ...(filter.waiting ? ['waiting for their owner'] : []),
  ]
  const here = `${queue.length}${more ? '+' : ''} shown${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`
  const right = connection(state, style)
  const full = `${views.join('  ')}  ${style.dim('·')} ${here}`
  const short = `${style.bold(`[${filter.view}${counts === undefined ? '' : ` ${counts[filter.view]}`}]`)} ${here}`
  return spread(widthOf(full) + widthOf(right) < columns ? full : short, right, columns)
}

/** The words differ, so that the colour may be missing. */
const connection = ({ connection: now }: State, style: Style): string => {
  switch (now.state) {
    case 'connecting':
      return style.dim('○ connecting')
    case 'connected':
      return style.green('● connected')
    case 'caught-up':
      return style.green(`● caught up, ${now.count} ${now.count === 1 ? 'event' : 'events'}`)
    case 'reconnecting':
      return style.yellow('○ reconnecting')
    case 'ended':
      return style.red('✕ no live events')
  }
}

const TONES: Readonly<Record<Told['tone'], keyof Style>> = {
  good: 'green',
  plain: 'dim',
  warning: 'yellow',
  bad: 'red',
}
/** For those who see no colours, and for those who do. */
const SIGNS: Readonly<Record<Told['tone'], string>> = { good: '✓ ', plain: '', warning: '! ', bad: '✕ ' }

const status = ({ told, trouble, connection: now, columns }: State, style: Style): string => {
  if (trouble !== undefined) return style.inverse(style.yellow(fit(` ${oneLine(trouble)}`, columns)))
  if (told !== undefined)
    return style[TONES[told.tone]](fit(`${SIGNS[told.tone]}${oneLine(told.text)}`, columns))
  if (now.state === 'reconnecting' || now.state === 'ended')
    return style.yellow(fit(oneLine(now.reason), columns))
  return ''
}

const keys = (state: State, style: Style): string => {
  const { mode, columns } = state
  if (mode.kind === 'browse') return bottomLine(columns, style)
  if (mode.kind === 'write') {
    if (mode.step === 'sending') return style.dim('Esc stops trying; the text is kept')
    if (mode.step === 'confirming') return ''
    const enter = mode.note ? 'Enter leave the note' : 'Enter send (asks first)'
    return style.dim(`${enter} · Ctrl-J new line · Ctrl-O $EDITOR · Esc keep for later`)
  }
  if (mode.kind === 'pick') return style.dim('↑ ↓ choose · Enter take · Esc leave')
  if (mode.kind === 'ask') return style.dim('Enter take · Esc leave')
  return ''
}

/** As many keys as fit, help and quit always. */
const bottomLine = (columns: number, style: Style): string => {
  const name = ({ keys: [first = ''], label }: (typeof ACTIONS)[number]) =>
    `${style.bold(first === 'escape' ? 'Esc' : first)} ${style.dim(label)}`
  const last = ACTIONS.filter(({ label }) => label === 'help' || label === 'quit')
    .map(name)
    .join('  ')
  let line = ''
  for (const action of ACTIONS.filter(
    ({ label }) => !['help', 'quit', 'stop', 'up', 'down'].includes(label),
  )) {
    const longer = `${line}${name(action)}  `
    if (widthOf(longer) + widthOf(last) > columns) break
    line = longer
  }
  return `${line}${last}`
}
